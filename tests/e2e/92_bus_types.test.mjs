// The types that services push: where each goes by itself, what it needs, and which class it has.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { busEnv, player, publish } from '../support/bus.mjs';
import { startServer, stopServer } from '../support/server.mjs';

const server = await startServer({ env: busEnv });
after(() => stopServer(server));

// One client per room, so that who gets a message tells where it went.
const rows = {
  target: { sub: 'target', sector_id: 'far1' },
  attacker: { sub: 'attacker', sector_id: 'far2' },
  defender: { sub: 'defender', sector_id: 'far3' },
  near: { sub: 'near', sector_id: 'here' },
  mate: { sub: 'mate', team_id: 'crew', sector_id: 'far4' },
  citizen: { sub: 'citizen', region_id: 'land', sector_id: 'far5' },
  trader: { sub: 'trader', sector_id: 'far6' },
  docked: { sub: 'docked', sector_id: 'far7' },
  spectator: { sub: 'spectator', sector_id: 'far8' },
  stranger: { sub: 'stranger', sector_id: 'far9' },
};
const topics = { trader: ['market:ore'], docked: ['market:station:s1'], spectator: ['combat:c1'] };
const everybody = Object.keys(rows);
const clients = {};
const never = { after() {} };
for (const [name, row] of Object.entries(rows)) {
  clients[name] = await player(never, server, row);
  if (topics[name]) await clients[name].send({ type: 'subscribe', topics: topics[name] }).next('subscribed');
}
after(() => Object.values(clients).forEach(({ socket }) => socket.terminate()));

const fight = { combat_id: 'c1', attacker_id: 'attacker', defender_id: 'defender' };
const fighters = ['attacker', 'defender', 'near', 'spectator'];
const bounty = { target_id: 'target', amount: 5 };
const to = { user_id: 'target' };
const here = { sector_id: 'here' };

// type: [required fields, what tells the room, who gets it]
const types = {
  state_resync: [{ reason: 'x' }, to, ['target']],
  player_entered_sector: [{ user_id: 'z', username: 'Z', ...here }, {}, ['near']],
  player_left_sector: [{ user_id: 'z', username: 'Z', ...here }, {}, ['near']],
  combat_started: [fight, here, fighters],
  combat_round: [{ ...fight, round: 1, deltas: [] }, here, fighters],
  combat_resolved: [{ ...fight, result: 'draw' }, here, fighters],
  ship_destroyed: [{ ship_id: 1, owner_id: 2, cause: 'rock' }, here, everybody],
  market_update: [{ station_id: 's1', commodity: 'ore', buy: 0, sell: 2, trend: 'up', supply: 0, demand: 4 }, {}, ['trader', 'docked']],
  transaction_completed: [{ tx_id: 1, station_id: 's1', commodity: 'ore', units: 2, total: 0 }, to, ['target']],
  price_alert_triggered: [{ alert_id: 1, commodity: 'ore', condition: '<', current_price: 0 }, to, ['target']],
  bounty_placed: [bounty, {}, everybody],
  bounty_collected: [bounty, {}, everybody],
  genesis_progress: [{ planet_id: 1, percent: 0, hours_remaining: 3 }, to, ['target']],
  governance_event: [{ kind: 'vote', payload: {} }, { region_id: 'land' }, ['citizen']],
  aria_message: [{ message_id: 1, role: 'assistant', content: '' }, to, ['target']],
  notification: [{ kind: 'k', title: 't', body: '' }, to, ['target']],
  chat_message: [{ channel: 'sector', sender_id: 'npc', sender_name: 'N', body: 'b', timestamp: 'now' }, here, ['near']],
};

for (const [type, [required, place, expected]] of Object.entries(types)) {
  test(`${type}: its room and its fields`, async () => {
    const before = Object.fromEntries(everybody.map((name) => [name, clients[name].all(type).length]));
    const message = { type, ...required, ...place, extra: { kept: [1.5, null] } };
    const sent = await publish(server, { message });
    assert.equal(sent.status, 200, JSON.stringify(sent.body));
    for (const name of everybody) await clients[name].settled();
    const got = everybody.filter((name) => clients[name].all(type).length > before[name]);
    assert.deepEqual(got.sort(), [...expected].sort());
    for (const name of got) {
      assert.equal(clients[name].all(type).length, before[name] + 1, `${name} gets it once`);
      const { event_id, ...seen } = clients[name].all(type).at(-1);
      assert.equal(event_id, sent.body.event_id);
      assert.deepEqual(seen, message);
    }

    // Without, or with a null for, any of its fields it is refused, wherever it is to go.
    for (const field of Object.keys(required)) {
      for (const value of [undefined, null]) {
        for (const where of [{}, { room: 'global' }, { topic: 'market:ore' }]) {
          const refused = await publish(server, { ...where, message: { ...message, [field]: value } });
          assert.equal(refused.status, 400, `${type} without ${field}`);
          assert.equal(refused.body.field, `message.${field}`);
        }
      }
    }
    for (const name of everybody) await clients[name].settled();
    for (const name of everybody) assert.equal(clients[name].all(type).length, before[name] + (expected.includes(name) ? 1 : 0));
  });
}

test('a room or topic that is given wins over those of the type', async () => {
  const [required, place] = types.notification;
  const message = { type: 'notification', ...required, ...place, title: 'given' };
  assert.equal((await publish(server, { room: 'personal:stranger', message })).body.receivers, 1);
  await clients.stranger.next('notification');
  assert.equal((await publish(server, { topic: 'combat:c1', message })).body.receivers, 1);
  await clients.spectator.next('notification');
  await clients.target.settled();
  assert.ok(clients.target.all('notification').every(({ title }) => title !== 'given'));
});

test('heartbeat and pong need a time and a room', async () => {
  for (const type of ['heartbeat', 'pong']) {
    assert.equal((await publish(server, { room: 'global', message: { type } })).body.field, 'message.server_time');
    assert.equal((await publish(server, { message: { type, server_time: 'x' } })).body.field, 'room');
    assert.equal((await publish(server, { room: 'personal:near', message: { type, server_time: 'x' } })).body.receivers, 1);
    await clients.near.next(type);
  }
});

test('a known type that tells no room needs one', async () => {
  for (const type of ['notification', 'governance_event', 'chat_message', 'genesis_progress', 'state_resync']) {
    const refused = await publish(server, { message: { type, ...types[type][0] } });
    assert.equal(refused.status, 400, type);
    assert.equal(refused.body.field, 'room', type);
  }
});

test('unknown types pass through unchanged', async () => {
  const message = { type: 'weather_changed', deep: { a: [1, 2.5, -0.125, 1e21, 'é😀\u0000"\\', null, true, {}] }, '': 'empty key', ünï: 1, connected: false };
  await publish(server, { room: 'personal:stranger', message });
  const { event_id, ...seen } = await clients.stranger.next('weather_changed');
  assert.deepEqual(seen, message);
});
