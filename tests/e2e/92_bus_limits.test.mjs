// Close codes for clients that say too much, and at the end of the server.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { api, busEnv, Player, player, publish, token } from '../support/bus.mjs';
import { metrics } from '../support/http.mjs';
import { startServer, stopServer } from '../support/server.mjs';
import { delay, until } from '../support/wait.mjs';

const start = (t, ...args) => startServer({ t, env: busEnv, args });
const flood = (client, count) => {
  for (let i = 0; i < count; ++i) client.send({ type: 'heartbeat' });
};
const limited = (client) => client.all('error').filter(({ code }) => code === 'rate_limited').length;

test('rate_limited: over 100 messages in a second are dropped, one by one, and the next second is a new one', async (t) => {
  const server = await start(t);
  const a = await player(t, server, { sub: 'a' });
  flood(a, 150);
  await a.next('error', 50);
  assert.equal(a.all('heartbeat_ack').length, 100);
  assert.equal(limited(a), 50);
  await delay(1_100);
  flood(a, 100);
  await a.next('heartbeat_ack', 200);
  assert.equal(limited(a), 50);
});

test('rate_limited counts everything, and what is dropped has no effect', async (t) => {
  const server = await start(t);
  const a = await player(t, server, { sub: 'a', sector_id: 's' });
  const b = await player(t, server, { sub: 'b', sector_id: 's' });
  for (let i = 0; i < 40; ++i) a.send('{').send({ type: 'nonsense' }).send({ type: 'chat_message', target_type: 'sector', content: `${i}` });
  a.send({ type: 'subscribe', topics: ['market:x'] });
  await until(() => limited(a) >= 21, 'the limit');
  await b.settled();
  assert.equal(b.all('chat_message').length, 33);
  assert.equal((await publish(server, { topic: 'market:x', message: { type: 'x' } })).body.receivers, 0);
});

test('4002: three such seconds within ten', async (t) => {
  const server = await start(t);
  const a = await player(t, server, { sub: 'a', sector_id: 's' });
  const watcher = await player(t, server, { sub: 'w', sector_id: 's' });
  for (let second = 1; second <= 2; ++second) {
    flood(a, 120);
    await a.next('heartbeat_ack', 100 * second);
    await until(() => limited(a) === 20 * second, 'the limit');
    await delay(1_050);
  }
  await a.settled();
  assert.equal(a.closed, undefined, 'two are forgiven');
  await delay(1_050);
  flood(a, 120);
  assert.equal((await a.end()).code, 4002);
  await watcher.next('player_left_sector');
  assert.equal((await metrics(server)).get('matchbus_bus_closed_total{reason="flooding"}'), 1);
  // The others are not concerned, and the same user may come again.
  await watcher.settled();
  await player(t, server, { sub: 'a', sector_id: 's' });
});

test('chat has a limit of its own, that of a user, and nobody is closed for it', async (t) => {
  const server = await start(t, '--max-chat-rate', '2', '--max-chat-burst', '20');
  const listener = await player(t, server, { sub: 'b', sector_id: 's' });
  const a = await player(t, server, { sub: 'a', sector_id: 's' });
  const say = (client, count) => {
    for (let i = 0; i < count; ++i) client.send({ type: 'chat_message', target_type: 'sector', content: 'x' });
  };
  say(a, 60);
  await a.settled();
  const refused = limited(a);
  assert.ok(refused >= 38 && refused <= 40, `${refused} refused`);
  await listener.settled();
  assert.equal(listener.all('chat_message').length, 60 - refused);
  assert.equal((await metrics(server)).get('matchbus_bus_messages_refused_total'), refused);
  // Coming again, or from elsewhere, gives no more.
  a.socket.close();
  await a.end();
  const again = await player(t, server, { sub: 'a', sector_id: 's' });
  const other = await player(t, server, { sub: 'a', sector_id: 's' }, { query: { device_id: 'phone' } });
  say(again, 20);
  say(other, 20);
  await again.settled();
  await other.settled();
  assert.ok(limited(again) + limited(other) >= 30);
  for (const client of [again, other]) assert.equal(client.closed, undefined);
  // The others may speak, and so may one who was silent for a while.
  say(listener, 20);
  await listener.settled();
  assert.equal(limited(listener), 0);
  await delay(1_500);
  say(other, 2);
  const before = limited(other);
  await other.settled();
  assert.equal(limited(other), before);
});

test('what one user says does not push out what others have missed', async (t) => {
  const server = await start(t, '--replay-events', '150');
  const a = await player(t, server, { sub: 'a', sector_id: 's' });
  await publish(server, { room: 'personal:a', message: { type: 'missed' } });
  const at = (await a.next('missed')).event_id - 1;
  a.socket.terminate();
  const loud = await player(t, server, { sub: 'loud', sector_id: 's' });
  for (let second = 0; second < 3; ++second) {
    for (let i = 0; i < 100; ++i) loud.send({ type: 'chat_message', target_type: 'global', content: 'x' });
    await delay(1_050);
  }
  assert.ok(limited(loud) >= 150);
  const back = await player(t, server, { sub: 'a', sector_id: 's' }, { query: { last_event_id: at } });
  await back.next('missed');
  assert.equal(back.all('connected')[0].recovered, true);
});

test('0 is no limit of chat', async (t) => {
  const server = await start(t, '--max-chat-rate', '0');
  const a = await player(t, server, { sub: 'a', sector_id: 's' });
  for (let i = 0; i < 2; ++i) {
    for (let n = 0; n < 95; ++n) a.send({ type: 'chat_message', target_type: 'sector', content: 'x' });
    await delay(1_100);
  }
  await a.settled();
  assert.equal(limited(a), 0);
});

test('the limit is that of one socket', async (t) => {
  const server = await start(t);
  const many = [];
  for (let i = 0; i < 5; ++i) many.push(await player(t, server, { sub: `u${i}` }));
  for (const client of many) flood(client, 90);
  for (const client of many) await client.next('heartbeat_ack', 90);
  assert.ok(many.every((client) => limited(client) === 0));
});

test('1009: a message that is too big; the largest one that is not passes', async (t) => {
  const server = await start(t, '--max-message', '20000');
  const big = (size) => `{"type":"heartbeat","x":"${'x'.repeat(size - 27)}"}`;
  assert.equal(big(20_000).length, 20_000);
  for (const deflate of [false, true]) {
    const watcher = await player(t, server, { sub: 'w', sector_id: 's' });
    const a = await player(t, server, { sub: 'a', sector_id: 's' }, { deflate });
    a.send(big(20_000));
    await a.next('heartbeat_ack');
    a.send(big(20_001));
    assert.equal((await a.end()).code, 1009, deflate ? 'compressed' : 'plain');
    await watcher.next('player_left_sector');
  }
});

test('a big message in small pieces is too big all the same', async (t) => {
  const server = await start(t, '--max-message', '20000');
  const a = await player(t, server, { sub: 'a' });
  for (let i = 0; i < 50; ++i) a.socket.send('x'.repeat(1_000), { fin: false });
  assert.equal((await a.end()).code, 1009);
});

test('text that is no UTF-8 closes with 1007, for the one who sent it', async (t) => {
  const server = await start(t);
  const b = await player(t, server, { sub: 'b' });
  const a = await player(t, server, { sub: 'a' });
  a.socket.send(Buffer.from([0x7b, 0xff, 0xfe]), { binary: false });
  assert.equal((await a.end()).code, 1007);
  await b.settled();
});

test('1001: at SIGTERM everybody is told, those with much to read, too, and nobody is said to have left', async (t) => {
  const server = await start(t);
  const all = [];
  for (let i = 0; i < 20; ++i) all.push(await player(t, server, { sub: `u${i}`, sector_id: 's' }));
  const root = await player(t, server, { sub: 'root', role: 'admin' }, { path: '/api/v1/ws/admin' });
  await publish(server, Array.from({ length: 100 }, (_, n) => ({ room: 'global', message: { type: 'news', n, filler: 'x'.repeat(2_000) } })));
  const stopped = stopServer(server);
  for (const client of [...all, root]) {
    assert.deepEqual(await client.end(), { code: 1001, reason: 'going away' });
    assert.equal(client.all('news').length, 100, 'what was sent before is not lost');
    assert.equal(client.all('player_left_sector').length, 0);
  }
  await stopped;
});

test('a close by the client is answered with its code, and he is gone', async (t) => {
  const server = await start(t);
  const a = await player(t, server, { sub: 'a', sector_id: 's' });
  a.socket.close(4321, 'bye');
  assert.equal((await a.end()).code, 4321);
  await until(async () => (await api(server, 'GET', '/presence?room=sector:s')).body.count === 0, 'his absence');
});

test('4003: the admin door is for admins; 1008: a device id that is too long', async (t) => {
  const server = await start(t);
  for (const role of [undefined, 'player', 'Admin', 'admin ', 'administrator']) {
    const outside = new Player(server, { path: '/api/v1/ws/admin', query: { token: token({ sub: 'a', role }) } });
    assert.equal((await outside.end()).code, 4003, role);
    assert.deepEqual(outside.messages, []);
  }
  const odd = new Player(server, { query: { token: token({ sub: 'a' }), device_id: 'x'.repeat(129) } });
  assert.equal((await odd.end()).code, 1008);
  await player(t, server, { sub: 'a' }, { query: { device_id: 'x'.repeat(128) } });
});
