// Operators see what was refused or passed over of what senders sent: in /metrics by type, in the log in words.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { metrics } from '../support/http.mjs';
import { groupCode, observer, rosterEntry, scoreboardEntry, viewer } from '../support/match.mjs';
import { startServer, stopServer } from '../support/server.mjs';

const server = await startServer();
after(() => stopServer(server));

test('refused events and ignored fields are counted by type and told in one line', async (t) => {
  const code = groupCode();
  const sender = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  for (let number = 1; number <= 3; ++number) sender.send('roster', rosterEntry(0, number, { startTeam: 'left' }));
  sender.send('roster', rosterEntry(0, 1));
  for (let i = 0; i < 4; ++i) sender.send('scoreboard', scoreboardEntry(0, 1, { kills: 'four', initialArmor: undefined }));
  sender.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
  const figures = await metrics(server);
  assert.equal(figures.get('matchbus_events_refused_total{type="roster",reason="startTeam"}'), 3);
  assert.equal(figures.get('matchbus_fields_ignored_total{type="scoreboard",field="kills"}'), 4);
  assert.equal(figures.get('matchbus_fields_ignored_total{type="scoreboard",field="initialArmor"}'), 4);
  const [line] = await server.said(/observer '[^']*' of group '[^']*': .*/);
  assert.ok(line.includes(`of group '${code}': 3 roster events refused: startTeam is a text; `), line);
  assert.ok(line.includes('kills is a text in 4 scoreboard events'), line);
  assert.ok(line.includes('initialArmor is missing in 4 scoreboard events'), line);
});
