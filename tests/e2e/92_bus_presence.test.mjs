// Who is where: arrivals, departures, moves, one socket per device, and the sweep. Intervals are short, so that they
// can be seen to pass.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { api, busEnv, openPlayer, player, publish } from '../support/bus.mjs';
import { metrics } from '../support/http.mjs';
import { proxy } from '../support/proxy.mjs';
import { startServer } from '../support/server.mjs';
import { delay, until } from '../support/wait.mjs';

const start = (t, env = {}) => startServer({ t, env: { ...busEnv, ...env } });
const passages = (client) =>
  client.messages
    .filter(({ type }) => /^player_/.test(type))
    .map(({ type, user_id: user, sector_id: sector }) => `${user} ${type === 'player_left_sector' ? 'left' : 'entered'} ${sector}`);
const move = (server, user_id, row) => api(server, 'POST', '/move', { user_id, ...row });

test('4008: a socket that is silent for too long is closed, its sector told, and it may come back with its events', async (t) => {
  const server = await start(t, { HEARTBEAT_TIMEOUT: '400', PRESENCE_SWEEP: '100' });
  const watcher = await player(t, server, { sub: 'w', sector_id: 's' });
  const beat = setInterval(() => watcher.socket.readyState === 1 && watcher.send({ type: 'heartbeat' }), 100);
  t.after(() => clearInterval(beat));
  const a = await player(t, server, { sub: 'a', sector_id: 's' });
  const began = performance.now();
  const position = a.messages.at(-1).event_id;
  assert.deepEqual(await a.end(), { code: 4008, reason: 'heartbeat timeout' });
  assert.ok(performance.now() - began > 350);
  await until(() => passages(watcher).includes('a left s'), 'the departure');
  await publish(server, { room: 'sector:s', message: { type: 'meanwhile' } });
  const again = await player(t, server, { sub: 'a', sector_id: 's' }, { query: { last_event_id: position } });
  assert.equal(again.messages[0].recovered, true);
  await again.next('meanwhile');
  assert.equal(watcher.closed, undefined, 'who says something stays');
  assert.equal((await metrics(server)).get('matchbus_bus_closed_total{reason="heartbeat"}'), 1);
});

test('4008: behind a pulled cable, too', async (t) => {
  const server = await start(t, { HEARTBEAT_TIMEOUT: '300', PRESENCE_SWEEP: '100' });
  const relay = await proxy(t, server.ports.output);
  await player(t, { ports: { output: relay.port } }, { sub: 'a', sector_id: 's' });
  relay.swallow();
  await until(async () => (await api(server, 'GET', '/stats')).body.sockets === 0, 'the socket to be given up');
  assert.equal((await api(server, 'GET', '/presence?room=sector:s')).body.count, 0);
});

test('any message counts as a sign of life', async (t) => {
  const server = await start(t, { HEARTBEAT_TIMEOUT: '400', PRESENCE_SWEEP: '50' });
  const a = await player(t, server, { sub: 'a', sector_id: 's' });
  for (let i = 0; i < 12; ++i) {
    a.send({ type: 'request_sector_players' });
    await delay(100);
  }
  assert.equal(a.closed, undefined);
});

test('presence_updated: for rooms that changed, at most once per sweep, with everybody in it', async (t) => {
  const server = await start(t, { PRESENCE_SWEEP: '300' });
  const a = await player(t, server, { sub: 'a', username: 'Ann', sector_id: 's' });
  const far = await player(t, server, { sub: 'f', sector_id: 'far' });
  await far.next('presence_updated');
  const first = await a.next('presence_updated');
  assert.equal(first.sector_id, 's');
  assert.equal(first.count, 1);
  assert.deepEqual(first.users.map((user) => user.user_id ?? user), ['a']);
  // Many changes before the next sweep, one message.
  const came = [];
  for (let i = 0; i < 5; ++i) came.push(await player(t, server, { sub: `p${i}`, sector_id: 's' }));
  came[0].socket.close();
  came[1].socket.close();
  const changed = await a.next('presence_updated', 2);
  await until(() => a.messages.at(-1).count === 4 || changed.count === 4, 'the final count');
  assert.ok(a.all('presence_updated').length <= 3);
  // Nothing changes, nothing is said.
  const count = a.all('presence_updated').length;
  await delay(1_000);
  assert.equal(a.all('presence_updated').length, count);
  assert.equal(far.all('presence_updated').length, 1);
});

test('one socket per device: the new one wins, whoever is quicker', async (t) => {
  const server = await start(t);
  const watcher = await player(t, server, { sub: 'w', sector_id: 's' });
  const many = Array.from({ length: 30 }, () => openPlayer(t, server, { sub: 'a', sector_id: 's' }));
  await until(() => many.filter(({ closed }) => closed).length === 29, 'all but one to be closed');
  assert.ok(many.every(({ closed }) => !closed || (closed.code === 4001 && closed.reason === 'superseded')));
  const winner = many.find(({ closed }) => !closed);
  await winner.settled();
  await watcher.settled();
  assert.deepEqual(passages(watcher), ['a entered s'], 'nobody notices');
  assert.equal((await publish(server, { room: 'personal:a', message: { type: 'x' } })).body.receivers, 1);
  assert.equal((await metrics(server)).get('matchbus_bus_closed_total{reason="superseded"}'), 29);
});

test('devices stand beside each other; the user leaves with the last', async (t) => {
  const server = await start(t);
  const watcher = await player(t, server, { sub: 'w', sector_id: 's' });
  const devices = [];
  for (const device_id of ['', 'phone', 'phone ', 'PHONE', 'a&b=c']) devices.push(await player(t, server, { sub: 'a', sector_id: 's' }, { query: device_id ? { device_id } : {} }));
  assert.equal((await publish(server, { room: 'personal:a', message: { type: 'x' } })).body.receivers, 5);
  for (const { socket } of devices.slice(1)) socket.close();
  await until(async () => (await api(server, 'GET', '/stats')).body.sockets === 2, 'four to be gone');
  await watcher.settled();
  assert.deepEqual(passages(watcher), ['a entered s']);
  devices[0].socket.close();
  await watcher.next('player_left_sector');
});

test('a player who turns to the admin door with the same device leaves the sector', async (t) => {
  const server = await start(t);
  const watcher = await player(t, server, { sub: 'w', sector_id: 's' });
  const root = { sub: 'root', role: 'admin', sector_id: 's' };
  const asPlayer = await player(t, server, root);
  await watcher.next('player_entered_sector');
  await player(t, server, root, { path: '/api/v1/ws/admin' });
  assert.equal((await asPlayer.end()).code, 4001);
  assert.equal((await api(server, 'GET', '/presence?room=sector:s')).body.count, 1);
  await watcher.settled();
  assert.deepEqual(passages(watcher), ['root entered s', 'root left s']);
});

// Invariant 5: never in two sectors; departure before arrival.
test('moves: out of the old sector, then into the new one, as everybody sees it', async (t) => {
  const server = await start(t);
  const everywhere = [];
  for (const sector of ['1', '2', '3']) everywhere.push(await player(t, server, { sub: `w${sector}`, sector_id: sector }));
  const a = await player(t, server, { sub: 'a', sector_id: 1, team_id: 't1' });
  const path = ['2', '3', '1', '1', '2', null, '3'];
  for (const sector_id of path) await move(server, 'a', { sector_id });
  for (const client of [...everywhere, a]) await client.settled();
  const seen = everywhere.flatMap((client) => client.messages.filter(({ type }) => /^player_/.test(type))).sort((x, y) => x.event_id - y.event_id);
  assert.deepEqual(
    seen.filter(({ user_id }) => user_id === 'a').map(({ type, sector_id }) => `${type === 'player_left_sector' ? '-' : '+'}${sector_id}`),
    ['+1', '-1', '+2', '-2', '+3', '-3', '+1', '-1', '+2', '-2', '+3'],
  );
  const states = a.all('state_changed').map(({ your_state }) => your_state);
  assert.deepEqual(states.at(-1).rooms.filter((room) => room.startsWith('sector:')), ['sector:3']);
  assert.ok(states.every(({ rooms }) => rooms.filter((room) => room.startsWith('sector:')).length <= 1));
  assert.deepEqual(passages(a), [], 'nobody is told of himself');
});

test('at no time does an observer find somebody in two sectors', async (t) => {
  const server = await start(t);
  for (const device_id of ['x', 'y', 'z']) await player(t, server, { sub: 'a', sector_id: '1' }, { query: { device_id } });
  const moving = (async () => {
    for (let i = 0; i < 150; ++i) await move(server, 'a', { sector_id: i % 2 ? '1' : '2' });
  })();
  let isOver = false;
  moving.finally(() => (isOver = true));
  for (let n = 0; !isOver; ++n) {
    const { body } = await publish(server, [
      { room: 'sector:1', message: { type: 'where', n } },
      { room: 'sector:2', message: { type: 'where', n } },
    ]);
    assert.equal(body[0].receivers + body[1].receivers, 3, 'all three devices are in exactly one');
  }
  await moving;
});

test('a change of the team is told to the player only', async (t) => {
  const server = await start(t);
  const mate = await player(t, server, { sub: 'm', team_id: 'old', sector_id: 's' });
  const a = await player(t, server, { sub: 'a', team_id: 'old', sector_id: 's' });
  await mate.next('player_entered_sector');
  await move(server, 'a', { team_id: 'new' });
  assert.equal((await a.next('state_changed')).your_state.team_id, 'new');
  assert.equal((await publish(server, { room: 'team:old', message: { type: 'x' } })).body.receivers, 1);
  assert.equal((await publish(server, { room: 'team:new', message: { type: 'y' } })).body.receivers, 1);
  await a.next('y');
  await mate.settled();
  assert.equal(mate.all('player_left_sector').length, 0);
  assert.equal(a.all('x').length, 0);
});

test('4009: another region ends all sockets of the player, who comes back with the new one', async (t) => {
  const server = await start(t);
  const watcher = await player(t, server, { sub: 'w', sector_id: 's' });
  const a = await player(t, server, { sub: 'a', sector_id: 's', region_id: 'r1' });
  const phone = await player(t, server, { sub: 'a', sector_id: 's', region_id: 'r1' }, { query: { device_id: 'phone' } });
  await move(server, 'a', { region_id: 'r1' });
  await a.settled();
  await move(server, 'a', { region_id: 'r2' });
  for (const client of [a, phone]) assert.deepEqual(await client.end(), { code: 4009, reason: 'region changed' });
  await watcher.next('player_left_sector');
  const again = await player(t, server, { sub: 'a', sector_id: 's', region_id: 'r2' });
  assert.ok(again.messages[0].your_state.rooms.includes('region:r2'));
  assert.equal((await publish(server, { room: 'region:r1', message: { type: 'x' } })).body.receivers, 0);
  // A token of another region on one device ends the others, too.
  await player(t, server, { sub: 'a', sector_id: 's', region_id: 'r3' }, { query: { device_id: 'phone' } });
  assert.equal((await again.end()).code, 4009);
});

test('out of every room first, then player_left_sector', async (t) => {
  const server = await start(t);
  const watcher = await player(t, server, { sub: 'w', sector_id: 's' });
  for (let round = 1; round <= 10; ++round) {
    const a = await player(t, server, { sub: 'a', sector_id: 's' });
    a.socket.terminate();
    await watcher.next('player_left_sector', round);
    watcher.send({ type: 'request_sector_players' });
    assert.deepEqual((await watcher.next('sector_players', round)).players.map(({ user_id }) => user_id), ['w']);
  }
});
