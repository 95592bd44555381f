// Auxiliary clients whose match or whose socket becomes another one.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';

import { Client, connect } from '../support/client.mjs';
import { metrics } from '../support/http.mjs';
import { groupCode, observer, rosterEntry, viewer } from '../support/match.mjs';
import { proxy } from '../support/proxy.mjs';
import { startServer, stopServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const server = await startServer();
after(() => stopServer(server));

function logon(matchId) {
  return { type: 'aux_authenticate', clientVersion: '0.3.20', name: 'Aux', matchId, playerId: 'player-0-1' };
}

async function auxiliary(t, matchId) {
  const client = await connect(t, server, 'ingest');
  client.emit('aux_logon', logon(matchId));
  assert.equal((await client.next('aux_logon_ack')).value, true);
  client.send = (type, data, id = matchId) => client.emit('aux_data', { playerId: 'player-0-1', matchId: id, type, data });
  return client;
}

// A client behind a relay that comes back by itself.
async function behind(t, relay) {
  const client = new Client(`http://127.0.0.1:${relay.port}`, {
    transport: 'websocket', reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 50,
  });
  t.after(() => client.close());
  return client;
}

// An auxiliary client that logs on with every connection, as third-party ones do.
test('an auxiliary client is answered again, with the session it has', async (t) => {
  const { matchId, overlay, player } = await startMatch(t);
  const relay = await proxy(t, server.ports.ingest);
  const client = await behind(t, relay);
  client.socket.on('connect', () => client.emit('aux_logon', logon(matchId)));
  await client.next('aux_logon_ack');
  relay.cut();
  await until(() => client.all('aux_logon_ack').length === 2, 'the second answer');
  assert.equal(client.socket.recovered, true);
  client.emit('aux_logon', logon(matchId));
  await until(() => client.all('aux_logon_ack').length === 3, 'the third answer');
  for (const answer of client.all('aux_logon_ack')) assert.deepEqual(answer, { type: 'aux_authenticate', value: true });
  client.emit('aux_data', { playerId: 'player-0-1', matchId, type: 'aux_health', data: 55 });
  await overlay.state((state) => player(state)?.health === 55);
});

test('an auxiliary client whose connection is lost is shown as gone, and as there when it is back', async (t) => {
  const { matchId, overlay, player } = await startMatch(t);
  const relay = await proxy(t, server.ports.ingest);
  const client = await behind(t, relay);
  client.emit('aux_logon', logon(matchId));
  await client.next('aux_logon_ack');
  const say = (type, data) => client.emit('aux_data', { playerId: 'player-0-1', matchId, type, data });
  say('aux_health', 55);
  say('aux_abilities', { grenade: 1, ability_1: 2, ability_2: 0 });
  const there = { health: true, abilities: true, scoreboard: false };
  const gone = { health: false, abilities: false, scoreboard: false };
  const shown = (wanted, from) => until(
    () => overlay.all('match_data').slice(from).some((state) => isDeepStrictEqual(player(state)?.auxiliaryAvailable, wanted)),
    `${JSON.stringify(wanted)} to be shown`,
  );
  await shown(there, 0);
  for (let round = 0; round < 2; ++round) {
    const seen = overlay.all('match_data').length;
    relay.cut({ block: true });
    await shown(gone, seen);
    relay.unblock();
    await until(() => client.socket.connected, 'the client to be back');
    assert.equal(client.socket.recovered, true);
    await shown(there, seen);
  }
  assert.equal(player(overlay.last('match_data')).health, 55);
});

async function startMatch(t) {
  const code = groupCode();
  const matchId = randomUUID();
  const watching = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  watching.send('match_start', matchId);
  watching.send('roster', rosterEntry(0, 1));
  const player = (state) => state.teams.flatMap((team) => team.players)[0];
  await overlay.state((state) => player(state) !== undefined);
  return { watching, overlay, matchId, player };
}

test('an auxiliary client goes over to the new id of its match, and ends with it', async (t) => {
  const { watching, overlay, matchId, player } = await startMatch(t);
  const client = await auxiliary(t, matchId);
  const next = randomUUID();
  watching.send('match_start', next);
  await overlay.state((state) => state.matchId === next);
  client.send('aux_health', 55, next);
  await overlay.state((state) => player(state)?.health === 55);
  watching.send('round_info', { roundPhase: 'game_end', roundNumber: 13 });
  await client.disconnected();
});

test('an auxiliary client that is back on a new socket keeps its flags when the old session ends', async (t) => {
  const { watching, overlay, matchId, player } = await startMatch(t);
  const first = await auxiliary(t, matchId);
  first.send('aux_health', 55);
  await overlay.state((state) => player(state)?.auxiliaryAvailable.health);
  const second = await auxiliary(t, matchId);
  const sockets = async () => (await metrics(server)).get('matchbus_ingest_sockets');
  const before = await sockets();
  first.close();
  await until(async () => (await sockets()) === before - 1, 'the end of the first socket');
  watching.send('map', 'Jam');
  const state = await overlay.state(({ map }) => map === 'Lotus');
  assert.equal(player(state).auxiliaryAvailable.health, true);
  second.close();
  await overlay.state((newest) => newest.map === 'Lotus' && !player(newest).auxiliaryAvailable.health);
});
