// A server that is killed and started again: unmodified observers and auxiliary clients, which log on once and never
// again, go on with their matches.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client, connect, urlOf } from '../support/client.mjs';
import { groupCode, observerLogon, rightTeam, rosterEntry, viewer } from '../support/match.mjs';
import { proxy } from '../support/proxy.mjs';
import { startServer, temporaryDirectory } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

// A client behind `relay`, as it stands in existing installations: it lets the library reconnect, and logs on once.
async function senderBehind(t, relay, transport = 'default') {
  const client = new Client(`http://127.0.0.1:${relay.port}`, {
    transport,
    reconnection: true,
    reconnectionDelay: 20,
    reconnectionDelayMax: 50,
  });
  t.after(() => client.close());
  client.connects = 0;
  client.socket.on('connect', () => (client.connects += 1));
  await client.connected();
  return client;
}

async function observerBehind(t, relay, code, transport) {
  const client = await senderBehind(t, relay, transport);
  client.send = (type, data) => client.emit('obs_data', { obsName: 'Observer One', groupCode: code, type, data });
  client.emit('obs_logon', observerLogon(code, { rightTeam: { ...rightTeam, colour: '#00f' } }));
  assert.equal((await client.next('obs_logon_ack')).value, true);
  return client;
}

async function startKillable(t, options) {
  const server = await startServer({ dataDir: temporaryDirectory(), ...options });
  t.after(() => {
    if (server.result === undefined) server.signal('SIGKILL');
    return server.ended;
  });
  return server;
}

// Kills `server` and starts another on its data; calls `beforeClients(next)` while senders do not reach it yet.
async function killAndStart(t, server, relay, { beforeClients = async () => {}, ...options } = {}) {
  relay.cut({ block: true });
  server.signal('SIGKILL');
  await server.ended;
  const next = await startKillable(t, { dataDir: server.dataDir, ...options });
  relay.targetPort = next.ports.ingest;
  await beforeClients(next);
  relay.unblock();
  return next;
}

// The state that a viewer who logs on now gets, once it `matches`.
async function stateOf(t, server, code, matches) {
  const overlay = await viewer(t, server, code);
  return overlay.state(matches);
}

for (const transport of ['polling', 'websocket', 'default']) {
  test(`an observer goes on after the server was killed and started again, twice: ${transport}`, async (t) => {
    const code = groupCode();
    let server = await startKillable(t);
    const relay = await proxy(t, server.ports.ingest);
    const client = await observerBehind(t, relay, code, transport);
    client.send('roster', rosterEntry(0, 1));
    await stateOf(t, server, code, (state) => state.teams[0].players.length === 1);

    for (let round = 2; round <= 3; ++round) {
      server = await killAndStart(t, server, relay);
      await until(() => client.connects >= round, 'the client to come back');
      client.send('roster', rosterEntry(0, round));
      const state = await stateOf(t, server, code, ({ teams }) => teams[0].players.length === round);
      assert.equal(state.teams[1].colour, '#00f', 'what else the logon had told of a team');
      // The new server's own recovery works for the socket, too.
      relay.cut();
      await until(() => client.socket.connected === false || client.connects > round, 'the cut to be noticed');
      await until(() => client.socket.connected, 'the client to come back');
      assert.equal(client.socket.recovered, true);
      client.connects = round;
      client.send('roster', rosterEntry(1, round - 1));
      await stateOf(t, server, code, (state) => state.teams[1].players.length === round - 1);
    }
    assert.equal(client.all('obs_logon_ack').length, 1);
  });
}

test('a client that logs on with every connection is answered after a start, too', async (t) => {
  const code = groupCode();
  const first = await startKillable(t);
  const relay = await proxy(t, first.ports.ingest);
  const client = await observerBehind(t, relay, code, 'websocket');
  const secret = client.last('obs_logon_ack').reason;
  client.send('map', 'Jam');
  await stateOf(t, first, code, (state) => state.map === 'Lotus');
  client.socket.on('connect', () => client.emit('obs_logon', { ...observerLogon(code), groupSecret: secret }));

  const second = await killAndStart(t, first, relay);
  await until(() => client.all('obs_logon_ack').length === 2, 'the second answer');
  assert.deepEqual(client.last('obs_logon_ack'), { type: 'authenticate', value: true, reason: 'reconnected' });
  client.send('map', 'Triad');
  await stateOf(t, second, code, (state) => state.map === 'Haven');
});

test('an auxiliary client goes on after the server was killed and started again', async (t) => {
  const code = groupCode();
  const first = await startKillable(t);
  const relay = await proxy(t, first.ports.ingest);
  const observer = await observerBehind(t, relay, code);
  observer.send('roster', { ...rosterEntry(0, 1), playerId: 'player-1' });
  observer.send('match_start', 'match-of-the-aux');
  await stateOf(t, first, code, (state) => state.teams[0].players.length === 1);
  const auxiliary = await senderBehind(t, relay);
  auxiliary.emit('aux_logon', {
    type: 'aux_authenticate',
    clientVersion: '0.3.10',
    name: 'Aux',
    matchId: 'match-of-the-aux',
    playerId: 'player-1',
  });
  assert.equal((await auxiliary.next('aux_logon_ack')).value, true);
  const ofMatch = { playerId: 'player-1', matchId: 'match-of-the-aux' };
  auxiliary.emit('aux_data', { ...ofMatch, type: 'aux_abilities', data: { grenade: 1, ability_1: 2, ability_2: 3 } });
  const hasAbilities = (state) => state.teams[0].players[0].auxiliaryAvailable.abilities;
  await stateOf(t, first, code, hasAbilities);

  const isGone = (server) => stateOf(t, server, code, (state) => !hasAbilities(state));
  const second = await killAndStart(t, first, relay, { beforeClients: isGone });
  await until(() => auxiliary.connects === 2, 'the client to come back');
  await stateOf(t, second, code, hasAbilities);
  auxiliary.emit('aux_data', {
    playerId: 'player-1',
    matchId: 'match-of-the-aux',
    type: 'aux_health',
    data: 42,
  });
  await stateOf(t, second, code, (state) => state.teams[0].players[0].health === 42);
});

test('what admits a sender after a start is the secret, and nothing does without recovery', async (t) => {
  const code = groupCode();
  const first = await startKillable(t);
  const relay = await proxy(t, first.ports.ingest);
  const client = await observerBehind(t, relay, code, 'websocket');
  client.send('map', 'Jam');
  await stateOf(t, first, code, (state) => state.map === 'Lotus');
  const offset = client.socket._lastOffset;
  assert.match(offset, new RegExp(`^1\\.observer\\n[A-Z0-9]{12}\\n${code}$`));
  client.close();

  const stranger = async (server, wrong) => {
    const socket = await connect(t, server, 'ingest', {
      transport: 'websocket',
      auth: { pid: 'unknown', offset: wrong },
    });
    socket.emit('obs_data', { obsName: 'Stranger', groupCode: code, type: 'map', data: 'Triad' });
    const before = async () => {
      const text = await (await fetch(`${urlOf(server, 'extras')}/metrics`)).text();
      return Number(/result="before_logon"\} (\d+)/.exec(text)[1]);
    };
    return { before };
  };
  const second = await killAndStart(t, first, relay, { args: ['--recovery-window', '600000'] });
  let ignored = 0;
  for (const wrong of [
    `1.observer\nAAAAAAAAAAAA\n${code}`,
    `1.observer\n${code}`,
    '1.observer\n\n',
    `1.observer\n\n${code}`,
    `1.auxiliary\n${code}\n`,
    `observer\n${code}`,
    '1.',
    '',
  ]) {
    const { before } = await stranger(second, wrong);
    ignored += 1;
    await until(async () => (await before()) === ignored, `data after ${JSON.stringify(wrong)} to be ignored`);
  }
  const right = await connect(t, second, 'ingest', { transport: 'websocket', auth: { pid: 'unknown', offset } });
  right.emit('obs_data', { obsName: 'Observer One', groupCode: code, type: 'map', data: 'Triad' });
  await stateOf(t, second, code, (state) => state.map === 'Haven');

  const third = await killAndStart(t, second, relay, { args: ['--recovery-window', '0'] });
  const { before } = await stranger(third, offset);
  await until(async () => (await before()) === 1, 'data to be ignored while there is no recovery');
});
