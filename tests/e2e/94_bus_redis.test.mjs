// Players' rows in a real Redis: found, missing, unusable, and what happens while Redis is down.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { test } from 'node:test';

import { busEnv, openPlayer, player } from '../support/bus.mjs';
import { Server, startServer, temporaryDirectory } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

// A redis-server of one's own, on loopback, which forgets everything when it ends.
class Redis {
  static async start(t, { password } = {}) {
    const redis = new Redis();
    redis.port = await freePort();
    redis.password = password;
    redis.directory = temporaryDirectory();
    t.after(() => redis.stop());
    await redis.run();
    return redis;
  }

  async run() {
    const options = ['--port', this.port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.directory];
    if (this.password) options.push('--requirepass', this.password);
    this.process = spawn('redis-server', options.map(String), { stdio: 'ignore' });
    await until(async () => (await this.command('PING').catch(() => '')).includes('PONG'), 'redis-server answers');
  }

  async stop() {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }

  // The raw answer to a command.
  async command(...words) {
    const socket = connect(this.port, '127.0.0.1');
    await once(socket, 'connect');
    const line = (texts) => `*${texts.length}\r\n${texts.map((x) => `$${Buffer.byteLength(x)}\r\n${x}\r\n`).join('')}`;
    if (this.password) {
      socket.write(line(['AUTH', this.password]));
      await once(socket, 'data');
    }
    socket.write(line(words));
    const [answer] = await once(socket, 'data');
    socket.destroy();
    return answer.toString();
  }

  put(user, fields) {
    return this.command('HSET', `sw2102:player:${user}`, ...Object.entries(fields).flat());
  }
}

const start = (t, redisUrl, env = {}) =>
  startServer({ t, env: { ...busEnv, DIRECTORY: 'redis', REDIS_URL: redisUrl, ...env } });

// Lookups fail until the connection is there: comes in as soon as it can.
async function comesIn(t, server, claims) {
  let state;
  await until(async () => {
    const opened = openPlayer(t, server, claims);
    await until(() => opened.closed || opened.all('connected').length, 'an answer');
    state = opened.all('connected')[0]?.your_state;
    return state;
  }, 'the player is in');
  return state;
}

test('the row is the hash of the player', async (t) => {
  const redis = await Redis.start(t);
  await redis.put('u1', { username: 'Ann', sector_id: '7', team_id: 't1', region_id: 'r1', role: 'player', credits: '12' });
  await redis.put('u2', { sector_id: '8' });
  const server = await start(t, `redis://127.0.0.1:${redis.port}`);
  const { rooms, topics, ...state } = await comesIn(t, server, { sub: 'u1', sector_id: 'of the token' });
  assert.deepEqual(state, { user_id: 'u1', username: 'Ann', sector_id: '7', team_id: 't1', region_id: 'r1', role: 'player' });
  const second = await player(t, server, { sub: 'u2' });
  assert.equal(second.messages[0].your_state.username, 'u2');
  assert.equal(second.messages[0].your_state.sector_id, '8');

  assert.deepEqual(await openPlayer(t, server, { sub: 'nobody' }).end(), { code: 4003, reason: 'unknown player' });
  await redis.command('SET', 'sw2102:player:text', 'no hash');
  assert.equal((await openPlayer(t, server, { sub: 'text' }).end()).code, 1013);
  await redis.put('long', { username: 'x'.repeat(257) });
  assert.equal((await openPlayer(t, server, { sub: 'long' }).end()).code, 1013);
});

test('while Redis is down players are to try again, and are let in when it is back', async (t) => {
  const redis = await Redis.start(t);
  await redis.put('u1', { sector_id: '7' });
  const server = await start(t, `redis://localhost:${redis.port}`);
  await comesIn(t, server, { sub: 'u1' });
  await redis.stop();
  assert.deepEqual(await openPlayer(t, server, { sub: 'u1' }).end(), { code: 1013, reason: 'try again later' });
  await redis.run();
  await redis.put('u1', { sector_id: '9' });
  assert.equal((await comesIn(t, server, { sub: 'u1' })).sector_id, '9');
});

test('a Redis that does not answer costs no longer than the time limit', async (t) => {
  const redis = await Redis.start(t);
  await redis.put('u1', { sector_id: '7' });
  const server = await start(t, `redis://127.0.0.1:${redis.port}`, { COMMAND_TIMEOUT: '300' });
  await comesIn(t, server, { sub: 'u1' });
  redis.process.kill('SIGSTOP');
  assert.equal((await openPlayer(t, server, { sub: 'u1' }).end()).code, 1013);
  redis.process.kill('SIGCONT');
  await comesIn(t, server, { sub: 'u1' });
});

// Answers what a connection begins with, and the first lookup with `lie`. Its port.
async function liar(t, lie) {
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => socket.write(String(bytes).includes('HGETALL') ? lie : '+PONG\r\n'));
  }).listen(0, '127.0.0.1');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  return server.address().port;
}

test('a Redis that lies costs an answer and no more', async (t) => {
  for (const [lie, complaint] of [
    ['*1000000000\r\n', 'an answer is too large'],
    ['*2\r\n*1\r\n*400000000\r\n', 'an answer is too large'],
    [`$1000000000\r\n${'x'.repeat(4_000_000)}`, 'an answer is too large'],
    ['*0\r\n+OK\r\n', 'nobody has asked for'],
    ['$9999999999999999999\r\n', 'connection lost'],
  ]) {
    const server = await start(t, `redis://127.0.0.1:${await liar(t, lie)}`, { COMMAND_TIMEOUT: '2000' });
    await until(() => /redis: connected/.test(server.output), 'a connection');
    const memory = () => Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
    const before = memory();
    const begin = performance.now();
    const { code } = await openPlayer(t, server, { sub: 'u1' }).end();
    assert.ok(code === 1013 || code === 4003, `${code}`);
    await until(() => server.output.includes(complaint), `${complaint} in ${server.output}`);
    assert.ok(performance.now() - begin < 1_500, lie.slice(0, 20));
    assert.ok(memory() - before < 20_000, `${memory() - before} KiB for ${lie.slice(0, 20)}`);
  }
});

test('password and database', async (t) => {
  const redis = await Redis.start(t, { password: 'p@ss word' });
  const server = await start(t, `redis://:p%40ss%20word@127.0.0.1:${redis.port}/0`);
  await redis.put('u1', { sector_id: '7' });
  assert.equal((await comesIn(t, server, { sub: 'u1' })).sector_id, '7');
  const other = await start(t, `redis://:p%40ss%20word@127.0.0.1:${redis.port}/3`);
  await until(async () => (await openPlayer(t, other, { sub: 'u1' }).end()).code === 4003, 'another database');
  const wrong = await start(t, `redis://:wrong@127.0.0.1:${redis.port}`);
  assert.equal((await openPlayer(t, wrong, { sub: 'u1' }).end()).code, 1013);
});

test('a URL that cannot be used is refused before anything starts', async () => {
  for (const [url, why] of [
    ['rediss://127.0.0.1', /rediss \(TLS\) is not supported/],
    ['http://127.0.0.1', /must begin with redis:/],
    ['redis://127.0.0.1:0', /the port must be/],
    ['redis://127.0.0.1/x', /number of a database/],
    ['', /needs --redis-url/],
  ]) {
    const server = new Server({ env: { ...busEnv, DIRECTORY: 'redis', REDIS_URL: url }, args: ['--insecure'] });
    await assert.rejects(server.ready(), why, url);
  }
});
