// Rows from the backend's connect hook: it answers, refuses, fails, is slow; and what happens meanwhile.

import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';

import { api, busEnv, inSeconds, openPlayer, player, publish } from '../support/bus.mjs';
import { metrics } from '../support/http.mjs';
import { startServer } from '../support/server.mjs';
import { closeEarly, closeHalfway, hang, hugeBody, noHttp, Services } from '../support/services.mjs';
import { until } from '../support/wait.mjs';

async function start(t, hook, env = {}) {
  const outside = await new Services().start(t);
  outside.answer('POST /connect', hook);
  const server = await startServer({
    t,
    env: { ...busEnv, DIRECTORY: 'http', DIRECTORY_URL: `${outside.url}/connect`, COMMAND_TIMEOUT: '500', ...env },
  });
  return { server, outside };
}
const say = (response, status, body) => response.writeHead(status, { 'Content-Type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body));

test('the row is that of the backend, whatever the token claims', async (t) => {
  const { server, outside } = await start(t, (_, response) => say(response, 200, { username: 'Real', sector_id: 9, team_id: 't9', region_id: null, role: 'captain' }), { COMMAND_TOKEN: 'tok' });
  const a = await player(t, server, { sub: 'a', username: 'Fake', sector_id: 1, team_id: 't1', region_id: 'r1', role: 'admin', extra: [1] });
  const { rooms, topics, ...state } = a.messages[0].your_state;
  assert.deepEqual(state, { user_id: 'a', username: 'Real', sector_id: '9', team_id: 't9', region_id: null, role: 'captain' });
  assert.deepEqual(rooms.sort(), ['global', 'personal:a', 'sector:9', 'team:t9']);
  assert.deepEqual(topics, []);
  const { body, headers } = await outside.next('POST /connect');
  assert.equal(body.user_id, 'a');
  assert.deepEqual(body.claims.extra, [1]);
  assert.equal(headers.authorization, 'Bearer tok');
  assert.equal((await openPlayer(t, server, { sub: 'a', role: 'admin' }, { path: '/api/v1/ws/admin' }).end()).code, 4003, 'no admin by claim');
});

test('a refusal closes with 4003, a failure with 1013, and neither is in any room', async (t) => {
  const answers = {
    refused: [(response) => say(response, 403, { error: 'banned' }), 4003],
    unknown: [(response) => say(response, 404, {}), 4003],
    broken: [(response) => say(response, 500, {}), 1013],
    busy: [(response) => say(response, 429, {}), 1013],
    gateway: [(response) => say(response, 502, '<html>'), 1013],
    moved: [(response) => response.writeHead(302, { Location: '/elsewhere' }).end(), 1013],
    other: [(response) => say(response, 200, { user_id: 'king', sector_id: 1 }), 1013],
    array: [(response) => say(response, 200, []), 1013],
    text: [(response) => say(response, 200, 'hello'), 1013],
    empty: [(response) => say(response, 200, ''), 1013],
    bytes: [(response) => say(response, 200, Buffer.from('{"username":"\xff"}', 'latin1').toString('latin1')), null],
    odd: [(response) => say(response, 200, { sector_id: { a: 1 } }), 1013],
    long: [(response) => say(response, 200, { username: 'x'.repeat(10_000) }), 1013],
    silent: [hang, 1013],
    early: [(response) => closeEarly(null, response), 1013],
    halfway: [(response) => closeHalfway(null, response), 1013],
    huge: [(response) => hugeBody(null, response), 1013],
    mail: [(response) => noHttp(null, response), 1013],
  };
  const { server } = await start(t, (entry, response) => answers[entry.body.user_id][0](response));
  for (const [sub, [, code]] of Object.entries(answers)) {
    if (code === null) continue;
    const client = openPlayer(t, server, { sub });
    assert.equal((await client.end()).code, code, sub);
    assert.deepEqual(client.messages, [], sub);
  }
  const { body } = await api(server, 'GET', '/stats');
  assert.equal(body.sockets, 0);
  assert.equal(body.rooms, 0);
  assert.equal((await metrics(server)).get('matchbus_bus_clients_refused_total{reason="forbidden"}'), 2);
});

test('a directory that is not there: 1013', async (t) => {
  const closed = net.createServer();
  await new Promise((done) => closed.listen(0, '127.0.0.1', done));
  const { port } = closed.address();
  await new Promise((done) => closed.close(done));
  const server = await startServer({ t, env: { ...busEnv, DIRECTORY: 'http', DIRECTORY_URL: `http://127.0.0.1:${port}/connect` } });
  assert.equal((await openPlayer(t, server, { sub: 'a' }).end()).code, 1013);
});

test('a bad token never reaches the directory', async (t) => {
  const { server, outside } = await start(t, (_, response) => say(response, 200, {}));
  assert.equal((await openPlayer(t, server, { sub: 'a', exp: 1 }).end()).code, 4401);
  assert.equal((await openPlayer(t, server, {}, { query: { token: 'x' } }).end()).code, 4401);
  await player(t, server, { sub: 'b' });
  assert.deepEqual(outside.requests.map(({ body }) => body.user_id), ['b']);
});

test('while a row is looked up nobody is in a room, and what the client says is not lost', async (t) => {
  let answer;
  const { server, outside } = await start(t, (_, response) => (answer = () => say(response, 200, { sector_id: 's' })), { COMMAND_TIMEOUT: '10000' });
  const a = openPlayer(t, server, { sub: 'a' });
  await outside.next('POST /connect');
  assert.equal((await publish(server, { room: 'global', message: { type: 'x' } })).body.receivers, 0);
  assert.equal((await metrics(server)).get('matchbus_bus_lookups'), 1);
  answer();
  await a.next('connected');
  await a.settled();
  assert.equal(a.all('x').length, 0);
  assert.equal((await metrics(server)).get('matchbus_bus_lookups'), 0);
});

// "The new socket wins" (seed, single connection per user): new is who came later, not whose row came later.
test('two connects of a device: the later wins, though its row comes first', async (t) => {
  const answers = [];
  const { server } = await start(t, (_, response) => answers.push(() => say(response, 200, { sector_id: 's' })), { COMMAND_TIMEOUT: '10000' });
  const first = openPlayer(t, server, { sub: 'a' });
  await until(() => answers.length === 1, 'the first lookup');
  const second = openPlayer(t, server, { sub: 'a' });
  await until(() => answers.length === 2, 'the second lookup');
  answers[1]();
  await second.next('connected');
  answers[0]();
  await until(() => first.closed || first.messages.length, 'the fate of the first');
  await second.settled();
  assert.equal(first.closed?.code, 4001);
});

test('a token that expires during the lookup lets nobody in for long', async (t) => {
  let answer;
  const { server, outside } = await start(t, (_, response) => (answer = () => say(response, 200, { sector_id: 's' })), { COMMAND_TIMEOUT: '10000', PRESENCE_SWEEP: '100' });
  // Not before the server runs, and with time to connect: a token that is over by then is refused without a lookup.
  const exp = inSeconds(3);
  const a = openPlayer(t, server, { sub: 'a', exp });
  await outside.next('POST /connect');
  await until(() => Date.now() / 1000 > exp, 'the time');
  answer();
  assert.deepEqual(await a.end(), { code: 4401, reason: 'expired' });
});

test('a row that names an admin opens the admin door', async (t) => {
  const { server } = await start(t, (_, response) => say(response, 200, { role: 'admin' }));
  const root = await player(t, server, { sub: 'root' }, { path: '/api/v1/ws/admin' });
  assert.ok(root.messages[0].your_state.rooms.includes('admin'));
});
