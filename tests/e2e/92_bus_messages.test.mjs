// What players and admins say, and what the bus answers: every row of the message table but topics and commands.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { api, busEnv, player, publish } from '../support/bus.mjs';
import { startServer, stopServer } from '../support/server.mjs';

const server = await startServer({ env: busEnv });
after(() => stopServer(server));

let last = 0;
const unique = (name) => `${name}${++last}`; // users and rooms of one test only
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const admin = (t, sub = unique('root')) => player(t, server, { sub, role: 'admin', username: 'Root' }, { path: '/api/v1/ws/admin' });
const codes = (client) => client.all('error').map(({ code }) => code);

test('heartbeat: heartbeat_ack for players, and the time is kept', async (t) => {
  const sector = unique('s');
  const a = await player(t, server, { sub: unique('u'), sector_id: sector });
  const presence = async () => (await api(server, 'GET', `/presence?room=sector:${sector}`)).body.users[0];
  const before = await presence();
  await new Promise((done) => setTimeout(done, 5)); // the clock shows milliseconds
  a.send({ type: 'heartbeat' });
  const { server_time: time } = await a.next('heartbeat_ack');
  assert.match(time, isoTime);
  const later = await presence();
  assert.equal(later.connected_at, before.connected_at);
  assert.equal(later.last_heartbeat, time);
  assert.ok(Date.parse(later.last_heartbeat) > Date.parse(before.last_heartbeat));
});

test('heartbeat: pong for admins', async (t) => {
  const root = await admin(t);
  root.send({ type: 'heartbeat' });
  assert.match((await root.next('pong')).server_time, isoTime);
  assert.equal(root.all('heartbeat_ack').length, 0);
});

test('request_sector_players and request_team_players list who is there, each user once', async (t) => {
  const [sector, team] = [unique('s'), unique('t')];
  const [one, two, three] = [unique('u'), unique('u'), unique('u')];
  const a = await player(t, server, { sub: one, username: 'A', sector_id: sector, team_id: team });
  await player(t, server, { sub: one, username: 'A', sector_id: sector, team_id: team }, { query: { device_id: 'phone' } });
  await player(t, server, { sub: two, username: 'B', sector_id: sector });
  await player(t, server, { sub: three, username: 'C', team_id: team });
  a.send({ type: 'request_sector_players' }).send({ type: 'request_team_players' });
  const inSector = (await a.next('sector_players')).players;
  const inTeam = (await a.next('team_players')).players;
  assert.deepEqual(inSector.map(({ user_id, username }) => [user_id, username]), [[one, 'A'], [two, 'B']]);
  assert.deepEqual(inTeam.map(({ user_id }) => user_id), [one, three]);
  for (const { connected_at, last_heartbeat } of [...inSector, ...inTeam]) {
    assert.match(connected_at, isoTime);
    assert.match(last_heartbeat, isoTime);
  }
});

test('who is nowhere sees nobody', async (t) => {
  const a = await player(t, server, { sub: unique('u') });
  a.send({ type: 'request_sector_players' }).send({ type: 'request_team_players' });
  assert.deepEqual((await a.next('sector_players')).players, []);
  assert.deepEqual((await a.next('team_players')).players, []);
});

test('request_stats and broadcast are for admins', async (t) => {
  const a = await player(t, server, { sub: unique('u'), sector_id: unique('s') });
  a.send({ type: 'request_stats' }).send({ type: 'broadcast', target_type: 'global', content: 'mine' });
  await a.settled();
  assert.deepEqual(codes(a), ['forbidden', 'forbidden']);
  assert.equal(a.all('admin_broadcast').length, 0);

  const root = await admin(t);
  root.send({ type: 'request_stats' });
  const { stats } = await root.next('system:stats');
  assert.ok(stats.sockets >= 2);
});

test('admin_broadcast reaches the room that it is for, and no other', async (t) => {
  const [sector, team, region, user] = [unique('s'), unique('t'), unique('r'), unique('u')];
  const inside = await player(t, server, { sub: user, sector_id: sector, team_id: team, region_id: region });
  const outside = await player(t, server, { sub: unique('u'), sector_id: unique('s') });
  const root = await admin(t);
  const say = (target_type, target_id, more) => root.send({ type: 'broadcast', target_type, target_id, content: target_type, ...more });
  say('sector', sector, { priority: 'high' });
  say('team', team);
  say('region', region);
  say('personal', user);
  say('global');
  say('admin');
  await root.next('admin_broadcast', 2);
  await inside.next('admin_broadcast', 5);
  await outside.next('admin_broadcast');
  for (const client of [inside, outside]) await client.settled();
  const seen = (client) => client.all('admin_broadcast').map(({ content }) => content);
  assert.deepEqual(seen(inside), ['sector', 'team', 'region', 'personal', 'global']);
  assert.deepEqual(seen(outside), ['global']);
  assert.deepEqual(seen(root), ['global', 'admin']);
  assert.equal(inside.all('admin_broadcast')[0].priority, 'high');
});

test('a broadcast that makes no sense is refused', async (t) => {
  const root = await admin(t);
  root.send({ type: 'broadcast', target_type: 'sector', content: 'x' });
  root.send({ type: 'broadcast', target_type: 'nowhere', target_id: '1', content: 'x' });
  root.send({ type: 'broadcast', target_type: 'global' });
  root.send({ type: 'heartbeat' });
  await root.next('pong');
  assert.deepEqual(codes(root), ['bad_message', 'bad_message', 'bad_message']);
});

test('what is no message is answered with bad_message, anything unknown with unknown_type, and the socket stays', async (t) => {
  const a = await player(t, server, { sub: unique('u') });
  const bad = ['', '{', 'null', '7', '"heartbeat"', '[{"type":"heartbeat"}]', '{}', '{"type":7}', '{"type":null}', '{"type":{}}', '{"type":"heartbeat"}x', '[['.repeat(1000), "{'type':'x'}"];
  for (const text of bad) a.send(text);
  await a.next('error', bad.length);
  assert.deepEqual(codes(a), bad.map(() => 'bad_message'));

  const b = await player(t, server, { sub: unique('u') });
  // Types that only the server says, and near misses of those that clients say.
  const unknown = ['', 'connected', 'state_resync', 'player_entered_sector', 'HEARTBEAT', 'heartbeat ', 'pong', 'move', 'publish', 'disconnect', 'state_changed'];
  for (const type of unknown) b.send({ type, user_id: 'x', sector_id: 'y', reason: 'z' });
  await b.next('error', unknown.length);
  assert.deepEqual(codes(b), unknown.map(() => 'unknown_type'));
  await b.settled();
});

test('a binary message is no message', async (t) => {
  const a = await player(t, server, { sub: unique('u') });
  a.socket.send(Buffer.from('{"type":"heartbeat"}'));
  assert.equal((await a.next('error')).code, 'bad_message');
  await a.settled();
});

// Invariant 3: no client message changes state.
test('nothing that a player says changes where he or anybody else is', async (t) => {
  const [sector, user, other] = [unique('s'), unique('u'), unique('u')];
  const a = await player(t, server, { sub: user, sector_id: sector, team_id: 't', region_id: 'r' });
  const b = await player(t, server, { sub: other, sector_id: sector });
  const row = { user_id: other, sector_id: 'elsewhere', team_id: 'x', region_id: 'x', role: 'admin' };
  for (const type of ['move', 'state_changed', 'publish', 'disconnect', 'connected', 'player_left_sector', 'supersede', 'combat_started', 'your_state'])
    a.send({ type, ...row, target: other, room: `sector:${sector}`, message: { type: 'forged' }, your_state: row });
  a.send({ type: 'heartbeat', ...row, server_time: 'never' });
  await a.next('heartbeat_ack');
  a.send({ type: 'request_sector_players', sector_id: 'elsewhere' });
  const { players } = await a.next('sector_players');
  assert.deepEqual(players.map(({ user_id }) => user_id), [user, other], 'one sees only where one is');
  await b.settled();
  assert.deepEqual(b.types, ['connected', 'heartbeat_ack']);
  const { body } = await api(server, 'GET', '/presence?room=sector:elsewhere');
  assert.equal(body.count, 0);
  const sent = await publish(server, { room: `sector:${sector}`, message: { type: 'x' } });
  assert.equal(sent.body.receivers, 2);
});

test('every message has an event id, larger than the one before', async (t) => {
  const sector = unique('s');
  const a = await player(t, server, { sub: unique('u'), sector_id: sector });
  const b = await player(t, server, { sub: unique('u'), sector_id: sector });
  for (let i = 0; i < 20; ++i) {
    b.send({ type: 'chat_message', target_type: 'sector', content: `${i}` });
    a.send({ type: i % 2 ? 'heartbeat' : 'nonsense' });
    await publish(server, { room: 'global', message: { type: 'tick', event_id: 5, i } });
  }
  await b.settled();
  await a.settled();
  const ids = a.messages.map(({ event_id }) => event_id);
  for (let i = 1; i < ids.length; ++i) assert.ok(ids[i] > ids[i - 1], `${ids[i - 1]} then ${ids[i]}`);
  assert.ok(ids.every(Number.isSafeInteger));
});
