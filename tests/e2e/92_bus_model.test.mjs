// The real server against a naive model: clients come, are cut off, come back, move and subscribe at random while
// services publish. Every client must get exactly what the model says: nothing lost, doubled, or out of order.

import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';

import { apiKey, busEnv, Player, token } from '../support/bus.mjs';
import { BusModel, randomSource } from '../support/bus_model.mjs';
import { proxy } from '../support/proxy.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const seed = Number(process.env.BUS_SEED ?? 20_260_101);
const runMs = Number(process.env.BUS_MODEL_MS ?? 25_000);
const users = 24;
const numbers = [0, 1, 2, 3];
const topics = ['market:ore', 'market:gas', 'market:station:1', 'combat:1', 'combat:2'];

class Driver {
  constructor(t, server) {
    this.t = t;
    this.server = server;
    this.random = randomSource(seed);
    this.model = new BusModel();
    this.players = [];
    this.published = 0;
    this.received = 0;
    this.drops = 0;
    this.replayed = 0;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => this.agent.destroy());
  }

  api(method, path, body) {
    return new Promise((done, fail) => {
      const options = { port: this.server.ports.extras, path: `/api/v1/bus${path}`, method, agent: this.agent, headers: { Authorization: `Bearer ${apiKey}` } };
      const request = http.request(options, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => {
          assert.equal(answer.statusCode, 200, text);
          done(JSON.parse(text));
        });
      });
      request.on('error', fail);
      request.end(body && JSON.stringify(body));
    });
  }

  async addPlayer(index) {
    const row = { sector: this.random.pick(numbers), team: this.random.pick(numbers), region: this.random.pick(numbers) };
    const relay = await proxy(this.t, this.server.ports.output);
    const player = { relay, expects: this.model.addClient(`u${index}`, row), got: new Map(), position: undefined, lastId: 0, line: 0 };
    this.players.push(player);
    await this.connect(player);
  }

  // What came is checked one by one against the model's list. `player.line` tells lines (connections) apart: what an old
  // one still has to say is not listened to.
  listen(player, client) {
    const line = ++player.line;
    client.socket.removeAllListeners('message');
    client.socket.on('message', (data) => {
      if (line !== player.line) return;
      const message = JSON.parse(data.toString());
      client.messages.push(message);
      const { user } = player.expects;
      assert.ok(message.event_id > player.lastId, `${user}: ${message.event_id} after ${player.lastId}`);
      player.lastId = message.event_id;
      const key = this.keyOf(message);
      if (key !== undefined) player.arrived.push(key);
    });
  }

  keyOf({ type, n, user_id: user, sector_id: sector, reason }) {
    if (type === 'pub') return `pub ${n}`;
    if (type === 'player_entered_sector' || type === 'player_left_sector') return `${type} ${user} ${sector}`;
    return type === 'state_resync' ? `${type} ${reason}` : undefined;
  }

  async connect(player) {
    const { expects } = player;
    const { sector, team, region } = expects.row;
    const isReturn = player.position !== undefined && !this.random.chance(0.1);
    const query = { token: token({ sub: expects.user, sector_id: sector, team_id: team, region_id: region }) };
    if (isReturn) query.last_event_id = player.lastId;
    player.arrived = [];
    this.model.connect(expects, isReturn ? player.position : undefined);
    player.base = isReturn ? player.position : this.model.events.length;
    const client = new Player({ ports: { output: player.relay.port } }, { query });
    player.client = client;
    this.listen(player, client);
    const connected = await client.next('connected');
    assert.equal(client.messages[0], connected);
    assert.equal(connected.recovered, isReturn);
    assert.deepEqual(connected.your_state.topics.sort(), [...expects.topics].sort());
    assert.deepEqual(connected.your_state.rooms.sort(), BusModel.roomsOf(expects).sort());
    if (isReturn) this.replayed += expects.expected.length;
  }

  // Everything that arrived is the beginning of what the model says. The position of the last that arrived is kept.
  check(player) {
    const { expects, arrived } = player;
    const wanted = expects.expected.slice(0, arrived.length).map((number) => this.model.events[number].key);
    if (arrived.length > expects.expected.length || arrived.some((key, i) => key !== wanted[i])) {
      const at = arrived.findIndex((key, i) => key !== wanted[i]);
      assert.deepEqual(arrived.slice(Math.max(0, at - 3), at + 5), wanted.slice(Math.max(0, at - 3), at + 5), `${expects.user}, message ${at} of its line (seed ${seed})`);
    }
    return arrived.length === 0 ? player.base : expects.expected[arrived.length - 1] + 1;
  }

  // All that the model says has arrived.
  async settle(player) {
    const count = () => player.arrived.length >= player.expects.expected.length || player.client.closed;
    await until(count, `what is still to come for ${player.expects.user}: ${player.expects.expected.length} messages, ${player.arrived.length} are here (seed ${seed})`);
    this.check(player);
  }

  // The position is that of the last message that arrived, of whatever kind: an answer stands behind all events before it.
  leave(player) {
    const behind = this.check(player);
    ++player.line;
    this.received += player.arrived.length;
    player.position = behind;
    ++this.drops;
  }

  sockets = async () => (await this.api('GET', '/stats')).sockets;

  // Noticed by the server before anything else happens.
  async drop(player) {
    const before = await this.sockets();
    if (this.random.chance(0.5)) await this.loseSome(player);
    this.leave(player);
    player.client.socket.terminate();
    player.relay.cut();
    await until(async () => (await this.sockets()) === before - 1, 'the server to notice');
    this.model.drop(player.expects);
  }

  // The server sends into the void.
  async loseSome(player) {
    player.relay.swallow();
    await this.publish();
  }

  // Comes back while the server still believes in the old line, on which events got lost.
  async supersede(player) {
    const old = player.client;
    const isDead = this.random.chance(0.7);
    if (isDead) await this.loseSome(player);
    this.leave(player);
    await this.connect(player);
    if (!isDead) assert.deepEqual(await old.end(), { code: 4001, reason: 'superseded' });
    old.socket.terminate();
  }

  async publish() {
    const batch = [];
    for (let count = 1 + this.random.below(80); count > 0; --count) {
      const exclude = this.random.chance(0.2) ? `u${this.random.below(users)}` : '';
      const place = this.random.pick([
        () => `sector:${this.random.pick(numbers)}`,
        () => `sector:${this.random.pick(numbers)}`,
        () => `team:${this.random.pick(numbers)}`,
        () => `region:${this.random.pick(numbers)}`,
        () => `personal:u${this.random.below(users)}`,
        () => this.random.pick(topics),
        () => (this.random.chance(0.2) ? 'global' : this.random.pick(topics)),
      ])();
      const n = ++this.published;
      const message = { type: 'pub', n, filler: 'x'.repeat(this.random.below(60)) };
      batch.push({ [topics.includes(place) ? 'topic' : 'room']: place, message, ...(exclude && { exclude }) });
      this.model.send(`pub ${n}`, [place], exclude);
    }
    const answers = await this.api('POST', '/publish', batch);
    assert.ok(answers.every(({ status }) => status === 200));
  }

  async move(player) {
    const { expects } = player;
    const sector = this.random.pick(numbers);
    const team = this.random.chance(0.3) ? this.random.pick(numbers) : expects.row.team;
    const { moved } = await this.api('POST', '/move', { user_id: expects.user, sector_id: sector, team_id: team });
    assert.equal(moved, true);
    this.model.moveSector(expects, sector);
    this.model.moveTeam(expects, team);
  }

  async subscribe(player) {
    const { client, expects } = player;
    const chosen = topics.filter(() => this.random.chance(0.4));
    const isMore = this.random.chance(0.6);
    const answer = isMore ? 'subscribed' : 'unsubscribed';
    const count = client.all(answer).length;
    client.send({ type: isMore ? 'subscribe' : 'unsubscribe', topics: chosen });
    await client.next(answer, count + 1);
    for (const topic of chosen) this.model[isMore ? 'subscribe' : 'unsubscribe'](expects, topic);
  }

  async step() {
    const player = this.random.pick(this.players);
    const { isHere } = player.expects;
    const dice = this.random.next();
    if (dice < 0.5) return this.publish();
    if (!isHere) return this.connect(player);
    if (dice < 0.65) return this.drop(player);
    if (dice < 0.75) return this.supersede(player);
    if (dice < 0.88) return this.move(player);
    return this.subscribe(player);
  }

  async run() {
    for (let i = 0; i < users; ++i) await this.addPlayer(i);
    const end = performance.now() + runMs;
    for (let steps = 1; performance.now() < end; ++steps) {
      await this.step();
      // Else a slow machine would compare only what has been overtaken by events.
      if (steps % 50 === 0) for (const player of this.players.filter(({ expects }) => expects.isHere)) await this.settle(player);
    }
    for (const player of this.players) if (!player.expects.isHere) await this.connect(player);
    for (const player of this.players) {
      await this.settle(player);
      this.received += player.arrived.length;
    }
    // And nothing more than that.
    for (const player of this.players) await player.client.settled();
    for (const player of this.players) this.check(player);
  }
}

test('every client gets exactly what the model says', { timeout: runMs + 60_000 }, async (t) => {
  const server = await startServer({ t, env: busEnv, args: ['--max-queue-messages', '1000000', '--max-queue-bytes', '1000000000', '--max-message-rate', '10000'] });
  const driver = new Driver(t, server);
  const failed = [];
  process.on('uncaughtException', (error) => failed.push(error));
  await driver.run();
  assert.deepEqual(failed, []);
  for (const { client } of driver.players) client.socket.terminate();
  t.diagnostic(`seed ${seed}: ${driver.model.events.length} events, ${driver.received} received, ${driver.drops} drops, ${driver.replayed} replayed`);
  assert.ok(driver.drops > 50 && driver.replayed > 100);
});
