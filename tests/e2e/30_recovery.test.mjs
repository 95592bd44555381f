// Connection state recovery on the ingest port: an unmodified observer whose TCP connection is cut goes on with its
// match and never logs on again. Overlays have none and log on again by themselves.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Client, urlOf } from '../support/client.mjs';
import { metrics } from '../support/http.mjs';
import { groupCode, observer, observerLogon, rosterEntry, viewer } from '../support/match.mjs';
import { proxy } from '../support/proxy.mjs';
import { startServer, stopServer } from '../support/server.mjs';
import { until, within } from '../support/wait.mjs';

// Heartbeats are short so that a silent loss shows soon, but not so short that a busy machine misses one, which would be a
// loss more than the test has made; the plain ports also take TLS.
const heartbeat = ['--ping-interval', '1000', '--ping-timeout', '1500'];
const server = await startServer({ insecure: false, args: heartbeat });
after(() => stopServer(server));

// An observer behind a relay that can be cut, as it stands in existing installations: it logs on once, in its first
// connect, and lets the client reconnect by itself.
async function observerBehind(t, target, relay, code, { tls = false, transport = 'default', ...options } = {}) {
  const client = new Client(`${tls ? 'https' : 'http'}://127.0.0.1:${relay.port}`, {
    transport,
    reconnection: true,
    reconnectionDelay: 20,
    reconnectionDelayMax: 50,
    randomizationFactor: 0,
    ...options,
  });
  t.after(() => client.close());
  client.connects = [];
  client.socket.on('connect', () => client.connects.push({ recovered: client.socket.recovered, id: client.socket.id }));
  await client.connected();
  client.send = (type, data) => client.emit('obs_data', { obsName: 'Observer One', groupCode: code, type, data });
  client.emit('obs_logon', observerLogon(code));
  assert.equal((await client.next('obs_logon_ack')).value, true);
  return client;
}

for (const tls of [false, true]) {
  for (const transport of ['polling', 'websocket', 'default']) {
    test(`an observer goes on after its connection is cut: ${transport}, ${tls ? 'wss' : 'ws'}`, async (t) => {
      const code = groupCode();
      const relay = await proxy(t, server.ports.ingest);
      const client = await observerBehind(t, server, relay, code, { tls, transport });
      const overlay = await viewer(t, server, code);
      if (transport === 'default') await client.upgraded();
      client.send('roster', rosterEntry(0, 1));
      await overlay.state((state) => state.teams[0].players.length === 1);

      for (let round = 2; round <= 4; ++round) {
        relay.cut();
        await until(() => client.connects.length === round, 'the client to come back');
        client.send('roster', rosterEntry(0, round));
        const state = await overlay.state((newest) => newest.teams[0].players.length === round);
        assert.equal(state.teams[0].players[round - 1].name, `Lefty ${round}`);
      }
      assert.deepEqual(
        client.connects.map(({ recovered }) => recovered),
        [false, true, true, true],
      );
      assert.equal(new Set(client.connects.map(({ id }) => id)).size, 1, 'the socket keeps its id');
      assert.equal(client.all('obs_logon_ack').length, 1);
    });
  }
}

test('what the client sends while it is away arrives when it is back, in order', async (t) => {
  const code = groupCode();
  const relay = await proxy(t, server.ports.ingest);
  const client = await observerBehind(t, server, relay, code, { transport: 'websocket' });
  const overlay = await viewer(t, server, code);
  relay.cut({ block: true });
  await until(() => client.disconnects.length === 1, 'the client to notice');
  for (let number = 1; number <= 5; ++number) client.send('roster', rosterEntry(1, number));
  const refused = relay.accepted;
  await until(() => relay.accepted > refused, 'an attempt to come back');
  relay.unblock();
  const state = await overlay.state((newest) => newest.teams[1].players.length === 5);
  assert.deepEqual(
    state.teams[1].players.map((player) => player.position),
    [1, 2, 3, 4, 5],
  );
  assert.equal(client.connects.at(-1).recovered, true);
});

// As third-party observers do: they log on in every connect, and give up if there is no answer.
for (const keepsSecret of [false, true]) {
  test(`a client that logs on with every connection is answered, ${keepsSecret ? 'with' : 'without'} the secret`, async (t) => {
    const code = groupCode();
    const relay = await proxy(t, server.ports.ingest);
    const client = await observerBehind(t, server, relay, code, { transport: 'websocket' });
    const overlay = await viewer(t, server, code);
    const groupSecret = keepsSecret ? client.last('obs_logon_ack').reason : undefined;
    client.socket.on('connect', () => client.emit('obs_logon', observerLogon(code, { groupSecret })));
    for (const [round, map, shown] of [[2, 'Jam', 'Lotus'], [3, 'Triad', 'Haven']]) {
      relay.cut();
      await until(() => client.all('obs_logon_ack').length === round, 'the answer');
      assert.deepEqual(client.last('obs_logon_ack'), { type: 'authenticate', value: true, reason: 'reconnected' });
      assert.equal(client.connects.at(-1).recovered, true);
      client.send('map', map);
      await overlay.state((state) => state.map === shown);
    }
  });
}

test('a silent loss, as of a pulled cable, is noticed by the heartbeat and recovered', async (t) => {
  const code = groupCode();
  const relay = await proxy(t, server.ports.ingest);
  const client = await observerBehind(t, server, relay, code, { transport: 'websocket' });
  const overlay = await viewer(t, server, code);
  relay.swallow();
  await until(() => client.connects.length === 2, 'the client to come back');
  client.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
  assert.equal(client.connects[1].recovered, true);
});

test('a session is given back once: the old connection does not go on beside the new one', async (t) => {
  const code = groupCode();
  const relay = await proxy(t, server.ports.ingest);
  const client = await observerBehind(t, server, relay, code, { transport: 'websocket' });
  const overlay = await viewer(t, server, code);
  client.send('roster', rosterEntry(0, 1));
  await overlay.state((state) => state.teams[0].players.length === 1);
  // The client gives its connection up while the server still believes in it.
  relay.swallow();
  client.socket.io.engine.transport.ws.terminate();
  await until(() => client.connects.length === 2, 'the client to come back');
  client.send('roster', rosterEntry(0, 2));
  await overlay.state((state) => state.teams[0].players.length === 2);
  assert.equal(client.all('obs_logon_ack').length, 1);
});

test('a client that leaves on purpose cannot be recovered, but its offset lets it in again', async (t) => {
  const code = groupCode();
  const client = await observer(t, server, code, { transport: 'websocket' });
  const overlay = await viewer(t, server, code);
  client.socket.disconnect();
  const again = client.socket.connect();
  await until(() => again.connected, 'the client to come back');
  assert.equal(again.recovered, false);
  client.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
  client.emit('obs_logon', observerLogon(code));
  await client.next('obs_logon_ack', (answer) => answer.reason === 'reconnected');
  // As on any new connection, its first logon may be one for another group.
  const other = groupCode();
  client.socket.disconnect().connect();
  await until(() => client.socket.connected, 'the client to come back');
  client.emit('obs_logon', observerLogon(other));
  await client.next('obs_logon_ack', ({ reason }) => reason !== client.secret && /^[A-Z0-9]{12}$/.test(reason));
});

test('after the window a client goes on by what its offset says', async (t) => {
  const brief = await startServer({ t, args: [...heartbeat, '--recovery-window', '100'] });
  const code = groupCode();
  const relay = await proxy(t, brief.ports.ingest);
  const client = await observerBehind(t, brief, relay, code, { transport: 'websocket' });
  const overlay = await viewer(t, brief, code);
  const cutAt = Date.now();
  relay.cut({ block: true });
  await until(() => client.disconnects.length === 1 && Date.now() > cutAt + 1500, 'the window to pass');
  relay.unblock();
  await until(() => client.connects.length === 2, 'the client to come back');
  assert.equal(client.connects[1].recovered, false);
  client.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
  client.emit('obs_logon', observerLogon(code));
  await client.next('obs_logon_ack', (answer) => answer.reason === 'reconnected');
});

test('an overlay has no recovery: it logs on again by itself and gets the newest state', async (t) => {
  const code = groupCode();
  const player = await observer(t, server, code);
  const relay = await proxy(t, server.ports.output);
  const overlay = new Client(`http://127.0.0.1:${relay.port}`, {
    reconnection: true,
    reconnectionDelay: 20,
    reconnectionDelayMax: 50,
    randomizationFactor: 0,
  });
  t.after(() => overlay.close());
  let logons = 0;
  overlay.socket.on('connect', () => {
    logons += 1;
    assert.ok(!overlay.socket.recovered);
    overlay.emit('logon', { groupCode: code });
  });
  await overlay.state();
  relay.cut({ block: true });
  await until(() => overlay.disconnects.length === 1, 'the overlay to notice');
  player.send('map', 'Jam');
  const other = await viewer(t, server, code);
  await other.state((state) => state.map === 'Lotus');
  relay.unblock();
  await overlay.state((state) => state.map === 'Lotus');
  assert.equal(logons, 2);
});

test('a lost connection without a session leaves nothing to come back to', async (t) => {
  const own = await startServer({ t, args: heartbeat });
  const relay = await proxy(t, own.ports.ingest);
  const url = `http://127.0.0.1:${relay.port}`;
  const [stranger, sender] = [0, 1].map(() => new Client(url, { transport: 'websocket' }));
  for (const client of [stranger, sender]) {
    t.after(() => client.close());
    await client.connected();
  }
  const code = groupCode();
  sender.emit('obs_logon', observerLogon(code));
  await sender.next('obs_logon_ack');
  stranger.emit('obs_data', { obsName: 'x', groupCode: code, type: 'map', data: 'Jam' });
  const metric = async (name) => (await metrics(own)).get(name);
  await until(async () => (await metric('matchbus_events_total{result="before_logon"}')) === 1, 'the data');
  relay.cut();
  await until(async () => (await metric('matchbus_ingest_sockets')) === 0, 'the loss');
  await until(async () => (await metric('matchbus_ingest_sockets_suspended')) === 1, 'the stranger to be forgotten');
});

test('a made-up session is not given to anybody', async (t) => {
  const code = groupCode();
  await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  const thief = new Client(urlOf(server, 'ingest'), { transport: 'websocket' });
  t.after(() => thief.close());
  thief.socket._pid = 'AAAAAAAAAAAAAAAAAAAAAAAA';
  thief.socket._lastOffset = '1';
  await thief.connected();
  assert.equal(thief.socket.recovered, false);
  thief.emit('obs_data', { obsName: 'x', groupCode: code, type: 'map', data: 'Jam' });
  thief.emit('obs_logon', observerLogon(groupCode()));
  await within(thief.next('obs_logon_ack'), 'the answer');
  assert.ok(overlay.all('match_data').every((state) => state.map === 'Loading'));
});
