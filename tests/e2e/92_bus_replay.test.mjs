// Coming back: what was missed is sent again, exactly; and when that cannot be, the client is told why.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { api, busEnv, openPlayer, player, publish } from '../support/bus.mjs';
import { groupCode, observer } from '../support/match.mjs';
import { proxy } from '../support/proxy.mjs';
import { startServer, stopServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const start = (t, args = [], options = {}) => startServer({ t, env: busEnv, args, ...options });
const ann = { sub: 'a', username: 'Ann', sector_id: 's', team_id: 't', region_id: 'r' };
const sockets = (server, count) => until(async () => (await api(server, 'GET', '/stats')).body.sockets === count, `${count} sockets`);
const position = (client) => client.messages.at(-1).event_id;
const types = (client) => client.types.filter((type) => type !== 'heartbeat_ack');
const send = (server, place, type, more) => publish(server, { ...(/^(market|combat|aria)/.test(place) ? { topic: place } : { room: place }), message: { type }, ...more });

async function lose(server, client, left = 0) {
  const at = position(client);
  client.socket.terminate();
  await sockets(server, left);
  return at;
}

test('exactly what was missed, in order, none twice, then new events', async (t) => {
  const server = await start(t);
  const a = await player(t, server, ann);
  a.send({ type: 'subscribe', topics: ['market:ore', 'aria'] });
  await a.next('subscribed');
  await send(server, 'global', 'before');
  await a.next('before');
  const at = await lose(server, a);
  await send(server, 'global', 'e1');
  await send(server, 'sector:s', 'e2');
  await send(server, 'sector:other', 'not mine');
  await send(server, 'team:t', 'e3');
  await send(server, 'region:r', 'e4');
  await send(server, 'personal:a', 'e5');
  await send(server, 'personal:b', 'not mine');
  await send(server, 'market:ore', 'e6');
  await send(server, 'market:gas', 'not mine');
  await send(server, 'aria:a', 'e7');
  await send(server, 'aria:b', 'not mine');
  await send(server, 'admin', 'not mine');
  await send(server, 'sector:s', 'not mine', { exclude: 'a' });
  await publish(server, { message: { type: 'ship_destroyed', ship_id: 1, owner_id: 2, cause: 'x', sector_id: 's' } });
  const again = await player(t, server, ann, { query: { last_event_id: at } });
  await again.settled();
  await send(server, 'sector:s', 'later');
  await again.next('later');
  assert.deepEqual(types(again), ['connected', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7', 'ship_destroyed', 'later']);
  const [connected] = again.messages;
  assert.equal(connected.recovered, true);
  assert.deepEqual(connected.your_state.topics.sort(), ['aria', 'market:ore']);
  assert.equal(again.all('e1')[0].type, 'e1');
  let last = at;
  for (const { event_id } of again.messages) {
    assert.ok(event_id > last);
    last = event_id;
  }
});

test('nothing missed is recovered, too', async (t) => {
  const server = await start(t);
  const at = await lose(server, await player(t, server, ann));
  const again = await player(t, server, ann, { query: { last_event_id: at } });
  await again.settled();
  assert.deepEqual(types(again), ['connected']);
  assert.equal(again.messages[0].recovered, true);
});

test('an event that was on its way when the line was cut comes again', async (t) => {
  const server = await start(t);
  const relay = await proxy(t, server.ports.output);
  const a = await player(t, { ports: { output: relay.port } }, ann);
  relay.swallow();
  assert.equal((await send(server, 'sector:s', 'lost')).body.receivers, 1);
  // The server believes in the old line when the new one comes.
  const again = await player(t, server, ann, { query: { last_event_id: position(a) } });
  await again.settled();
  assert.deepEqual(types(again), ['connected', 'lost']);
});

test('coming back twice with the same position gives the same twice', async (t) => {
  const server = await start(t);
  const at = await lose(server, await player(t, server, ann));
  for (let i = 0; i < 5; ++i) await send(server, 'sector:s', `e${i}`);
  for (let round = 0; round < 3; ++round) {
    const again = await player(t, server, ann, { query: { last_event_id: at } });
    await again.settled();
    assert.deepEqual(types(again), ['connected', 'e0', 'e1', 'e2', 'e3', 'e4']);
    await lose(server, again);
  }
});

test('a room that the player may not hold any more is not replayed, nor what came before entering one', async (t) => {
  const server = await start(t);
  const at = await lose(server, await player(t, server, ann));
  await send(server, 'sector:s', 'old sector');
  await send(server, 'sector:new', 'new sector, before');
  await send(server, 'team:t', 'team');
  await send(server, 'region:r', 'old region');
  const again = await player(t, server, { ...ann, sector_id: 'new', region_id: 'q' }, { query: { last_event_id: at } });
  await again.settled();
  await send(server, 'sector:new', 'new sector, after');
  await again.next('new sector, after');
  assert.deepEqual(types(again), ['connected', 'team', 'new sector, after']);
});

test('a feed of admins is not restored for who is none any more', async (t) => {
  const server = await start(t);
  const a = await player(t, server, { ...ann, role: 'admin' });
  a.send({ type: 'subscribe', topics: ['admin:logs', 'market:ore'] });
  await a.next('subscribed');
  const at = await lose(server, a);
  await publish(server, { topic: 'admin:logs', message: { type: 'secret' } });
  const again = await player(t, server, { ...ann, role: 'player' }, { query: { last_event_id: at } });
  await again.settled();
  assert.deepEqual(types(again), ['connected']);
  assert.deepEqual(again.messages[0].your_state.topics, ['market:ore']);
});

test('each device has its own position and topics', async (t) => {
  const server = await start(t);
  const phone = { query: { device_id: 'phone' } };
  const a = await player(t, server, ann);
  const b = await player(t, server, ann, phone);
  b.send({ type: 'subscribe', topics: ['market:ore'] });
  await b.next('subscribed');
  const [first, second] = [position(a), position(b)];
  a.socket.terminate();
  b.socket.terminate();
  await sockets(server, 0);
  await send(server, 'market:ore', 'tick');
  await send(server, 'sector:s', 'e');
  const backA = await player(t, server, ann, { query: { last_event_id: first } });
  const backB = await player(t, server, ann, { query: { device_id: 'phone', last_event_id: second } });
  await backA.settled();
  await backB.settled();
  assert.ok(!backA.types.includes('tick') && backA.types.includes('e'));
  assert.deepEqual(types(backB), ['connected', 'tick', 'e']);
});

test('after connecting without a position nothing is replayed, and topics are gone', async (t) => {
  const server = await start(t);
  const a = await player(t, server, ann);
  a.send({ type: 'subscribe', topics: ['market:ore'] });
  await a.next('subscribed');
  await lose(server, a);
  await send(server, 'sector:s', 'missed');
  const again = await player(t, server, ann);
  await again.settled();
  assert.deepEqual(types(again), ['connected']);
  assert.equal(again.messages[0].recovered, false);
  assert.deepEqual(again.messages[0].your_state.topics, []);
});

async function resync(t, server, last_event_id, reason, claims = ann) {
  const client = await player(t, server, claims, { query: { last_event_id } });
  await client.settled();
  assert.equal(client.messages[0].recovered, false, reason);
  assert.deepEqual(client.all('state_resync').map((message) => message.reason), [reason]);
  assert.deepEqual(types(client), ['connected', 'state_resync']);
  await lose(server, client);
}

test('state_resync unknown_position: no position of ours', async (t) => {
  const server = await start(t);
  const at = await lose(server, await player(t, server, ann));
  for (const odd of ['', 'x', '-1', '1.5', '1e3', ' 1', `${at}x`, '0x10', '9'.repeat(400), '9007199254740991', `${at + 1_000_000_000}`])
    await resync(t, server, odd, 'unknown_position');
  await resync(t, server, at, 'unknown_position', { ...ann, sub: 'never here' });
});

// Invariant 6: buffers expire; on a miss the client is told.
test('state_resync too_old: the buffers have expired, and their memory is free', async (t) => {
  const server = await start(t, ['--replay-seconds', '1', '--presence-sweep', '100']);
  const a = await player(t, server, { sub: 'a' });
  const at = await lose(server, a);
  await send(server, 'global', 'missed');
  await until(async () => {
    const { body } = await api(server, 'GET', '/stats');
    return body.departures === 0 && body.replay_events === 0 && body.replay_bytes === 0 && body.rooms === 0;
  }, 'the buffers to be empty');
  await resync(t, server, at, 'too_old', { sub: 'a' });
});

test('state_resync unknown_position: a bounded number of departures', async (t) => {
  const server = await start(t, ['--max-departures', '2']);
  const positions = [];
  for (const sub of ['u1', 'u2', 'u3']) positions.push(await lose(server, await player(t, server, { sub })));
  const kept = await player(t, server, { sub: 'u3' }, { query: { last_event_id: positions[2] } });
  assert.equal(kept.messages[0].recovered, true);
  await lose(server, kept);
  await resync(t, server, positions[0], 'unknown_position', { sub: 'u1' });
});

test('state_resync overflow: the buffer is bounded in count and in bytes', async (t) => {
  for (const args of [['--replay-events', '20'], ['--replay-bytes', '5000']]) {
    const server = await start(t, args);
    const at = await lose(server, await player(t, server, ann));
    const batch = Array.from({ length: 100 }, (_, n) => ({ room: 'sector:s', message: { type: 'e', n, filler: 'x'.repeat(100) } }));
    await publish(server, batch);
    const { body } = await api(server, 'GET', '/stats');
    assert.ok(body.replay_events <= 50 && body.replay_events > 0, `${body.replay_events}`);
    await resync(t, server, at, 'overflow');
  }
});

test('state_resync server_restart', async (t) => {
  const first = await start(t);
  const a = await player(t, first, ann);
  const at = position(a);
  await stopServer(first);
  assert.equal((await a.end()).code, 1001);
  const second = await start(t);
  await resync(t, second, at, 'server_restart');
});

test('a position of a killed server is told from one that never was', async (t) => {
  const first = await startServer({ env: busEnv });
  const a = await player(t, first, ann);
  const at = position(a);
  await first.stop('SIGKILL');
  await a.end();
  const second = await start(t);
  await resync(t, second, at, 'server_restart');
});

test('a player comes back while services publish without a pause', async (t) => {
  const server = await start(t);
  let n = 0;
  let isOver = false;
  const publishing = (async () => {
    while (!isOver) await publish(server, Array.from({ length: 20 }, () => ({ room: 'sector:s', message: { type: 'e', n: ++n } })));
  })();
  const seen = [];
  let at;
  for (let round = 0; round < 15; ++round) {
    const a = await player(t, server, ann, { query: at === undefined ? {} : { last_event_id: at } });
    if (at !== undefined) assert.equal(a.messages[0].recovered, true);
    await a.next('e', 30);
    a.socket.removeAllListeners('message');
    seen.push(...a.all('e').map((message) => message.n));
    at = position(a);
    if (round % 2) a.socket.terminate(); // else the next one supersedes it
  }
  isOver = true;
  await publishing;
  assert.deepEqual(seen, Array.from({ length: seen.length }, (_, i) => seen[0] + i));
});

test('match topics come back with their state', async (t) => {
  const server = await start(t);
  const code = groupCode();
  const a = await player(t, server, ann);
  a.send({ type: 'subscribe', topics: [`match:${code}`] });
  await a.next('subscribed');
  const observing = await observer(t, server, code);
  await a.next('match_data');
  const at = await lose(server, a);
  observing.send('round_info', { roundPhase: 'combat', roundNumber: 3 });
  const again = openPlayer(t, server, ann, { query: { last_event_id: at } });
  await until(() => again.messages.some(({ type, data, patch }) => (type === 'match_data' && data.roundPhase === 'combat') || JSON.stringify(patch ?? '').includes('combat')), 'the state of now');
  assert.equal(again.messages[0].recovered, true);
});
