// matchbus-ctl: tokens for players, and the server API from a shell.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

import { apiKey, busEnv, openPlayer, player, secret } from '../support/bus.mjs';
import { Program, startServer } from '../support/server.mjs';

async function ctl(server, ...args) {
  const url = server ? ['--url', `http://127.0.0.1:${server.ports.extras}`] : [];
  const program = new Program('matchbus-ctl', [...url, ...args], { env: { JWT_SECRET: secret, BUS_API_KEY: apiKey } });
  const { code } = await program.ended;
  return { code, text: program.stdout.trim(), output: program.output };
}

test('a token lets its player in', async (t) => {
  const server = await startServer({ t, env: busEnv });
  const { text } = await ctl(server, 'token', '--sub', 'u1', '--claim', 'sector_id=7', '--claim', 'username=Ann B', '--ttl', '60');
  const inside = openPlayer(t, server, {}, { query: { token: text } });
  const { your_state: state } = await inside.next('connected');
  assert.equal(state.username, 'Ann B');
  assert.equal(state.sector_id, '7');
});

test('the API is asked, and what it says printed', async (t) => {
  const server = await startServer({ t, env: busEnv });
  const a = await player(t, server, { sub: 'u1', sector_id: 7 });
  const sent = await ctl(server, 'publish', '--room', 'sector:7', '{"type":"storm","level":2}');
  assert.equal(sent.code, 0);
  assert.equal(JSON.parse(sent.text).receivers, 1);
  assert.equal((await a.next('storm')).level, 2);
  assert.equal((await ctl(server, 'move', '--user', 'u1', '--sector', '8')).text, '{"moved":true}');
  assert.equal((await a.next('state_changed')).your_state.sector_id, '8');
  assert.equal(JSON.parse((await ctl(server, 'presence', 'sector:8')).text).count, 1);
  assert.equal(JSON.parse((await ctl(server, 'stats')).text).sockets, 1);
  await ctl(server, 'disconnect', '--user', 'u1', '--code', '4003', '--reason', 'enough');
  assert.deepEqual(await a.end(), { code: 4003, reason: 'enough' });
});

test('what goes wrong is said, with a status to match', async (t) => {
  const server = await startServer({ t, env: busEnv });
  const refused = await ctl(server, 'publish', '--room', 'nowhere', '{"type":"x"}');
  assert.equal(refused.code, 1);
  assert.match(refused.output, /400: .*"field":"room"/);
  assert.equal((await ctl(server, 'publish', '--room', 'global', '{')).code, 1);
  assert.equal((await ctl(server)).code, 2);
  assert.equal((await ctl(server, 'move', '--user', 'u1')).code, 2);
  assert.equal((await ctl(server, 'token', '--sub', 'u', '--secret-env', 'NOTHING')).code, 2);
  assert.equal((await ctl(server, 'token', '--sub', 'u', '--claim', 'x')).code, 2);
  const off = await startServer({ t });
  const nobody = await ctl(off, 'stats');
  assert.equal(nobody.code, 1);
  assert.match(nobody.output, /BUS_API_KEY/);
});

test('a server that lies does not write on the terminal', async (t) => {
  const body = '{"a":"\u009b2J\u202e\u001b]0;x\u0007\u2066é"}\r\n';
  for (const status of [200, 500]) {
    const liar = createServer((request, response) => response.writeHead(status).end(body));
    t.after(() => liar.close());
    liar.listen(0, '127.0.0.1');
    await once(liar, 'listening');
    const { output } = await ctl({ ports: { extras: liar.address().port } }, 'stats');
    assert.doesNotMatch(output.trimEnd(), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    assert.match(output, /\\u009b2J\\u202e.*é/);
  }
});
