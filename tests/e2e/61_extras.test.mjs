// The extras port over HTTP/1.1 as clients and proxies speak it: status, metrics, previews, results.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, test } from 'node:test';

import { getJson, metrics, rawConnection, request } from '../support/http.mjs';
import { groupCode, leftTeam, observer, observerLogon, rightTeam, viewer } from '../support/match.mjs';
import { startServer, stopServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const server = await startServer();
after(() => stopServer(server));

test('/status counts the live matches', async (t) => {
  const answer = await request(server, 'extras', '/status');
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.equal(answer.headers['access-control-allow-origin'], '*');
  const before = JSON.parse(answer.body);
  assert.equal(before.status, 'UP');
  await observer(t, server, groupCode());
  assert.equal((await getJson(server, 'extras', '/status')).matchesRunning, before.matchesRunning + 1);
});

test('HEAD is answered without a body, OPTIONS with what a browser asks for', async (t) => {
  const head = await request(server, 'extras', '/status', { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.body, '');
  assert.ok(Number(head.headers['content-length']) > 0);
  for (const port of ['ingest', 'output', 'extras']) {
    const preflight = await request(
      server,
      port,
      port === 'extras' ? '/status' : '/socket.io/?EIO=4&transport=polling',
      {
        method: 'OPTIONS',
        headers: {
          Origin: 'https://overlay.example.org',
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'content-type',
        },
      },
    );
    assert.ok([200, 204].includes(preflight.status), `${port} ${preflight.status}`);
    assert.equal(preflight.headers['access-control-allow-origin'], '*', port);
    assert.match(preflight.headers['access-control-allow-methods'], /POST/, port);
    assert.match(preflight.headers['access-control-allow-headers'], /content-type|\*/i, port);
  }
});

test('other methods are refused', async () => {
  for (const method of ['POST', 'PUT', 'DELETE']) {
    assert.ok([404, 405].includes((await request(server, 'extras', '/status', { method })).status));
  }
});

test('requests may follow each other on a connection, and before their answers', async (t) => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  for (let i = 0; i < 5; ++i) assert.equal((await request(server, 'extras', '/status', { agent })).status, 200);

  const connection = await rawConnection(t, server.ports.extras);
  const one = 'GET /status HTTP/1.1\r\nHost: x\r\n\r\n';
  const missing = 'GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n';
  const last = 'GET /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  connection.write(one + missing + one + last);
  await until(() => connection.ended, 'the server to close');
  const codes = [...connection.received.toString().matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);
  assert.deepEqual(codes, ['200', '404', '200', '200']);
});

test('HTTP/1.0 is answered and closed', async (t) => {
  const connection = await rawConnection(t, server.ports.extras);
  connection.write('GET /status HTTP/1.0\r\n\r\n');
  await until(() => connection.ended, 'the server to close');
  assert.match(connection.received.toString(), /^HTTP\/1\.[01] 200 [^]*"UP"/);
});

test('/metrics is well-formed and moves', async (t) => {
  const answer = await request(server, 'extras', '/metrics');
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^text\/plain; version=0\.0\.4/);
  const typed = new Map();
  for (const line of answer.body.trimEnd().split('\n')) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line);
    if (type) {
      assert.ok(!typed.has(type[1]), `${type[1]} twice`);
      typed.set(type[1], type[2]);
      continue;
    }
    if (line.startsWith('# HELP ')) continue;
    const sample = /^([a-zA-Z_:][\w:]*)(\{[^}]*\})? (\S+)$/.exec(line);
    assert.ok(sample, line);
    const family = typed.has(sample[1]) ? sample[1] : sample[1].replace(/_(bucket|sum|count)$/, '');
    assert.ok(typed.has(family), `${line}: no TYPE`);
    assert.ok(Number.isFinite(Number(sample[3])) || /^[+-]Inf$/.test(sample[3]), line);
    if (typed.get(family) === 'counter') assert.match(family, /_total$/, line);
  }
  assert.ok([...typed.keys()].some((name) => name.startsWith('matchbus_')));

  const before = await metrics(server);
  const code = groupCode();
  await observer(t, server, code);
  await (await viewer(t, server, code)).state();
  const after = await metrics(server);
  const grown = [...after].filter(([name, value]) => value > (before.get(name) ?? 0)).map(([name]) => name);
  for (const word of [/match/, /connection/, /events|logon/])
    assert.ok(
      grown.some((name) => word.test(name)),
      `${word} in ${grown}`,
    );
});

// ---- previews and results

const json = { 'Content-Type': 'application/json' };
const createPreview = (target, changes = {}) => request(target, 'extras', '/createPreview', {
  method: 'PUT', headers: json, body: JSON.stringify({ ...observerLogon('x', { type: 'preview' }), ...changes }),
});

test('/healthz says that the server runs', async () => {
  const answer = await request(server, 'extras', '/healthz');
  assert.equal(answer.status, 200);
  assert.deepEqual(JSON.parse(answer.body), { status: 'ok' });
});

test('what no route takes is a page', async () => {
  for (const [method, path] of [
    ['GET', '/'], ['GET', '/statusx'], ['GET', '/status/x'], ['GET', '/preview'], ['GET', '/preview/'], ['GET', '/preview/ABCDEF/x'],
    ['GET', '/createPreview'], ['POST', '/createPreview'], ['PUT', '/createPreview/x'], ['DELETE', '/getOrgForKey'],
  ]) {
    const answer = await request(server, 'extras', path, { method });
    assert.equal(answer.status, 404, `${method} ${path}`);
    assert.match(answer.headers['content-type'], /^text\/html; *charset=utf-8$/);
    assert.match(answer.body, /^<!DOCTYPE html>/);
    assert.equal(answer.headers['access-control-allow-origin'], '*');
  }
});

test('a preview gets a code of its own, unless one of six characters is asked for', async () => {
  for (const previewCode of [undefined, null, 5, '', 'ABCDE', 'ABCDEFG', {}]) {
    const { previewCode: made } = JSON.parse((await createPreview(server, { previewCode })).body);
    assert.match(made, /^[A-HJ-NP-Z0-9]{6}$/, `asked for ${previewCode}`);
    assert.equal((await request(server, 'extras', `/preview/${made}`)).status, 200);
  }
  assert.equal(JSON.parse((await createPreview(server, { previewCode: 'a/b?c%' })).body).previewCode, 'a/b?c%');
  assert.equal((await request(server, 'extras', `/preview/${encodeURIComponent('a/b?c%')}`)).status, 200);
  assert.equal((await request(server, 'extras', '/preview/a%2')).status, 400);
});

test("a preview's secrets are not shown", async () => {
  const toolsData = { playercamsInfo: { identifier: 'i', secret: 'very secret', endTime: 99, enabledPlayers: [] }, more: { x: 1 } };
  const { previewCode } = JSON.parse((await createPreview(server, { toolsData })).body);
  const { body } = await request(server, 'extras', `/preview/${previewCode}`);
  assert.ok(!body.includes('very secret') && !body.includes('testkey'));
  assert.deepEqual(JSON.parse(body).tools.more, { x: 1 });
});

test('previews that make no sense are refused', async () => {
  const put = (body, headers = json) => request(server, 'extras', '/createPreview', { method: 'PUT', headers, body });
  for (const body of ['{', '[1', 'text', '{"key":"k"} x', `${'['.repeat(1000)}`, '\xff']) assert.equal((await put(body)).status, 400, body.slice(0, 20));
  for (const body of ['', '{}', '[]', 'null', '"x"', '{"key":5}']) {
    const answer = await put(body);
    assert.equal(answer.status, 400, body);
    assert.deepEqual(JSON.parse(answer.body), { error: 'Missing or invalid key in preview data' });
  }
  for (const changes of [{ leftTeam: undefined }, { rightTeam: { name: 5 } }]) {
    assert.equal((await createPreview(server, changes)).status, 400, JSON.stringify(changes).slice(0, 50));
  }
  assert.equal((await put('x'.repeat(1_100_000))).status, 413);
});

test('previews are bounded: the oldest goes', async (t) => {
  const small = await startServer({ t, args: ['--max-previews', '2'] });
  for (const previewCode of ['AAAAAA', 'BBBBBB', 'CCCCCC']) await createPreview(small, { previewCode });
  const statuses = [];
  for (const code of ['AAAAAA', 'BBBBBB', 'CCCCCC']) statuses.push((await request(small, 'extras', `/preview/${code}`)).status);
  assert.deepEqual(statuses, [404, 200, 200]);
  assert.equal((await metrics(small)).get('matchbus_previews'), 2);
});

test('the result of a finished match is kept for its group', async (t) => {
  const code = groupCode();
  const path = `/getTeamInfoForCode?groupCode=${code}`;
  for (const wrong of ['/getTeamInfoForCode', '/getTeamInfoForCode?groupCode=', `${path}&groupCode=x`]) {
    assert.equal((await request(server, 'extras', wrong)).status, 400, wrong);
  }
  assert.equal((await request(server, 'extras', path)).status, 404);
  const tournamentInfo = { name: 'Cup', logoUrl: 'l', backdropUrl: 'b' };
  const observing = await observer(t, server, code, { logon: { toolsData: { tournamentInfo } } });
  const watching = await viewer(t, server, code);
  observing.send('swap_left_right', 0);
  observing.send('score', { team_0: 3, team_1: 5 });
  await watching.state(({ teams }) => teams.some(({ roundsWon }) => roundsWon === 5));
  assert.equal((await request(server, 'extras', path)).status, 404, 'not finished yet');
  observing.send('round_info', { roundPhase: 'game_end', roundNumber: 8 });
  await watching.state(({ roundPhase }) => roundPhase === 'game_end');
  const result = await getJson(server, 'extras', path);
  assert.deepEqual(result, {
    leftTeam: rightTeam,
    rightTeam: leftTeam,
    higherScore: 0,
    tournamentInfo,
    sponsorInfo: { enabled: false, duration: 5, sponsors: [] },
    isSupporter: false,
  });
});
