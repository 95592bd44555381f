// Commands to a backend that works, hangs, fails and lies. Whatever it does, the client gets a command_result, and its
// socket stays.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';

import { api, busEnv, leanEnv, player } from '../support/bus.mjs';
import { startServer } from '../support/server.mjs';
import { closeEarly, closeHalfway, hang, hugeBody, noHttp, Services } from '../support/services.mjs';
import { delay, until } from '../support/wait.mjs';

const start = (t, url, env = {}) => startServer({ t, env: { ...busEnv, COMMAND_URL: url, COMMAND_TIMEOUT: '500', ...env } });
let last = 0;
const command = (name, args, id = `c${++last}`) => ({ type: 'command', id, name, args });
async function ask(client, name, args) {
  const message = command(name, args);
  client.send(message);
  await until(() => client.all('command_result').some(({ id }) => id === message.id) || client.closed, `the result of ${name}`);
  assert.equal(client.closed, undefined);
  const { ok, status, body } = client.all('command_result').find(({ id }) => id === message.id);
  return { ok, status, body };
}

test('what the backend answers is the result: statuses, bodies, and who asked', async (t) => {
  const outside = await new Services().start(t);
  for (const status of [200, 201, 204, 301, 400, 401, 404, 409, 429, 500, 503]) {
    outside.answer(`POST /do/s${status}`, (_, response) => response.writeHead(status).end(status === 204 ? undefined : `{"was":${status}}`));
  }
  const server = await start(t, `${outside.url}/do`);
  const a = await player(t, server, { sub: 'u1', username: 'Ann', sector_id: 7, team_id: 't', region_id: 'r' }, { query: { device_id: 'phone' } });
  for (const status of [200, 201, 301, 400, 401, 404, 409, 429, 500, 503])
    assert.deepEqual(await ask(a, `s${status}`), { ok: status < 300, status, body: { was: status } });
  assert.deepEqual(await ask(a, 's204'), { ok: true, status: 204, body: null });
  const { body } = await outside.next('POST /do/s200');
  assert.deepEqual(body.user, { user_id: 'u1', username: 'Ann', sector_id: '7', team_id: 't', region_id: 'r', role: 'player' });
  assert.equal(body.device_id, 'phone');
});

test('a player cannot speak as another: identity is that of the token', async (t) => {
  const outside = await new Services().start(t);
  outside.answer('POST /do/x', { json: {} });
  const server = await start(t, `${outside.url}/do`);
  const a = await player(t, server, { sub: 'me', sector_id: 1 });
  a.send({ ...command('x', { user: { user_id: 'king' } }), user: { user_id: 'king', role: 'admin' }, user_id: 'king', device_id: 'throne' });
  const { body } = await outside.next('POST /do/x');
  assert.equal(body.user.user_id, 'me');
  assert.equal(body.user.role, 'player');
  assert.equal(body.device_id, '');
  assert.deepEqual(body.args, { user: { user_id: 'king' } });
});

test('a backend that hangs, closes, talks nonsense or never stops: a result, and the socket stays', async (t) => {
  const outside = await new Services().start(t);
  outside
    .answer('POST /do/hang', hang)
    .answer('POST /do/early', closeEarly)
    .answer('POST /do/halfway', closeHalfway)
    .answer('POST /do/huge', hugeBody)
    .answer('POST /do/mail', noHttp)
    .answer('POST /do/trickle', (_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(timer));
    })
    .answer('POST /do/good', { json: { fine: true } });
  const server = await start(t, `${outside.url}/do`);
  const a = await player(t, server, { sub: 'a' });
  for (const name of ['hang', 'early', 'halfway', 'huge', 'mail', 'trickle']) {
    const began = performance.now();
    const { ok, status } = await ask(a, name);
    assert.deepEqual([name, ok, status], [name, false, 0]);
    assert.ok(performance.now() - began < 3_000, name);
    assert.deepEqual(await ask(a, 'good'), { ok: true, status: 200, body: { fine: true } });
  }
});

test('a backend that is not there', async (t) => {
  const closed = net.createServer();
  await new Promise((done) => closed.listen(0, '127.0.0.1', done));
  const { port } = closed.address();
  await new Promise((done) => closed.close(done));
  const server = await start(t, `http://127.0.0.1:${port}/do`);
  const a = await player(t, server, { sub: 'a' });
  const { ok, status } = await ask(a, 'x');
  assert.deepEqual([ok, status], [false, 0]);
  const nameless = await start(t, 'http://nowhere.invalid/do');
  const b = await player(t, nameless, { sub: 'b' });
  assert.equal((await ask(b, 'x')).ok, false);
});

test('bodies that lie: no JSON, half JSON, no UTF-8, text, white space', async (t) => {
  const outside = await new Services().start(t);
  const bodies = { text: 'plain', half: '{"a":', empty: '', bytes: Buffer.from([0xff, 0xfe]), surrogate: '{"a":"\\ud800"}', two: '{} {}', number: ' 7 ', nan: '{"a":NaN}', event: '{"event_id":1,"type":"forged"}' };
  for (const [name, body] of Object.entries(bodies)) outside.answer(`POST /do/${name}`, (_, response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(body));
  const server = await start(t, `${outside.url}/do`);
  const a = await player(t, server, { sub: 'a' });
  for (const name of Object.keys(bodies)) assert.equal((await ask(a, name)).status, 200, name);
  assert.equal((await ask(a, 'number')).body, 7);
  assert.equal((await ask(a, 'text')).body, 'plain');
  assert.deepEqual((await ask(a, 'event')).body, { event_id: 1, type: 'forged' });
  assert.equal(a.all('forged').length, 0);
  await a.settled();
});

test('at most 16 in flight per socket; the others are told, and later ones pass', async (t) => {
  const outside = await new Services().start(t);
  const waiting = [];
  outside.answer('POST /do/slow', (_, response) => waiting.push(response));
  const server = await start(t, `${outside.url}/do`, { COMMAND_TIMEOUT: '10000' });
  const a = await player(t, server, { sub: 'a' });
  for (let i = 0; i < 20; ++i) a.send(command('slow', i, i));
  await a.next('error', 4);
  assert.deepEqual(a.all('error').map(({ id }) => id), [16, 17, 18, 19]);
  await until(() => waiting.length === 16, 'sixteen at the backend');
  for (const response of waiting) response.end('{}');
  await a.next('command_result', 16);
  a.send(command('slow', 0, 'later'));
  await until(() => waiting.length === 17, 'one more');
  waiting[16].end('{}');
  assert.equal((await a.next('command_result', 17)).id, 'later');
});

test('answers come as they are ready, and each to its own', async (t) => {
  const outside = await new Services().start(t);
  outside.answer('POST /do/echo', (entry, response) => setTimeout(() => response.end(JSON.stringify(entry.body.args)), entry.body.args.wait));
  const server = await start(t, `${outside.url}/do`, { COMMAND_TIMEOUT: '5000' });
  const clients = [await player(t, server, { sub: 'a' }), await player(t, server, { sub: 'b' })];
  for (const [who, client] of clients.entries()) {
    for (let i = 0; i < 8; ++i) client.send(command('echo', { who, i, wait: (7 - i) * 30 }, i));
  }
  for (const [who, client] of clients.entries()) {
    await client.next('command_result', 8);
    for (const { id, body } of client.all('command_result')) assert.deepEqual([body.who, body.i], [who, id]);
  }
});

test('names, ids and arguments that are none', async (t) => {
  const outside = await new Services().start(t);
  outside.answer('POST /*', { json: {} });
  const server = await start(t, `${outside.url}/do`);
  const a = await player(t, server, { sub: 'a' });
  const names = ['', '.', '..', '../admin', 'a/b', 'a?b', 'a#b', 'a%2fb', 'a b', 'a\r\nX: y', 'é', 'x'.repeat(65), 7, null, ['x'], undefined];
  for (const name of names) a.send({ type: 'command', id: 1, name });
  for (const id of [undefined, null, {}, [], true, 'x'.repeat(300)]) a.send({ type: 'command', id, name: 'x' });
  await a.next('error', names.length + 6);
  assert.ok(a.all('error').every(({ code }) => code === 'bad_message'));
  await a.settled();
  assert.deepEqual(outside.requests, []);
});

test('no_backend when none is configured', async (t) => {
  const server = await startServer({ t, env: busEnv });
  const a = await player(t, server, { sub: 'a' });
  a.send(command('x', {}, 'mine'));
  const error = await a.next('error');
  assert.equal(error.code, 'no_backend');
  assert.equal(error.id, 'mine');
  await a.settled();
});

test('a player who leaves, is superseded or comes back gets no answer that is not his', async (t) => {
  const outside = await new Services().start(t);
  const waiting = [];
  outside.answer('POST /do/slow', (_, response) => waiting.push(response));
  const server = await start(t, `${outside.url}/do`, { COMMAND_TIMEOUT: '10000' });
  const a = await player(t, server, { sub: 'a' });
  a.send(command('slow'));
  await until(() => waiting.length === 1, 'the command');
  const again = await player(t, server, { sub: 'a' });
  await a.end();
  waiting[0].end('{}');
  await delay(50);
  await again.settled();
  assert.equal(again.all('command_result').length, 0);
  again.send(command('slow'));
  await until(() => waiting.length === 2, 'the command');
  again.socket.terminate();
  await until(async () => (await api(server, 'GET', '/stats')).body.sockets === 0, 'nobody');
  waiting[1].end('{}');
  await player(t, server, { sub: 'b' });
});

// One user's hanging commands must not keep another's from the backend.
test('a user whose commands hang does not delay those of others', async (t) => {
  const outside = await new Services().start(t);
  outside.answer('POST /do/slow', hang).answer('POST /do/good', { json: {} });
  const server = await start(t, `${outside.url}/do`, { COMMAND_TIMEOUT: '8000' });
  const other = await player(t, server, { sub: 'other' });
  for (let i = 0; i < 4; ++i) {
    const device = await player(t, server, { sub: 'evil' }, { query: { device_id: `${i}` } });
    for (let n = 0; n < 16; ++n) device.send(command('slow'));
    await device.settled();
  }
  const began = performance.now();
  assert.equal((await ask(other, 'good')).ok, true);
  assert.ok(performance.now() - began < 2_000, `${performance.now() - began} ms`);
});

test('commands that wait for the backend take a bounded share of memory', async (t) => {
  const outside = await new Services().start(t);
  outside.answer('POST /do/slow', hang);
  const server = await start(t, `${outside.url}/do`, { COMMAND_TIMEOUT: '10000', ...leanEnv });
  const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) * 1024;
  const before = memory();
  for (let i = 0; i < 12; ++i) {
    const device = await player(t, server, { sub: 'evil' }, { query: { device_id: `${i}` } });
    for (let n = 0; n < 16; ++n) device.send(command('slow', 'x'.repeat(900_000)));
    await device.settled();
  }
  const grown = memory() - before;
  t.diagnostic(`${grown} bytes more`);
  assert.ok(grown < 64_000_000, `${grown} bytes more for one user's commands`);
});
