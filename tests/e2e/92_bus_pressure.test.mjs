// Clients that stop reading: what they lose, what it costs the server, and that nobody else notices.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { api, busEnv, leanEnv, openPlayer, player, publish } from '../support/bus.mjs';
import { metrics } from '../support/http.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const start = (t, ...args) => startServer({ t, env: { ...busEnv, ...leanEnv }, args });
const memory = (server) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) * 1024;
const figure = async (server, name) => (await metrics(server)).get(`matchbus_bus_${name}`);
const filler = 'x'.repeat(4_000);
const burst = (room, count, type = 'big', more = {}) => Array.from({ length: count }, (_, n) => ({ room, message: { type, n, filler }, ...more }));

// Publishes until the socket's peer has taken so much that the rest waits in the server.
async function fill(server, room) {
  for (let round = 0; (await figure(server, 'queued')) < 20; ++round) {
    assert.ok(round < 500, 'the kernel takes everything');
    await publish(server, burst(room, 20, 'fill', { class: 'critical' }));
  }
}

test('a client that stops reading in a busy sector: bounded memory, one state_resync, the others undisturbed', async (t) => {
  const server = await start(t);
  const others = [];
  for (let i = 0; i < 5; ++i) others.push(await player(t, server, { sub: `o${i}`, sector_id: 's' }));
  const slow = await player(t, server, { sub: 'slow', sector_id: 's' });
  slow.socket.pause();
  await publish(server, burst('sector:s', 100));
  const before = memory(server);
  let n = 0;
  let worst = 0;
  for (let round = 0; round < 100; ++round) {
    const sent = performance.now();
    await publish(server, Array.from({ length: 50 }, () => ({ room: 'sector:s', message: { type: 'busy', n: n++, filler } })));
    await others[0].next('busy', n);
    worst = Math.max(worst, performance.now() - sent);
  }
  // 20 MB were sent; 64 MB of them may be kept for replay, so that is what is shared, and not what is queued.
  const { body } = await api(server, 'GET', '/stats');
  const grown = memory(server) - before - body.replay_bytes;
  assert.ok(body.queued <= 257, `${body.queued} queued`);
  assert.ok(grown < 10_000_000, `${grown} bytes more`);
  t.diagnostic(`${grown} bytes more than the replay buffer, slowest round ${worst.toFixed(0)} ms`);
  for (const other of others) {
    await other.next('busy', n);
    assert.deepEqual(other.all('busy').map((message) => message.n), Array.from({ length: n }, (_, i) => i));
    assert.equal(other.all('state_resync').length, 0);
  }
  assert.ok(worst < 2_000);

  slow.socket.resume();
  await slow.settled();
  const resyncs = slow.all('state_resync');
  assert.deepEqual(resyncs.map(({ reason }) => reason), ['overflow'], 'one, however often the queue was full');
  // What came before it and after it has no gaps.
  const numbers = slow.messages.map(({ type, n: number }) => (type === 'busy' ? number : type === 'state_resync' ? 'gap' : undefined)).filter((x) => x !== undefined);
  for (let i = 1; i < numbers.length; ++i) {
    if (numbers[i] !== 'gap' && numbers[i - 1] !== 'gap') assert.equal(numbers[i], numbers[i - 1] + 1);
  }
  await publish(server, { room: 'sector:s', message: { type: 'after' } });
  await slow.next('after');
  assert.ok((await figure(server, 'overflows_total')) >= 1);
});

test('cosmetic messages are dropped first, the oldest first, and nobody is told', async (t) => {
  const server = await start(t, '--max-queue-messages', '200', '--max-queue-bytes', '100000000');
  const slow = await player(t, server, { sub: 'slow', sector_id: 's' });
  slow.socket.pause();
  await fill(server, 'sector:s');
  const room = 'sector:s';
  const cosmetic = (n) => ({ room, message: { type: 'chat_message', channel: 'sector', sender_id: 'x', sender_name: 'x', timestamp: 'x', body: `${n}`, n } });
  const normal = (n) => ({ room, message: { type: 'trade', n } });
  const queued = await figure(server, 'queued');
  const free = 200 - queued;
  const chats = Math.floor(free / 2);
  await publish(server, Array.from({ length: chats }, (_, n) => cosmetic(n)));
  await publish(server, Array.from({ length: free - chats }, (_, n) => normal(n)));
  assert.equal(await figure(server, 'dropped_total'), 0);
  // Ten more: the ten oldest chats give way.
  await publish(server, Array.from({ length: 10 }, (_, n) => normal(free - chats + n)));
  assert.equal(await figure(server, 'dropped_total'), 10);
  assert.equal(await figure(server, 'overflows_total'), 0);
  slow.socket.resume();
  await slow.next('trade', free - chats + 10); // before it says anything: the answer would need room, too
  await slow.settled();
  assert.deepEqual(slow.all('chat_message').map(({ n }) => n), Array.from({ length: chats - 10 }, (_, i) => i + 10));
  assert.deepEqual(slow.all('trade').map(({ n }) => n), Array.from({ length: free - chats + 10 }, (_, i) => i));
  assert.equal(slow.all('state_resync').length, 0);
});

test('the class that a service gives counts, whatever the type', async (t) => {
  const server = await start(t, '--max-queue-messages', '100', '--max-queue-bytes', '100000000');
  const slow = await player(t, server, { sub: 'slow', sector_id: 's' });
  slow.socket.pause();
  await fill(server, 'sector:s');
  const free = 100 - (await figure(server, 'queued'));
  const chat = { type: 'chat_message', channel: 'sector', sender_id: 'x', sender_name: 'x', timestamp: 'x', body: 'b' };
  await publish(server, { room: 'sector:s', message: chat, class: 'critical' });
  await publish(server, { room: 'sector:s', message: { type: 'sparkle' }, class: 'cosmetic' });
  await publish(server, Array.from({ length: free - 1 }, (_, n) => ({ room: 'sector:s', message: { type: 'trade', n } })));
  slow.socket.resume();
  await slow.next('trade', free - 1);
  await slow.settled();
  assert.equal(slow.all('chat_message').length, 1);
  assert.equal(slow.all('sparkle').length, 0);
  assert.equal(slow.all('trade').length, free - 1);
});

test('when dropping cosmetic ones is not enough the queue is cleared and the client told', async (t) => {
  const server = await start(t, '--max-queue-messages', '50');
  const slow = await player(t, server, { sub: 'slow', sector_id: 's' });
  slow.socket.pause();
  await fill(server, 'sector:s');
  await publish(server, burst('sector:s', 200, 'more'));
  await publish(server, { room: 'sector:s', message: { type: 'last' } });
  slow.socket.resume();
  await slow.next('last');
  await slow.settled();
  assert.deepEqual(slow.all('state_resync').map(({ reason }) => reason), ['overflow']);
  const ids = slow.messages.map(({ event_id }) => event_id);
  assert.ok(ids.every((id, i) => i === 0 || id > ids[i - 1]));
});

test('a socket that drains nothing for the stall time is closed with 1013, and may come back', async (t) => {
  const server = await start(t, '--stall-timeout', '1000');
  const watcher = await player(t, server, { sub: 'w', sector_id: 's' });
  const slow = await player(t, server, { sub: 'slow', sector_id: 's' });
  slow.socket.pause();
  await fill(server, 'personal:slow');
  const began = performance.now();
  await watcher.next('player_left_sector');
  assert.ok(performance.now() - began > 500);
  assert.equal((await metrics(server)).get('matchbus_bus_closed_total{reason="stalled"}'), 1);
  assert.equal((await api(server, 'GET', '/presence?room=sector:s')).body.count, 1);
  slow.socket.resume();
  const { code } = await slow.end();
  assert.ok(code === 1013 || code === 1006, `${code}`);
  await player(t, server, { sub: 'slow', sector_id: 's' });
});

test('a client that begins to read in time gets the 1013 of nobody', async (t) => {
  const server = await start(t, '--stall-timeout', '3000');
  const slow = await player(t, server, { sub: 'slow', sector_id: 's' });
  slow.socket.pause();
  await fill(server, 'sector:s');
  slow.socket.resume();
  await slow.settled();
  assert.equal(slow.closed, undefined);
  assert.equal(await figure(server, 'queued'), 0);
});

test('1013 reaches a client that reads again before it is given up', async (t) => {
  const server = await start(t, '--stall-timeout', '1000', '--drain-timeout', '10000');
  const slow = await player(t, server, { sub: 'slow' });
  slow.socket.pause();
  await fill(server, 'personal:slow');
  await until(async () => (await metrics(server)).get('matchbus_bus_closed_total{reason="stalled"}') === 1, 'the close');
  slow.socket.resume();
  assert.equal((await slow.end()).code, 1013);
});

// Invariant 4: no send blocks or fails for its caller.
test('a send to many that do not read is answered at once', async (t) => {
  const server = await start(t);
  const many = [];
  for (let i = 0; i < 30; ++i) many.push(await player(t, server, { sub: `u${i}`, sector_id: 's' }));
  for (const { socket } of many) socket.pause();
  let worst = 0;
  for (let round = 0; round < 60; ++round) {
    const sent = performance.now();
    const { status, body } = await publish(server, burst('sector:s', 50));
    worst = Math.max(worst, performance.now() - sent);
    assert.equal(status, 200);
    assert.ok(body.every((entry) => entry.status === 200 && entry.receivers === 30));
  }
  assert.ok(worst < 2_000, `${worst} ms`);
  assert.ok((await figure(server, 'queued')) <= 30 * 257);
  for (const { socket } of many) socket.terminate();
  assert.equal((await publish(server, { room: 'sector:s', message: { type: 'x' } })).status, 200);
});

// A client that stops to read as soon as it is in.
async function comeBack(t, server, claims, query) {
  const back = openPlayer(t, server, claims, { query });
  back.socket.once('message', () => back.socket.pause());
  await back.next('connected');
  return back;
}

test('a replay to a client that does not read is bounded, too', async (t) => {
  const server = await start(t, '--stall-timeout', '0');
  const first = await player(t, server, { sub: 'a', sector_id: 's' });
  const position = first.messages.at(-1).event_id;
  for (let i = 0; i < 20; ++i) await player(t, server, { sub: 'a', sector_id: 's' }, { query: { device_id: `${i}` } }).then(({ socket }) => socket.terminate());
  first.socket.terminate();
  await until(async () => (await api(server, 'GET', '/stats')).body.sockets === 0, 'all to be gone');
  const many = Array.from({ length: 2_500 }, (_, n) => ({ room: 'sector:s', message: { type: 'e', n, filler: 'x'.repeat(300) } }));
  for (let i = 0; i < 36; ++i) await publish(server, many);
  const before = memory(server);
  for (let i = 0; i < 20; ++i) {
    await comeBack(t, server, { sub: 'a', sector_id: 's' }, { device_id: `${i}`, last_event_id: position });
  }
  const queued = await figure(server, 'queued');
  const grown = memory(server) - before;
  t.diagnostic(`${queued} queued, ${grown} bytes more`);
  assert.ok(grown < 20_000_000, `${grown} bytes more for 20 clients that came back`);
});

test('a client that came back and does not read pins nothing that the log has dropped', async (t) => {
  const server = await start(t, '--stall-timeout', '0', '--replay-bytes', '60000000', '--max-message', '4000000');
  const before = memory(server);
  for (let round = 0; round < 4; ++round) {
    // Each in a sector of its own: nothing more is sent to it afterwards.
    const row = { sub: `u${round}`, sector_id: `${round}` };
    const batch = burst(`sector:${round}`, 500, 'e');
    const first = await player(t, server, row);
    const position = first.messages.at(-1).event_id;
    first.socket.terminate();
    await until(async () => (await api(server, 'GET', '/stats')).body.sockets === round, 'it to be gone');
    // 56 MB: all that is kept is of this round. The kernel takes some 20 MB for each client.
    for (let i = 0; i < 28; ++i) await publish(server, batch);
    const back = await comeBack(t, server, row, { last_event_id: position });
    assert.equal(back.messages[0].recovered, true);
  }
  const grown = memory(server) - before - (await figure(server, 'replay_bytes'));
  t.diagnostic(`${grown} bytes more than what is kept for replay`);
  assert.ok(grown < 40_000_000, `${grown} bytes more than what is kept for replay`);
});
