// What one client, or one careless service, might do to hurt others; and that it does not.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { api, busEnv, leanEnv, Player, player, publish, token } from '../support/bus.mjs';
import { metrics, rawConnection, request } from '../support/http.mjs';
import { startServer } from '../support/server.mjs';
import { hang, Services } from '../support/services.mjs';
import { until } from '../support/wait.mjs';

const start = (t, args = [], env = {}) => startServer({ t, env: { ...busEnv, ...env }, args });
const memory = (server) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) * 1024;
const megabyte = 1_000_000;

// A text with half of a surrogate pair cannot be written as UTF-8; a client fails a socket that says it (RFC 6455
// section 8.1). So it must not get past the server, whoever said it.
test('half a character in the words of a player hurts nobody', async (t) => {
  const server = await start(t);
  const a = await player(t, server, { sub: 'a', sector_id: 's' });
  const b = await player(t, server, { sub: 'b', sector_id: 's' });
  for (const content of ['\\ud800', 'x\\udc00y', '\\ud83d', '\\ude00\\ud83d'])
    a.send(`{"type":"chat_message","target_type":"sector","content":"${content}"}`);
  a.send('{"type":"subscribe","topics":["market:\\ud800"]}').send('{"type":"\\ud800"}').send('{"\\ud800":1,"type":"x"}');
  await a.settled();
  await b.settled();
  for (const client of [a, b]) assert.equal(client.closed, undefined);
});

test('bytes that are no UTF-8 from a service hurt nobody', async (t) => {
  const server = await start(t);
  const a = await player(t, server, { sub: 'a' });
  const raw = (path, text) =>
    request(server, 'extras', `/api/v1/bus${path}`, { method: 'POST', headers: { Authorization: `Bearer ${busEnv.BUS_API_KEY}` }, body: Buffer.from(text, 'latin1') });
  assert.equal((await raw('/publish', '{"room":"global","message":{"type":"x","text":"\xff\xfe"}}')).status, 400);
  assert.equal((await raw('/publish', '{"room":"global","message":{"type":"x\xc3"}}')).status, 400);
  await raw('/publish', '{"room":"global","message":{"type":"x","text":"\\ud800"}}');
  await a.settled();
  assert.equal(a.closed, undefined);
  await raw('/disconnect', '{"user_id":"a","reason":"\xff","code":4003}');
  if (!a.closed) await api(server, 'POST', '/disconnect', { user_id: 'a', code: 4003 });
  assert.equal((await a.end()).code, 4003, 'and not 1007');
});

test('deeply nested and very wide messages are read or refused, at once', async (t) => {
  const server = await start(t);
  const a = await player(t, server, { sub: 'a' });
  a.send(`{"type":"command","id":1,"name":"x","args":${'['.repeat(400_000)}${']'.repeat(400_000)}}`);
  a.send(`{"type":"x","a":${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}}`);
  a.send(`{"type":"subscribe","topics":[${'"market:x",'.repeat(80_000)}"market:x"]}`);
  a.send(`{${'"type":"x",'.repeat(80_000)}"type":"heartbeat"}`);
  await a.next('error', 3);
  await a.settled();
});

test('a client that asks and never reads is kept within its bounds', async (t) => {
  const server = await start(t, ['--max-message-rate', '1000000', '--stall-timeout', '0'], leanEnv);
  const other = await player(t, server, { sub: 'b', sector_id: 's' });
  const a = await player(t, server, { sub: 'a', sector_id: 's' });
  await a.settled();
  a.socket.pause();
  const before = memory(server);
  // Answers to 120,000 messages are over 10 MB.
  for (let i = 0; i < 120_000; ++i) {
    a.socket.send('{"type":"request_sector_players"}');
    if (i % 5_000 === 0) await until(() => a.socket.bufferedAmount < 1_000_000, 'the server to read');
  }
  await until(async () => (await api(server, 'GET', '/stats')).body.messages > 120_000, 'all to be read');
  const grown = memory(server) - before;
  assert.ok(grown < 12 * megabyte, `${grown} bytes more`);
  await other.settled();
});

test('a client that pings and never reads is kept within its bounds', async (t) => {
  const server = await start(t, [], leanEnv);
  const other = await player(t, server, { sub: 'b' });
  const a = await player(t, server, { sub: 'a' });
  a.socket.pause();
  const before = memory(server);
  const load = Buffer.alloc(125, 'x');
  for (let i = 0; i < 300_000 && a.socket.readyState === 1; ++i) {
    a.socket.ping(load);
    if (i % 5_000 === 0) await until(() => a.socket.bufferedAmount < 1_000_000 || a.socket.readyState !== 1, 'the server to read', 5_000).catch(() => { i = Infinity; });
  }
  const grown = memory(server) - before;
  assert.ok(grown < 12 * megabyte, `${grown} bytes more`);
  await other.settled();
});

// What is remembered for one user must not push out what is remembered for others.
test('one user with many devices does not make the server forget others', async (t) => {
  const server = await start(t, ['--max-departures', '100']);
  const a = await player(t, server, { sub: 'a' });
  await a.settled();
  const position = a.messages.at(-1).event_id;
  a.socket.terminate();
  const gone = (count) => until(async () => (await api(server, 'GET', '/stats')).body.sockets === count, 'the sockets to be gone');
  await gone(0);
  for (let round = 0; round < 15; ++round) {
    const many = await Promise.all(Array.from({ length: 10 }, (_, i) => player(t, server, { sub: 'evil' }, { query: { device_id: `${round}-${i}` } })));
    for (const { socket } of many) socket.terminate();
    await gone(0);
  }
  const again = await player(t, server, { sub: 'a' }, { query: { last_event_id: position } });
  assert.equal(again.messages[0].recovered, true);
});

test('one device too many closes the oldest, which the sector does not notice', async (t) => {
  const server = await start(t, ['--max-devices', '2']);
  const watcher = await player(t, server, { sub: 'b', sector_id: 's' });
  const devices = [];
  for (const device_id of ['one', 'two', 'three']) {
    devices.push(await player(t, server, { sub: 'a', sector_id: 's' }, { query: { device_id } }));
  }
  assert.deepEqual(await devices[0].end(), { code: 4001, reason: 'too many devices' });
  await devices[1].settled();
  await devices[2].settled();
  await watcher.settled();
  const types = watcher.messages.map(({ type }) => type).filter((type) => type.startsWith('player_'));
  assert.deepEqual(types, ['player_entered_sector']);
});

test('devices that come once and never again leave little behind', async (t) => {
  const server = await start(t, ['--max-devices', '0']);
  const before = memory(server);
  const stay = await player(t, server, { sub: 'b' });
  // 600 devices with 50 topics of their own, of names as long as may be.
  for (let round = 0; round < 30; ++round) {
    await Promise.all(Array.from({ length: 20 }, async (_, i) => {
      const client = await player(t, server, { sub: 'evil' }, { query: { device_id: `${round}-${i}` } });
      client.send({ type: 'subscribe', topics: Array.from({ length: 50 }, (__, n) => `market:${`${round}-${i}-${n}`.padEnd(121, 'x')}`) });
      await client.next('subscribed');
      client.socket.terminate();
    }));
  }
  await until(async () => (await api(server, 'GET', '/stats')).body.sockets === 1, 'the sockets to be gone');
  const { body } = await api(server, 'GET', '/stats');
  const grown = memory(server) - before;
  t.diagnostic(`${body.rooms} rooms, ${body.departures} departures, ${grown} bytes`);
  assert.ok(body.rooms < 3_000, `${body.rooms} rooms kept for one user who is gone`);
  await stay.settled();
});

test('a token that is far too long is malformed, and costs nothing', async (t) => {
  const server = await start(t);
  const long = new Player(server, { query: { token: `${token({ sub: 'a', x: 'y'.repeat(9_000) })}` } });
  assert.deepEqual(await long.end(), { code: 4401, reason: 'malformed' });
  const huge = new Player(server, { query: { token: 'x'.repeat(100_000) } });
  await until(() => huge.refused || huge.closed, 'an answer');
  assert.notEqual(huge.refused, 101);
});

test('who floods with refused connects fills no log and no memory', async (t) => {
  const server = await start(t, [], leanEnv);
  const before = memory(server);
  for (let round = 0; round < 20; ++round) {
    const many = Array.from({ length: 50 }, () => new Player(server, { query: { token: 'x' } }));
    await Promise.all(many.map((client) => client.end()));
  }
  assert.ok(server.output.split('\n').length < 200, 'the log is limited');
  assert.ok(memory(server) - before < 12 * megabyte);
  assert.equal((await metrics(server)).get('matchbus_bus_tokens_refused_total{reason="malformed"}'), 1000);
});

test('before it is let in a client may not fill memory', async (t) => {
  const outside = await new Services().start(t);
  outside.answer('POST /connect', hang);
  const server = await start(t, [], { DIRECTORY: 'http', DIRECTORY_URL: `${outside.url}/connect`, COMMAND_TIMEOUT: '5000' });
  const before = memory(server);
  const raw = await rawConnection(t, server.ports.output);
  const head = ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
  raw.write(`GET /api/v1/ws?token=${token({ sub: 'a' })} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`);
  await outside.next('POST /connect');
  for (let i = 0; i < 40; ++i) raw.write(Buffer.alloc(megabyte));
  await new Promise((done) => setTimeout(done, 500));
  assert.ok(memory(server) - before < 5 * megabyte);
});
