// Keys cannot be guessed: wrong ones are bounded wherever a key or a secret is checked, and the server's own are long.

import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';

import { Client, connect, urlOf } from '../support/client.mjs';
import { metrics, request } from '../support/http.mjs';
import { groupCode, leftTeam, observer, observerLogon, rightTeam } from '../support/match.mjs';
import { Server, startServer } from '../support/server.mjs';
import { until, within } from '../support/wait.mjs';

const key = 'a key of the tournament';
const busKey = 'a key of the services';
const keyed = { keyless: false, env: { AUTH_KEY: key, BUS_API_KEY: busKey } };

// A request from another of the machine's own addresses.
function from(localAddress, server, path, { method = 'GET', headers = {}, body } = {}) {
  return within(new Promise((done, fail) => {
    const call = http.request(
      { host: '127.0.0.1', port: server.ports.extras, path, method, headers, localAddress, agent: false },
      (answer) => {
        answer.resume();
        answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers }));
      },
    );
    call.on('error', fail);
    call.end(body);
  }), `the answer to ${method} ${path}`);
}

const preview = (of) => JSON.stringify(
  { type: 'createPreview', clientVersion: '0.3.20', key: of, leftTeam, rightTeam, toolsData: {} });
const createPreview = (address, server, of) => from(address, server, '/createPreview', { method: 'PUT', body: preview(of) });
const stats = (address, server, of) => from(address, server, '/api/v1/bus/stats', { headers: { Authorization: `Bearer ${of}` } });
const org = (address, server, of) => from(address, server, `/getOrgForKey?key=${encodeURIComponent(of)}`);

for (const [name, guess, no, yes] of [
  ['PUT /createPreview', createPreview, 403, 200],
  ['GET /getOrgForKey', org, 401, 401], // a right one of nobody's organisation
  ['the API of the bus', (address, server, of) => stats(address, server, of === key ? busKey : of), 401, 200],
]) {
  test(`wrong keys are bounded: ${name}`, async (t) => {
    const server = await startServer({ t, ...keyed, set: { '--max-wrong-keys': '10' } });
    const statuses = [];
    let last;
    for (let i = 0; i < 40; ++i) {
      last = await guess('127.0.0.1', server, `guess number ${i}`);
      statuses.push(last.status);
    }
    const looked = statuses.filter((status) => status === no).length;
    assert.ok(looked >= 10 && looked <= 12, statuses.join());
    assert.equal(statuses.filter((status) => status === 429).length, 40 - looked);
    assert.equal(last.headers['retry-after'], '6');
    // A right one is not looked at from there either, and always from elsewhere.
    assert.equal((await guess('127.0.0.1', server, key)).status, 429);
    for (let i = 0; i < 20; ++i) assert.equal((await guess('127.0.0.2', server, key)).status, yes);
    const figures = await metrics(server);
    const wrong = [...figures].filter(([metric]) => metric.startsWith('matchbus_wrong_keys_total'));
    assert.deepEqual(wrong.map(([, count]) => count), [looked]);
    assert.equal(figures.get('matchbus_keys_refused_total'), 41 - looked);
    await server.said(/a wrong (access key|key of the bus) came from 127\.0\.0\.1/);
    await server.said(/no key is looked at for now from 127\.0\.0\.1: too many wrong ones came from there/);
    assert.ok(server.output.split('\n').filter((line) => /wrong/.test(line)).length < 10);
  });
}

test('wrong keys are bounded: logons, and an observer from elsewhere is let in', async (t) => {
  const server = await startServer({ t, ...keyed, set: { '--max-wrong-keys': '5' } });
  const guess = async (of) => {
    const client = await connect(t, server, 'ingest', { transport: 'websocket' });
    client.emit('obs_logon', observerLogon(groupCode(), { key: of }));
    const answer = await client.next('obs_logon_ack');
    await client.disconnected();
    return answer;
  };
  const no = { type: 'authenticate', value: false, reason: 'Invalid Key' };
  for (let i = 0; i < 10; ++i) assert.deepEqual(await guess(`guess number ${i}`), no);
  assert.deepEqual(await guess(key), no, 'not looked at');
  await server.said(/too many wrong keys came before it/);
  // One table for all doors.
  assert.equal((await createPreview('127.0.0.1', server, key)).status, 429);
  const other = new Client(urlOf(server, 'ingest'), { transport: 'websocket', localAddress: '127.0.0.3' });
  t.after(() => other.close());
  await other.connected();
  other.emit('obs_logon', observerLogon(groupCode(), { key }));
  assert.equal((await other.next('obs_logon_ack')).value, true);
});

test("wrong secrets are bounded: a live group's cannot be guessed", async (t) => {
  const server = await startServer({ t, set: { '--max-wrong-keys': '5' } });
  const code = groupCode();
  const { secret } = await observer(t, server, code);
  const guess = async (groupSecret) => {
    const client = await connect(t, server, 'ingest', { transport: 'websocket' });
    client.emit('obs_logon', observerLogon(code, { groupSecret }));
    return client.next('obs_logon_ack');
  };
  // Who has none does not guess: it is told, as often as it asks.
  for (let i = 0; i < 10; ++i) assert.match((await guess(undefined)).reason, /exists and is still live/);
  assert.equal((await guess(secret)).reason, 'reconnected');
  for (let i = 0; i < 10; ++i) assert.match((await guess(`GUESS00000${i}0`)).reason, /exists and is still live/);
  assert.match((await guess(secret)).reason, /exists and is still live/);
  const looked = (await metrics(server)).get('matchbus_wrong_keys_total{what="secret of a group"}');
  assert.ok(looked >= 5 && looked <= 7, `${looked}`);
  // Nor by the offset that a client says it has.
  const liar = new Client(urlOf(server, 'ingest'),
    { transport: 'websocket', auth: { pid: 'x', offset: `1.observer\n${secret}\n${code}` } });
  t.after(() => liar.close());
  await liar.connected();
  liar.emit('obs_data', { obsName: 'x', groupCode: code, type: 'map', data: 'Jam' });
  assert.equal((await liar.next('obs_logon_ack')).value, false);
});

test('all addresses together are bounded, and one that sent none is let in', async (t) => {
  const server = await startServer({ t, ...keyed, set: { '--max-wrong-keys-total': '20' } });
  const statuses = [];
  for (let i = 0; i < 60; ++i)
    statuses.push((await createPreview(`127.0.1.${1 + (i % 6)}`, server, `guess number ${i}`)).status);
  const looked = statuses.filter((status) => status === 403).length;
  assert.ok(looked >= 20 && looked <= 27, statuses.join());
  assert.equal((await createPreview('127.0.2.1', server, key)).status, 200);
});

test('a key that can be guessed is an error at the start, unless it is allowed', async (t) => {
  for (const [option, name] of [['--auth-key', 'AUTH_KEY'], ['--bus-api-key', 'BUS_API_KEY']]) {
    const server = new Server({ args: ['--insecure', option, 'fifteen letters'] });
    await until(() => server.result !== undefined, 'the end of the server');
    assert.notEqual(server.result.code, 0);
    assert.match(server.output, new RegExp(`${option} \\(${name}\\) has fewer than 16 characters and can be guessed`));
    assert.match(server.output, /--allow-short-keys/);
  }
  const allowed = await startServer({ t, keyless: false, args: ['--auth-key', 'short', '--allow-short-keys'] });
  assert.equal((await createPreview('127.0.0.1', allowed, 'short')).status, 200);
  const long = await startServer({ t, keyless: false, args: ['--auth-key', 'sixteen letters!'] });
  assert.equal((await request(long, 'extras', '/status')).status, 200);
});
