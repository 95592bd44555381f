// With --hide-ids nobody who watches learns the ids of players, while senders go on using them.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';

import { busEnv, player as busPlayer } from '../support/bus.mjs';
import { connect } from '../support/client.mjs';
import { follower } from '../support/diff.mjs';
import { getJson, request } from '../support/http.mjs';
import { groupCode, leftTeam, observer, rightTeam, rosterEntry, viewer } from '../support/match.mjs';
import { startServer, stopServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const server = await startServer({ args: ['--hide-ids'], env: busEnv });
after(() => stopServer(server));

test('ids of players are in no state, patch, preview or message of the bus', async (t) => {
  const code = groupCode();
  const matchId = randomUUID();
  const sender = await observer(t, server, code);
  const whole = await viewer(t, server, code);
  const patches = await follower(t, server, code);
  const listener = await busPlayer(t, server, { sub: 'ann', username: 'Ann', sector_id: 's' });
  listener.send({ type: 'subscribe', topics: [`match:${code}`] });
  sender.send('match_start', matchId);
  for (let number = 1; number <= 3; ++number) sender.send('roster', rosterEntry(number % 2, number));
  // Whoever sends names players by their ids all the same.
  const auxiliary = await connect(t, server, 'ingest');
  await whole.state((state) => state.teams[1].players.length === 2);
  auxiliary.emit('aux_logon', {
    type: 'aux_authenticate', clientVersion: '0.3.20', name: 'Aux', matchId, playerId: 'player-1-1' });
  await auxiliary.next('aux_logon_ack');
  auxiliary.emit('aux_data', { playerId: 'player-1-1', matchId, type: 'aux_health', data: 44 });
  const state = await whole.state((it) => it.teams[1].players[0]?.health === 44);
  assert.equal(state.teams[1].players[0].name, 'Righty 1');
  assert.equal('riotId' in state.teams[1].players[0], false);
  await until(() => patches.states.some((text) => text.includes('"health":44')), 'the patch');
  await until(() => JSON.stringify(listener.messages).includes('44'), 'the message of the bus');
  assert.deepEqual(patches.problems, []);

  const put = await request(server, 'extras', '/createPreview', {
    method: 'PUT',
    body: JSON.stringify({ type: 'createPreview', clientVersion: '0.3.20', key: 'any', leftTeam, rightTeam, toolsData: {} }),
  });
  const preview = await getJson(server, 'extras', `/preview/${JSON.parse(put.body).previewCode}`);
  for (const [what, told] of Object.entries({
    whole: whole.events, patches: patches.events, bus: listener.messages, preview: [preview] })) {
    assert.ok(told.length > 0, what);
    assert.doesNotMatch(JSON.stringify(told), /riotId|player-\d-\d/, what);
  }
});
