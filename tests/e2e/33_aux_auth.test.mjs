// Who may speak for players: what auxiliary clients have to know, and how the operator sees and shuts those that know
// nothing.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { Client, connect, urlOf } from '../support/client.mjs';
import { metrics } from '../support/http.mjs';
import { groupCode, observer, rosterEntry, viewer } from '../support/match.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const key = 'a key of the tournament';
const keyed = { keyless: false, env: { AUTH_KEY: key } };

// A match with a viewer, and a way to log an auxiliary client on that sends `more` besides what unmodified ones send.
async function match(t, server, matchId = randomUUID()) {
  const code = groupCode();
  const sender = await observer(t, server, code, { logon: { key } });
  sender.send('roster', rosterEntry(0, 1));
  sender.send('match_start', matchId);
  const overlay = await viewer(t, server, code);
  await overlay.state((state) => state.matchId === matchId && state.teams[0].players.length === 1);
  return { code, matchId, overlay, sender, secret: sender.secret };
}

const logon = (matchId, more = {}) => (
  { type: 'aux_authenticate', clientVersion: '0.3.20', name: 'Aux', matchId, playerId: 'player-0-1', ...more });

async function auxiliary(t, server, matchId, more) {
  const client = await connect(t, server, 'ingest');
  client.emit('aux_logon', logon(matchId, more));
  client.answer = await client.next('aux_logon_ack');
  client.tell = (health) => client.emit('aux_data', { playerId: 'player-0-1', matchId, type: 'aux_health', data: health });
  return client;
}

const hasHealth = (health) => (state) => state.teams[0].players[0].health === health;

test('unmodified auxiliary clients are let in where observers need a key, and the operator sees them', async (t) => {
  const server = await startServer({ t, ...keyed });
  const { matchId, overlay } = await match(t, server);
  const client = await auxiliary(t, server, matchId);
  assert.deepEqual(client.answer, { type: 'aux_authenticate', value: true });
  client.tell(42);
  await overlay.state(hasHealth(42));
  await server.said(/auxiliary clients need no key.*--aux-auth/);
  await server.said(/auxiliary client 'Aux' logged on to match '.*' from 127\.0\.0\.1/);
  const figures = await metrics(server);
  assert.equal(figures.get('matchbus_senders{kind="auxiliary"}'), 1);
  assert.equal(figures.get('matchbus_senders{kind="observer"}'), 1);
});

test('with --aux-auth key an auxiliary client needs the key of the observers', async (t) => {
  const server = await startServer({ t, ...keyed, set: { '--aux-auth': 'key' } });
  const { matchId, overlay } = await match(t, server);
  for (const more of [{}, { key: 'a key of nobody at all' }]) {
    const refused = await auxiliary(t, server, matchId, more);
    assert.deepEqual(refused.answer, { type: 'authenticate', value: false, reason: 'Invalid Key' });
    await refused.disconnected();
  }
  const client = await auxiliary(t, server, matchId, { key });
  assert.equal(client.answer.value, true);
  client.tell(41);
  await overlay.state(hasHealth(41));
});

test('with --aux-auth key nobody needs one where observers need none', async (t) => {
  const server = await startServer({ t, set: { '--aux-auth': 'key' } });
  const { matchId } = await match(t, server);
  assert.equal((await auxiliary(t, server, matchId)).answer.value, true);
});

test('with --aux-auth secret an auxiliary client writes to the match of its secret, whatever id it has', async (t) => {
  const server = await startServer({ t, ...keyed, set: { '--aux-auth': 'secret' } });
  const mine = await match(t, server);
  const theirs = await match(t, server, mine.matchId);
  for (const more of [{}, { key }, { groupSecret: 'ABCDEFGHIJKL' }]) {
    const refused = await auxiliary(t, server, mine.matchId, more);
    assert.equal(refused.answer.value, false);
    await refused.disconnected();
  }
  const client = await auxiliary(t, server, mine.matchId, { groupSecret: mine.secret });
  assert.equal(client.answer.value, true);
  client.tell(40);
  await mine.overlay.state(hasHealth(40));
  // What was sent to the other match since is there, and nothing of this one.
  theirs.sender.send('map', 'Jam');
  const last = await theirs.overlay.state((state) => state.map === 'Lotus');
  assert.equal(last.teams[0].players[0].health, 100);
});

// An intruder whom the open door let in is shut out by a restart: neither its session nor what its offset says comes
// back, while the observer's does.
test('a restart with another --aux-auth shuts out whom the weaker rule let in', async (t) => {
  const first = await startServer({ ...keyed });
  const { matchId, code } = await match(t, first);
  assert.equal((await auxiliary(t, first, matchId)).answer.value, true);
  first.signal('SIGKILL');
  await first.ended;
  const second = await startServer({ t, ...keyed, dataDir: first.dataDir, set: { '--aux-auth': 'key' } });
  const intruder = new Client(urlOf(second, 'ingest'), {
    transport: 'websocket',
    auth: { pid: 'an earlier one', offset: `1.auxiliary\n${matchId}\nplayer-0-1` },
  });
  t.after(() => intruder.close());
  await intruder.connected();
  intruder.emit('aux_data', { playerId: 'player-0-1', matchId, type: 'aux_health', data: 1 });
  const said = await intruder.next('aux_logon_ack');
  assert.equal(said.value, false);
  const overlay = await viewer(t, second, code);
  assert.equal((await overlay.state()).teams[0].players[0].health, 100);
  assert.equal((await metrics(second)).get('matchbus_senders{kind="auxiliary"}'), 0);
  await until(() => intruder.disconnects.length > 0, 'the intruder to be disconnected');
});
