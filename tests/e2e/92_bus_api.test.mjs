// The services' API: its errors, batches, idempotency, and that it holds under load.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { api, apiKey, busEnv, player, publish } from '../support/bus.mjs';
import { request } from '../support/http.mjs';
import { startServer, stopServer } from '../support/server.mjs';

const server = await startServer({ env: busEnv, args: ['--max-message', '300000'] });
after(() => stopServer(server));

let last = 0;
const unique = (name) => `${name}${++last}`;
const global = (more) => ({ room: 'global', message: { type: 'x' }, ...more });

test('401: no key, a wrong one, the player\'s token, another scheme; each without effect', async (t) => {
  const a = await player(t, server, { sub: unique('u') });
  for (const authorization of [undefined, '', 'Bearer', 'Bearer ', 'Bearer x', `Bearer ${apiKey}x`, `Bearer ${apiKey.slice(0, -1)}`, `Bearer ${apiKey.toUpperCase()}`, `Basic ${apiKey}`, apiKey]) {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    const options = { method: 'POST', headers, body: JSON.stringify(global()) };
    assert.equal((await request(server, 'extras', '/api/v1/bus/publish', options)).status, 401, authorization);
    assert.equal((await request(server, 'extras', `/api/v1/bus/stats?key=${encodeURIComponent(apiKey)}`, { headers })).status, 401);
  }
  await a.settled();
  assert.equal(a.all('x').length, 0);
});

test('404: other paths, methods, and other ports', async () => {
  for (const [method, path] of [['GET', '/publish'], ['PUT', '/publish'], ['POST', '/stats'], ['POST', '/presence'], ['GET', '/move'], ['GET', '/disconnect'], ['POST', '/publish/'], ['POST', '/Publish'], ['GET', '']])
    assert.equal((await api(server, method, path, method === 'GET' ? undefined : {})).status, 404, `${method} ${path}`);
  const options = { method: 'POST', headers: { Authorization: `Bearer ${apiKey}` }, body: '{}' };
  for (const port of ['output', 'ingest']) assert.notEqual((await request(server, port, '/api/v1/bus/publish', options)).status, 200, port);
});

// Sent on, such a byte would be the end of every connection that gets it.
test('400: what is no UTF-8 reaches nobody', async (t) => {
  const a = await player(t, server, { sub: unique('u'), sector_id: 7 });
  const headers = { Authorization: `Bearer ${apiKey}` };
  for (const [path, text] of [
    ['/publish', '{"room":"global","message":{"type":"x","text":"\xff"}}'],
    ['/publish', '[{"room":"global","message":{"type":"x","text":"\xc3"}}]'],
    ['/move', '{"user_id":"u","sector_id":"\xed\xa0\x80"}'],
    ['/disconnect', '{"user_id":"\xc0\x80"}'],
  ]) {
    const options = { method: 'POST', headers, body: Buffer.from(text, 'latin1') };
    assert.equal((await request(server, 'extras', `/api/v1/bus${path}`, options)).status, 400, path);
  }
  const presence = await request(server, 'extras', '/api/v1/bus/presence?room=sector:%ff', { headers });
  assert.equal(presence.status, 400);
  await a.settled();
  assert.equal(a.all('x').length, 0);
});

test('400 names the field', async () => {
  const ask = async (path, body, field) => {
    const answer = await api(server, 'POST', path, body);
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.equal(answer.body.field, field, JSON.stringify(body));
    assert.equal(typeof answer.body.error, 'string');
  };
  for (const body of ['', 'x', '{', '{"room":"global"', '[', '\u0000']) await ask('/publish', body, '');
  for (const body of ['7', 'null', '"x"', 'true']) await ask('/publish', body, '');
  await ask('/publish', {}, 'message');
  for (const message of [null, 7, 'x', [], [{ type: 'x' }]]) await ask('/publish', global({ message }), 'message');
  for (const type of [undefined, null, 7, '', {}]) await ask('/publish', global({ message: { type } }), 'message.type');
  for (const room of ['', 'x', 'sector', 'sector:', 'team:', 'personal:', 'region:', 'Global', 'global:', 'market:ore', 'topic:x', 7, {}, [], ['global']]) await ask('/publish', { room, message: { type: 'x' } }, 'room');
  for (const topic of ['', 'x', 'market:', 'combat:', 'sector:7', 'global', 'market:station:', `market:${'x'.repeat(122)}`, 7, {}]) await ask('/publish', { topic, message: { type: 'x' } }, 'topic');
  await ask('/publish', { message: { type: 'x' } }, 'room');
  await ask('/publish', { room: 'global', topic: 'market:x', message: { type: 'x' } }, 'topic');
  for (const exclude of [{}, [], true, 1.5, 'x'.repeat(1000)]) await ask('/publish', global({ exclude }), 'exclude');
  for (const kind of ['', 'Normal', 'loud', 7, {}]) await ask('/publish', global({ class: kind }), 'class');
  for (const path of ['/move', '/disconnect']) {
    for (const body of ['', '[]', '7', 'null']) await ask(path, body, '');
    for (const user_id of [undefined, null, '', {}, [], true, 1.5]) await ask(path, { user_id, sector_id: 1 }, 'user_id');
  }
  for (const field of ['sector_id', 'team_id', 'region_id']) {
    for (const value of [{}, [], true, 1.5, 'x'.repeat(1000)]) await ask('/move', { user_id: 'u', [field]: value }, field);
  }
  await ask('/disconnect', { user_id: 'u', device_id: 7 }, 'device_id');
  for (const code of [0, 999, 1001, 1005, 1006, 1015, 2000, 5000, -1, 1.5, '1000', {}]) await ask('/disconnect', { user_id: 'u', code }, 'code');
  for (const reason of ['é'.repeat(62), 7, {}]) await ask('/disconnect', { user_id: 'u', reason }, 'reason');
  for (const query of ['', '?room=', '?room=x', '?room=sector:', '?Room=global']) {
    const answer = await api(server, 'GET', `/presence${query}`);
    assert.deepEqual([answer.status, answer.body.field], [400, 'room'], query);
  }
});

test('413: a body that is too large', async () => {
  assert.equal((await publish(server, global({ message: { type: 'x', filler: 'x'.repeat(300_001) } }))).status, 413);
  assert.equal((await publish(server, global())).status, 200);
});

test('a batch is answered in its order, entry by entry, the bad ones without effect', async (t) => {
  const sector = unique('s');
  const a = await player(t, server, { sub: unique('u'), sector_id: sector });
  const batch = Array.from({ length: 1_000 }, (_, n) => (n % 7 === 3 ? { room: 'nowhere', message: { type: 'batch', n } } : { room: `sector:${sector}`, message: { type: 'batch', n } }));
  const { status, body } = await publish(server, batch);
  assert.equal(status, 200);
  assert.equal(body.length, 1_000);
  body.forEach((entry, n) => assert.equal(entry.status, n % 7 === 3 ? 400 : 200));
  const good = body.filter((entry) => entry.status === 200);
  await a.next('batch', good.length);
  await a.settled();
  assert.deepEqual(a.all('batch').map(({ n }) => n), batch.map((_, n) => n).filter((n) => n % 7 !== 3));
  assert.deepEqual(a.all('batch').map(({ event_id }) => event_id), good.map(({ event_id }) => event_id));
  assert.deepEqual((await publish(server, [])).body, []);
});

test('numbers reach clients digit for digit, those that no double holds, too', async (t) => {
  const user = unique('u');
  const a = await player(t, server, { sub: user });
  const texts = [];
  a.socket.on('message', (data) => texts.push(data.toString()));
  const members = '"id":9007199254740993,"list":[-9007199254740995,18446744073709551615,123456789012345678901234567890],"deep":{"balance":0.1234567890123456789},"small":7';
  assert.equal((await publish(server, `{"room":"personal:${user}","message":{"type":"ledger",${members}}}`)).status, 200);
  assert.equal((await publish(server, `[ {"room": "personal:${user}", "message": {"type": "ledger", "n": 9007199254740993, "far": 1e400 }} ]`)).status, 200);
  await a.next('ledger', 2);
  const ledgers = texts.filter((text) => text.includes('"ledger"')).map((text) => text.replace(/^\{"event_id":\d+,/, '{'));
  assert.deepEqual(ledgers, [`{"type":"ledger",${members}}`, '{"type":"ledger","n":9007199254740993,"far":null}']);
});

test('batches of several services at once are not mixed up', async (t) => {
  const sector = unique('s');
  const a = await player(t, server, { sub: unique('u'), sector_id: sector });
  const answers = await Promise.all(Array.from({ length: 8 }, (_, from) => publish(server, Array.from({ length: 500 }, (__, n) => ({ room: `sector:${sector}`, message: { type: 'mixed', from, n } })))));
  assert.ok(answers.every(({ status, body }) => status === 200 && body.length === 500));
  await a.next('mixed', 4_000);
  for (let from = 0; from < 8; ++from) assert.deepEqual(a.all('mixed').filter((message) => message.from === from).map(({ n }) => n), Array.from({ length: 500 }, (_, n) => n));
});

test('an Idempotency-Key: once, with the same answer, also for a batch and a move; bound to the body', async (t) => {
  const user = unique('u');
  const a = await player(t, server, { sub: user, sector_id: unique('s') });
  const key = () => ({ headers: { 'Idempotency-Key': unique('key') } });
  const batch = [{ room: `personal:${user}`, message: { type: 'once', n: 1 } }, { room: 'nowhere', message: { type: 'once' } }];
  const one = key();
  const answers = await Promise.all(Array.from({ length: 6 }, () => publish(server, batch, one)));
  const done = answers.filter(({ status }) => status === 200);
  assert.ok(done.length >= 1 && answers.every(({ status }) => status === 200 || status === 409));
  for (const { body } of done) assert.deepEqual(body, done[0].body);
  assert.deepEqual((await publish(server, batch, one)).body, done[0].body);
  assert.equal((await publish(server, [batch[0]], one)).status, 422);

  const two = key();
  const move = { user_id: user, sector_id: unique('s') };
  await api(server, 'POST', '/move', move, two);
  await api(server, 'POST', '/move', { user_id: user, sector_id: unique('s') });
  assert.deepEqual((await api(server, 'POST', '/move', move, two)).body, { moved: true });
  await a.settled();
  assert.equal(a.all('once').length, 1);
  assert.equal(a.all('state_changed').length, 2);

  // An error is an answer, too.
  const three = key();
  assert.equal((await publish(server, { room: 'x' }, three)).status, 400);
  assert.equal((await publish(server, { room: 'x' }, three)).status, 400);
  for (const bad of ['', 'x'.repeat(257)]) assert.equal((await publish(server, global(), { headers: { 'Idempotency-Key': bad } })).status, 400);
});

test('429 and Retry-After under a limit, then it goes on', async (t) => {
  const small = await startServer({ t, env: { ...busEnv, BUS_API_RATE: '20' } });
  const statuses = [];
  for (let i = 0; i < 30; ++i) statuses.push((await publish(small, global())).status);
  assert.ok(statuses.includes(200) && statuses.includes(429));
  assert.ok(statuses.every((status) => status === 200 || status === 429));
});

test('a move or disconnect of nobody is no error', async () => {
  assert.deepEqual((await api(server, 'POST', '/move', { user_id: 'nobody', sector_id: 1 })).body, { moved: false });
  assert.deepEqual((await api(server, 'POST', '/disconnect', { user_id: 'nobody' })).body, { disconnected: 0 });
});

test('disconnect: all devices or one, with the code and reason that are given', async (t) => {
  const user = unique('u');
  const devices = {};
  for (const device_id of ['', 'phone', 'pad']) devices[device_id] = await player(t, server, { sub: user }, { query: device_id ? { device_id } : {} });
  assert.deepEqual((await api(server, 'POST', '/disconnect', { user_id: user, device_id: 'phone', code: 4999, reason: 'é'.repeat(61) })).body, { disconnected: 1 });
  assert.deepEqual(await devices.phone.end(), { code: 4999, reason: 'é'.repeat(61) });
  assert.deepEqual((await api(server, 'POST', '/disconnect', { user_id: user })).body, { disconnected: 2 });
  assert.equal((await devices[''].end()).code, 1000);
  assert.equal((await devices.pad.end()).code, 1000);
});

test('exclude leaves out all devices of the user', async (t) => {
  const user = unique('u');
  const sector = unique('s');
  const devices = [await player(t, server, { sub: user, sector_id: sector }), await player(t, server, { sub: user, sector_id: sector }, { query: { device_id: 'phone' } })];
  const other = await player(t, server, { sub: unique('u'), sector_id: sector });
  assert.equal((await publish(server, { room: `sector:${sector}`, message: { type: 'x' }, exclude: user })).body.receivers, 1);
  await other.next('x');
  for (const device of devices) {
    await device.settled();
    assert.equal(device.all('x').length, 0);
  }
});

test('numbers and texts name the same rooms and users', async (t) => {
  const a = await player(t, server, { sub: '4711', sector_id: 815 });
  assert.equal((await publish(server, { room: 'sector:815', message: { type: 'x' } })).body.receivers, 1);
  assert.equal((await publish(server, { room: 'sector:815', message: { type: 'x' }, exclude: 4711 })).body.receivers, 0);
  assert.deepEqual((await api(server, 'POST', '/move', { user_id: 4711, sector_id: '816' })).body, { moved: true });
  assert.equal((await a.next('state_changed')).your_state.sector_id, '816');
  assert.deepEqual((await api(server, 'POST', '/disconnect', { user_id: 4711 })).body, { disconnected: 1 });
});
