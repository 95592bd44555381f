// The realtime bus: who comes in, what is said first, rooms and moves, the services' API, commands, topics.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import jsonPatch from 'fast-json-patch';

import { api, apiKey, busEnv, es256, inSeconds, openPlayer, Player, player, publish, rs256, secret, token } from '../support/bus.mjs';
import { metrics, request } from '../support/http.mjs';
import { groupCode, observer, viewer } from '../support/match.mjs';
import { Server, startServer, stopServer, temporaryDirectory } from '../support/server.mjs';
import { hang, Services } from '../support/services.mjs';
import { until } from '../support/wait.mjs';

const ann = { sub: 'u1', username: 'Ann', sector_id: 7, team_id: 't1', region_id: 'r1' };
const bob = { sub: 'u2', username: 'Bob', sector_id: '7' };
const start = (t, env = {}, options = {}) => startServer({ t, env: { ...busEnv, ...env }, ...options });

test('a player comes in with the rooms of his token', async (t) => {
  const server = await start(t);
  const first = await player(t, server, ann);
  const [connected] = first.messages;
  assert.equal(connected.type, 'connected');
  assert.equal(connected.recovered, false);
  assert.ok(Number.isSafeInteger(connected.event_id));
  assert.match(connected.server_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const { rooms, topics, ...state } = connected.your_state;
  assert.deepEqual(state, { user_id: 'u1', username: 'Ann', sector_id: '7', team_id: 't1', region_id: 'r1', role: 'player' });
  assert.deepEqual(rooms.sort(), ['global', 'personal:u1', 'region:r1', 'sector:7', 'team:t1']);
  assert.deepEqual(topics, []);

  const second = await player(t, server, bob, { path: '/api/v1/ws/connect' });
  const { event_id, ...entered } = await first.next('player_entered_sector');
  assert.deepEqual(entered, { type: 'player_entered_sector', user_id: 'u2', username: 'Bob', sector_id: '7' });
  assert.ok(event_id > connected.event_id);
  await second.settled();
  assert.deepEqual(second.types, ['connected', 'heartbeat_ack'], 'nobody is told of his own arrival');
});

test('a refused token is told by close code 4401 and the reason', async (t) => {
  const server = await start(t, { JWT_AUDIENCE: 'bus', JWT_ISSUER: 'game' });
  const good = { sub: 'u', aud: 'bus', iss: 'game' };
  const refusal = (query, options) => new Player(server, { query, ...options }).end();
  const reasonOf = async (text) => (await refusal({ token: text })).reason;
  assert.deepEqual(await refusal({}), { code: 4401, reason: 'token missing' });
  assert.deepEqual(await refusal({ token: '' }), { code: 4401, reason: 'token missing' });
  assert.deepEqual(await refusal({ token: 'x' }), { code: 4401, reason: 'malformed' });
  assert.deepEqual(await refusal({ token: 'x' }, { path: '/api/v1/ws/admin' }), { code: 4401, reason: 'malformed' });
  assert.equal(await reasonOf(token({ ...good, exp: inSeconds(-1) })), 'expired');
  assert.equal(await reasonOf(token({ ...good, nbf: inSeconds(60) })), 'not yet valid');
  assert.equal(await reasonOf(token({ ...good, aud: 'web' })), 'wrong audience');
  assert.equal(await reasonOf(token({ ...good, iss: undefined })), 'wrong audience');
  assert.equal(await reasonOf(token(good, { key: `${secret}x` })), 'bad signature');
  assert.equal(await reasonOf(token(good, { header: { alg: 'none' } })), 'bad signature');
  assert.equal(await reasonOf(token({ ...good, exp: `${inSeconds(60)}` })), 'malformed');
  assert.equal(await reasonOf(`${token(good)}=`), 'malformed');
  assert.equal(await reasonOf(`${token(good)}.x`), 'malformed');
  await player(t, server, good);
  assert.equal((await metrics(server)).get('matchbus_bus_tokens_refused_total{reason="bad signature"}'), 2);
});

test('the token may stand in a header', async (t) => {
  const server = await start(t);
  const headers = { Authorization: `Bearer ${token(ann)}` };
  const inside = new Player(server, { headers });
  t.after(() => inside.socket.terminate());
  await inside.next('connected');
});

test('without a key there is no bus', async (t) => {
  const server = await startServer({ t });
  const outside = new Player(server, { query: { token: token(ann) } });
  await until(() => outside.refused, 'an answer');
  assert.equal(outside.refused, 503);
  await server.said(/no key for tokens is configured/);
  assert.equal((await publish(server, { room: 'global', message: { type: 'x' } })).status, 404, 'nor its API');
});

test('a weak or contradictory key keeps the server from starting', async () => {
  for (const [env, problem] of [
    [{ JWT_SECRET: 'short' }, /JWT_SECRET: a secret needs 32 bytes/],
    [{ JWT_SECRET: secret, JWT_PUBLIC_KEY: 'key.pem' }, /JWT_PUBLIC_KEY: cannot read 'key.pem'/],
    [{ JWT_SECRET: secret, DIRECTORY: 'http' }, /--directory-url/],
    [{ JWT_SECRET: secret, DIRECTORY: 'redis' }, /redis/],
    [{ COMMAND_URL: 'nowhere' }, /--command-url/],
  ]) {
    const server = new Server({ env });
    const { code } = await server.ended;
    assert.equal(code, 2);
    assert.match(server.output, problem);
  }
});

test('public keys are exchanged on SIGHUP, and the one before stays good', async (t) => {
  const cwd = temporaryDirectory();
  const current = join(cwd, 'current.pem');
  const previous = join(cwd, 'previous.pem');
  const pem = ({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' });
  const old = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const next = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(current, pem(old));
  const server = await startServer({ t, env: { JWT_PUBLIC_KEY: current } });
  const byOld = token(ann, { header: { alg: 'RS256' }, signer: rs256(old.privateKey) });
  const byNext = token(bob, { header: { alg: 'ES256' }, signer: es256(next.privateKey) });
  const comesIn = async (text) => {
    const client = new Player(server, { query: { token: text } });
    t.after(() => client.socket.terminate());
    await until(() => client.closed || client.messages.length, 'an answer');
    return client.closed?.reason ?? 'in';
  };
  assert.equal(await comesIn(byOld), 'in');
  assert.equal(await comesIn(byNext), 'bad signature');
  assert.equal(await comesIn(token(ann, { key: pem(old) })), 'bad signature', 'HS256 with the public key');

  await stopServer(server);
  writeFileSync(previous, pem(old));
  const rotating = await startServer({ t, env: { JWT_PUBLIC_KEY: current, JWT_PUBLIC_KEY_PREVIOUS: previous } });
  server.ports = rotating.ports;
  writeFileSync(current, pem(next));
  rotating.signal('SIGHUP');
  await rotating.said(/read the keys of the bus again/);
  assert.equal(await comesIn(byOld), 'in');
  assert.equal(await comesIn(byNext), 'in');
  writeFileSync(current, 'no key');
  rotating.signal('SIGHUP');
  await rotating.said(/kept the old keys for tokens/);
  assert.equal(await comesIn(byNext), 'in');
});

test('the secret in .env is exchanged on SIGHUP', async (t) => {
  const cwd = temporaryDirectory();
  const other = `${secret}, the second`;
  writeFileSync(join(cwd, '.env'), `JWT_SECRET="${secret}"\nBUS_API_KEY=the-first-of-all-keys\n`);
  const server = await startServer({ t, cwd });
  await player(t, server, ann);
  assert.equal((await api(server, 'GET', '/stats', undefined, { key: 'the-first-of-all-keys' })).status, 200);
  writeFileSync(join(cwd, '.env'), `JWT_SECRET="${other}"\nJWT_SECRET_PREVIOUS="${secret}"\nBUS_API_KEY=the-second-of-all-keys\n`);
  server.signal('SIGHUP');
  await server.said(/read the keys of the bus again/);
  await player(t, server, ann);
  await openPlayer(t, server, {}, { query: { token: token(bob, { key: other }) } }).next('connected');
  assert.equal((await api(server, 'GET', '/stats', undefined, { key: 'the-first-of-all-keys' })).status, 401);
  assert.equal((await api(server, 'GET', '/stats', undefined, { key: 'the-second-of-all-keys' })).status, 200);
});

test('a second connection of a device supersedes the first', async (t) => {
  const server = await start(t);
  const watcher = await player(t, server, bob);
  const first = await player(t, server, ann);
  await watcher.next('player_entered_sector');
  await player(t, server, ann, { query: { device_id: 'phone' } });
  const second = await player(t, server, ann);
  assert.deepEqual(await first.end(), { code: 4001, reason: 'superseded' });
  await second.settled();
  await watcher.settled();
  assert.equal(watcher.all('player_entered_sector').length, 1);
  assert.equal(watcher.all('player_left_sector').length, 0);
});

test('a move is a departure, then an arrival', async (t) => {
  const server = await start(t);
  const mover = await player(t, server, ann);
  const here = await player(t, server, bob);
  const there = await player(t, server, { sub: 'u3', sector_id: 8 });
  assert.deepEqual((await api(server, 'POST', '/move', { user_id: 'u1', sector_id: 8 })).body, { moved: true });
  assert.equal((await here.next('player_left_sector')).user_id, 'u1');
  assert.equal((await there.next('player_entered_sector')).sector_id, '8');
  assert.equal((await mover.next('state_changed')).your_state.sector_id, '8');
  await publish(server, { room: 'sector:8', message: { type: 'only_there' } });
  await mover.next('only_there');
  await here.settled();
  assert.equal(here.all('only_there').length, 0);
  assert.deepEqual((await api(server, 'POST', '/move', { user_id: 'nobody', sector_id: 8 })).body, { moved: false });
  await api(server, 'POST', '/move', { user_id: 'u1', region_id: 'r2' });
  assert.deepEqual(await mover.end(), { code: 4009, reason: 'region changed' });
});

test('services publish to rooms and topics, one or many at a time', async (t) => {
  const server = await start(t);
  const a = await player(t, server, ann);
  const b = await player(t, server, bob);
  a.send({ type: 'subscribe', topics: ['market:ore', 'market:station:s1', 'aria'] });
  await a.next('subscribed');
  const single = await publish(server, { room: 'sector:7', message: { type: 'storm', level: 3, event_id: 1 }, exclude: 'u1' });
  assert.equal(single.status, 200);
  assert.equal(single.body.receivers, 1);
  assert.deepEqual(await b.next('storm'), { event_id: single.body.event_id, type: 'storm', level: 3 });

  const prices = { station_id: 's1', commodity: 'ore', buy: 1, sell: 2, trend: 'up', supply: 3, demand: 4 };
  const many = await publish(server, [
    { topic: 'market:ore', message: { type: 'delta', n: 1 } },
    { message: { type: 'market_update', ...prices } },
    { message: { type: 'market_update', ...prices, sell: undefined } },
    { room: 'team:t1', topic: 'market:ore', message: { type: 'x' } },
    { topic: 'aria', message: { type: 'aria_message', user_id: 'u1', message_id: 1, role: 'assistant', content: 'hello' } },
    { message: { type: 'ship_destroyed', ship_id: 1, owner_id: 2, cause: 'rock', sector_id: 7 } },
    { message: { type: 'unknown' } },
    { room: 'sector:', message: { type: 'x' } },
    { room: 'global', message: { type: 'x' }, class: 'loud' },
    7,
  ]);
  assert.equal(many.status, 200);
  assert.deepEqual(
    many.body.map(({ status, receivers, field }) => field ?? `${status} ${receivers}`),
    ['200 1', '200 1', 'message.sell', 'topic', '200 1', '200 2', 'room', 'room', 'class', ''],
  );
  await a.settled();
  assert.deepEqual(
    a.types.filter((type) => !['connected', 'subscribed', 'player_entered_sector', 'heartbeat_ack'].includes(type)),
    ['delta', 'market_update', 'aria_message', 'ship_destroyed'],
    'in order, each once',
  );
  const ids = a.messages.map(({ event_id }) => event_id);
  assert.deepEqual(ids, [...ids].sort((x, y) => x - y));
});

test('the services are told what is wrong', async (t) => {
  const server = await start(t, {}, { args: ['--max-message', '20000'] });
  const field = async (path, body) => {
    const answer = await api(server, 'POST', path, body);
    assert.equal(answer.status, 400, JSON.stringify(body));
    return answer.body.field;
  };
  assert.equal(await field('/publish', '{'), '');
  assert.equal(await field('/publish', { room: 'global' }), 'message');
  assert.equal(await field('/publish', { room: 'global', message: {} }), 'message.type');
  assert.equal(await field('/publish', { room: 'nowhere', message: { type: 'x' } }), 'room');
  assert.equal(await field('/publish', { topic: 'weather', message: { type: 'x' } }), 'topic');
  assert.equal(await field('/publish', { room: 'global', message: { type: 'x' }, exclude: {} }), 'exclude');
  assert.equal(await field('/publish', { room: 'global', message: { type: 'notification', kind: 1 } }), 'message.title');
  assert.equal(await field('/move', { sector_id: 1 }), 'user_id');
  assert.equal(await field('/move', { user_id: 'u' }), 'sector_id');
  assert.equal(await field('/move', { user_id: 'u', team_id: [] }), 'team_id');
  assert.equal(await field('/disconnect', {}), 'user_id');
  assert.equal(await field('/disconnect', { user_id: 'u', code: 1005 }), 'code');
  assert.equal(await field('/disconnect', { user_id: 'u', reason: 'x'.repeat(124) }), 'reason');
  assert.equal((await api(server, 'GET', '/presence?room=7')).body.field, 'room');
  assert.equal((await api(server, 'GET', '/stats', undefined, { key: 'wrong' })).status, 401);
  assert.equal((await api(server, 'GET', '/stats', undefined, { key: `${apiKey}x` })).status, 401);
  assert.equal((await api(server, 'GET', '/stats', undefined, { key: null })).status, 401);
  assert.equal((await api(server, 'GET', '/nothing')).status, 404);
  assert.equal((await api(server, 'GET', '/publish')).status, 404);
  assert.equal((await publish(server, 'x'.repeat(20_001))).status, 413);
});

test('too many messages of services are refused for a while', async (t) => {
  const server = await start(t, { BUS_API_RATE: '10' });
  const batch = Array.from({ length: 15 }, () => ({ room: 'global', message: { type: 'x' } }));
  assert.equal((await publish(server, batch)).status, 200);
  const limited = await publish(server, batch[0]);
  assert.equal(limited.status, 429);
  assert.equal(limited.headers['retry-after'], '1');
  await until(async () => (await publish(server, batch[0])).status === 200, 'the limit to pass');
});

test('an Idempotency-Key makes a request happen once', async (t) => {
  const server = await start(t);
  const a = await player(t, server, ann);
  const headers = { 'Idempotency-Key': 'k1' };
  const entry = { room: 'global', message: { type: 'once' } };
  const first = await publish(server, entry, { headers });
  const again = await publish(server, entry, { headers });
  assert.deepEqual(again.body, first.body);
  assert.equal((await publish(server, { ...entry, exclude: 'u1' }, { headers })).status, 422);
  assert.equal((await api(server, 'POST', '/move', entry, { headers })).status, 422, 'another path is another request');
  await publish(server, entry, { headers: { 'Idempotency-Key': 'k2' } });
  await a.settled();
  assert.equal(a.all('once').length, 2);
});

test('presence and disconnect', async (t) => {
  const server = await start(t);
  const a = await player(t, server, ann);
  await player(t, server, ann, { query: { device_id: 'phone' } });
  await player(t, server, bob);
  const { body } = await api(server, 'GET', '/presence?room=sector:7');
  assert.equal(body.count, 2);
  assert.deepEqual(body.users.map(({ user_id, username }) => [user_id, username]), [['u1', 'Ann'], ['u2', 'Bob']]);
  for (const user of body.users) assert.ok(Date.parse(user.last_heartbeat) >= Date.parse(user.connected_at));
  const gone = await api(server, 'POST', '/disconnect', { user_id: 'u1', device_id: '', code: 4003, reason: 'banned' });
  assert.deepEqual(gone.body, { disconnected: 1 });
  assert.deepEqual(await a.end(), { code: 4003, reason: 'banned' });
  assert.equal((await api(server, 'POST', '/disconnect', { user_id: 'u1' })).body.disconnected, 1);
  assert.equal((await api(server, 'GET', '/presence?room=sector:7')).body.count, 1);
  assert.equal((await api(server, 'GET', '/stats')).body.users, 1);
});

test('commands go to the backend with the identity of the player', async (t) => {
  const outside = await new Services().start(t);
  outside
    .answer('POST /commands/fire', { json: { hit: true } })
    .answer('POST /commands/refused', { status: 409, json: { error: 'not here' } })
    .answer('POST /commands/text', { text: 'plain' })
    .answer('POST /commands/slow', hang);
  const server = await start(t, { COMMAND_URL: `${outside.url}/commands/`, COMMAND_TOKEN: 'tok', COMMAND_TIMEOUT: '200' });
  const a = await player(t, server, ann);
  a.send({ type: 'command', id: 'c1', name: 'fire', args: { at: [1, 2] } });
  const { event_id, ...result } = await a.next('command_result');
  assert.deepEqual(result, { type: 'command_result', id: 'c1', ok: true, status: 200, body: { hit: true } });
  const seen = await outside.next('POST /commands/fire');
  assert.equal(seen.headers.authorization, 'Bearer tok');
  assert.deepEqual(seen.body, {
    id: 'c1',
    name: 'fire',
    args: { at: [1, 2] },
    user: { user_id: 'u1', username: 'Ann', sector_id: '7', team_id: 't1', region_id: 'r1', role: 'player' },
    device_id: '',
  });
  const ask = async (name) => {
    const count = a.all('command_result').length;
    a.send({ type: 'command', id: name, name });
    const { ok, status, body } = await a.next('command_result', count + 1);
    return [ok, status, body];
  };
  assert.deepEqual(await ask('refused'), [false, 409, { error: 'not here' }]);
  assert.deepEqual(await ask('text'), [true, 200, 'plain']);
  const [ok, status] = await ask('slow');
  assert.deepEqual([ok, status], [false, 0]);
  assert.equal((await metrics(server)).get('matchbus_bus_commands_total{result="failed"}'), 1);
});

test('without a backend there are no commands', async (t) => {
  const server = await start(t);
  const a = await player(t, server, ann);
  a.send({ type: 'command', id: 1, name: 'fire' });
  assert.equal((await a.next('error')).code, 'no_backend');
});

test('a directory tells the rows', async (t) => {
  const outside = await new Services().start(t);
  const row = { username: 'Annie', sector_id: 9, team_id: null, role: 'captain' };
  outside.answer('POST /connect', (entry, response) => {
    const answers = {
      u1: [200, row],
      banned: [403, { error: 'banned' }],
      broken: [500, {}],
      other: [200, { ...row, user_id: 'u1' }],
      odd: [200, { sector_id: {} }],
    };
    const answer = answers[entry.body.user_id];
    if (!answer) return;
    response.writeHead(answer[0]).end(JSON.stringify(answer[1]));
  });
  const server = await start(t, {
    DIRECTORY: 'http',
    DIRECTORY_URL: `${outside.url}/connect`,
    COMMAND_TIMEOUT: '300',
    MAX_LOOKUPS: '2',
  });
  const a = await player(t, server, ann);
  const { rooms, ...state } = a.messages[0].your_state;
  assert.equal(state.username, 'Annie');
  assert.equal(state.role, 'captain');
  assert.deepEqual(rooms.sort(), ['global', 'personal:u1', 'sector:9']);
  assert.deepEqual(outside.requests[0].body.claims.username, 'Ann');
  for (const [sub, code] of [['banned', 4003], ['broken', 1013], ['other', 1013], ['odd', 1013], ['silent', 1013]]) {
    assert.equal((await openPlayer(t, server, { sub }).end()).code, code, sub);
  }
  // Who leaves during the lookup is forgotten, and who comes while too many wait is told so.
  const waiting = [openPlayer(t, server, { sub: 'silent' }), openPlayer(t, server, { sub: 'silent2' })];
  await outside.next('POST /connect', 8);
  assert.equal((await openPlayer(t, server, { sub: 'silent3' }).end()).code, 1013);
  for (const client of waiting) client.socket.terminate();
  await until(async () => (await metrics(server)).get('matchbus_bus_lookups') === 0, 'the end of the lookups');
  assert.equal((await api(server, 'GET', '/stats')).body.users, 1);
});

test('admins come in by their own door', async (t) => {
  const server = await start(t);
  assert.equal((await openPlayer(t, server, ann, { path: '/api/v1/ws/admin' }).end()).code, 4003);
  const admin = await player(t, server, { sub: 'root', role: 'admin' }, { path: '/api/v1/ws/admin' });
  await publish(server, { room: 'admin', message: { type: 'for_admins' } });
  await admin.next('for_admins');
});

test('a match is a topic: its state, then changes of it', async (t) => {
  const server = await start(t);
  const code = groupCode();
  const topic = `match:${code}`;
  const early = await player(t, server, ann);
  early.send({ type: 'subscribe', topics: [topic] });
  await early.next('subscribed');
  const observing = await observer(t, server, code);
  const { seq, data } = await early.next('match_data');
  assert.equal(data.groupCode, code);
  observing.send('round_info', { roundPhase: 'shopping', roundNumber: 1 });
  await early.next('match_patch');
  observing.send('round_info', { roundPhase: 'combat', roundNumber: 1 });
  await early.next('match_patch', 2);

  // Somebody who comes later, and an overlay, see the same.
  const late = await player(t, server, bob);
  late.send({ type: 'subscribe_topic', topic });
  const state = await late.next('match_data');
  const overlay = await viewer(t, server, code);
  observing.send('round_info', { roundPhase: 'end', roundNumber: 1 });
  const change = await late.next('match_patch');
  assert.equal(change.base, state.seq);
  assert.equal(change.seq, state.seq + 1);
  const seen = jsonPatch.applyPatch(state.data, change.patch).newDocument;
  assert.equal(seen.roundPhase, 'end');
  assert.deepEqual(await overlay.next('match_data', ({ roundPhase }) => roundPhase === 'end'), seen);
  await until(() => early.messages.at(-1).seq === change.seq, 'the last change');
  let document = data;
  let at = seq;
  for (const patch of early.all('match_patch')) {
    assert.equal(patch.base, at);
    assert.equal(patch.topic, topic);
    document = jsonPatch.applyPatch(document, patch.patch).newDocument;
    at = patch.seq;
  }
  assert.deepEqual(document, seen);
});

test('the end of the server is told with 1001', async (t) => {
  const server = await start(t);
  const a = await player(t, server, ann);
  await stopServer(server);
  assert.equal((await a.end()).code, 1001);
});

test('the door answers plain requests', async (t) => {
  const server = await start(t);
  assert.equal((await request(server, 'output', '/api/v1/ws')).status, 426);
  assert.equal((await request(server, 'output', '/api/v1/ws/other')).status, 404);
});
