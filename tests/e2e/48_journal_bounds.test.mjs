// What senders may put into journals: what the server knows of, at a bounded rate, up to a bound for each match.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { connect } from '../support/client.mjs';
import { canonical } from '../support/diff.mjs';
import { metrics } from '../support/http.mjs';
import { journalDirectory, journalFiles, readJournal } from '../support/journal.mjs';
import { groupCode, leftTeam, observer, rosterEntry, viewer } from '../support/match.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const spam = 'x'.repeat(100_000);
const sizeOf = (server, code) => statSync(join(journalDirectory(server),
  journalFiles(server, '.replay').find((name) => name.startsWith(`Match_${code}_`)))).size;

// What a team or a toast has besides is shown, so it has to survive.
test('large events are recorded as what is known of them, and the match comes back as it was shown', async (t) => {
  const server = await startServer();
  t.after(() => server.stop('SIGKILL'));
  const code = groupCode();
  const sender = await observer(t, server, code, { logon: { leftTeam: { ...leftTeam, country: 'fr', seeds: [1, 2] } } });
  const overlay = await viewer(t, server, code);
  sender.send('roster', { ...rosterEntry(0, 1), spam });
  sender.send('toast', { title: 'Break', colour: 'red', duration: null, active: false });
  for (let i = 0; i < 20; ++i) sender.send('spike_defused', { spam });
  sender.send('map', 'Jam');
  const shown = await overlay.state((state) => state.map === 'Lotus');
  assert.equal(shown.teams[0].country, 'fr');
  assert.equal(shown.toastInfo.colour, 'red');
  assert.equal(shown.teams[0].players[0].name, 'Lefty 1');
  assert.ok(sizeOf(server, code) < 20_000, `${sizeOf(server, code)} bytes of 2 MB`);
  const [, roster] = readJournal(server, code);
  assert.deepEqual(roster.data, rosterEntry(0, 1));
  assert.equal((await metrics(server)).get('matchbus_events_reduced_total'), 21);

  await server.stop('SIGKILL');
  const second = await startServer({ t, dataDir: server.dataDir });
  const again = await viewer(t, second, code);
  assert.equal(canonical(await again.state()), canonical(shown));
});

test('a sender that sends too much loses events, and neither its session nor its match', async (t) => {
  const server = await startServer({ t, set: { '--max-sender-rate': '10000' } });
  const code = groupCode();
  const sender = await observer(t, server, code);
  const other = await observer(t, server, groupCode());
  for (let i = 0; i < 40; ++i) sender.send('spike_defused', spam.slice(0, 50_000));
  const figure = async (name) => (await metrics(server)).get(name);
  await until(async () => (await figure('matchbus_events_total{result="too_fast"}')) >= 28, 'the events to be dropped');
  await server.said(/dropped an event of a sender that sends more than --max-sender-rate/);
  other.send('map', 'Jam');
  await until(async () => (await figure('matchbus_events_total{result="applied"}')) >= 12, "the other sender's event");
  // As soon as it has saved up for one that is small.
  const overlay = await viewer(t, server, code);
  await until(() => {
    sender.send('map', 'Jam');
    return overlay.all('match_data').some((state) => state.map === 'Lotus');
  }, 'an event to be taken');
  assert.deepEqual(sender.disconnects, []);
  assert.equal(server.output.match(/dropped an event/g).length < 10, true);
});

test('a match whose journal is full goes on, and auxiliary clients cannot fill it', async (t) => {
  const server = await startServer({ t, set: { '--journal-match-bytes': '60000' } });
  const code = groupCode();
  const matchId = randomUUID();
  const sender = await observer(t, server, code);
  sender.send('match_start', matchId);
  sender.send('roster', rosterEntry(0, 1));
  const overlay = await viewer(t, server, code);
  await overlay.state((state) => state.teams[0].players.length === 1);
  const auxiliary = await connect(t, server, 'ingest');
  auxiliary.emit('aux_logon', {
    type: 'aux_authenticate', clientVersion: '0.3.20', name: 'Aux', matchId, playerId: 'player-0-1' });
  await auxiliary.next('aux_logon_ack');
  for (let i = 0; i < 500; ++i)
    auxiliary.emit('aux_data', { playerId: 'player-0-1', matchId, type: 'aux_health', data: i % 100 });
  const figure = async (name) => (await metrics(server)).get(name);
  await until(
    async () => (await figure('matchbus_events_refused_total{type="aux_health",reason="no room in the journal"}')) > 100,
    'auxiliary events to be refused',
  );
  sender.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
  assert.equal(await figure('matchbus_journal_too_large_total'), 0);
  for (let i = 1; i <= 200; ++i) sender.send('score', { team_0: i, team_1: 0 });
  await overlay.state((state) => state.teams[0].roundsWon === 200);
  assert.equal(await figure('matchbus_journal_too_large_total'), 1);
  assert.equal(await figure('matchbus_journal_degraded'), 1);
  assert.ok(sizeOf(server, code) <= 60_000);
  await server.said(new RegExp(`gave up the journal of group '${code}', which is larger than`));
});
