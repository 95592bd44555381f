// The services outside: keys and organisations, reports of matches, ranks, player cams; and what becomes of matches when
// those services fail, lie or hang.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { connect } from '../support/client.mjs';
import { metrics, request } from '../support/http.mjs';
import { groupCode, observer, observerLogon, rosterEntry, viewer } from '../support/match.mjs';
import { Server, startServer, temporaryDirectory } from '../support/server.mjs';
import { closeEarly, closeHalfway, hang, hugeBody, noHttp, Services } from '../support/services.mjs';
import { until } from '../support/wait.mjs';

const key = 'good key/1';
const keyPath = '/api/system/validateAccessKey/good%20key%2F1';
let nextMatch = 0;
const newMatchId = () => `match-${process.pid}-${++nextMatch}`;

// A server with all services at one stand-in, which knows one organisation, a supporter.
async function world(t, { env = {}, services, ...options } = {}) {
  const outside = services ?? (await new Services().start(t));
  outside
    .answer(`GET ${keyPath}`, { json: { id: 'org-1', name: 'First Org' } })
    .answer('GET /api/system/validateAccessKey/expired', { status: 403 })
    .answer('GET /api/system/validateAccessKey/wrong', { status: 401 })
    .answer('GET /supporters/org-1', { json: { isSupporter: true } })
    .answer('POST /api/system/match/*', { json: {} })
    .answer('PUT /api/system/match/*', { json: {} })
    .answer('POST /stats/*', { json: {} });
  const server = await startServer({
    t,
    keyless: false,
    ...options,
    env: {
      AUTH_KEY: 'testkey', ALLOW_SHORT_KEYS: 'true',
      USE_BACKEND: 'true',
      BACKEND_URL: `${outside.url}/api/`,
      BACKEND_TOKEN: 'backend token',
      SUPPORTER_CHECK_URL: `${outside.url}/supporters`,
      STATS_BACKEND_URL: `${outside.url}/stats`,
      STATS_BACKEND_TOKEN: 'stats token',
      PLAYERCAM_URL: `${outside.url}/cams`,
      BACKEND_TIMEOUT: '1000',
      BACKEND_RETRIES: '1',
      ...env,
    },
  });
  return { outside, server };
}

async function logOn(t, server, changes, code = groupCode()) {
  const client = await connect(t, server, 'ingest');
  client.emit('obs_logon', observerLogon(code, changes));
  return { client, answer: await client.next('obs_logon_ack') };
}

const phase = (observing, roundPhase, roundNumber) => observing.send('round_info', { roundPhase, roundNumber });

// ---- keys

test('a key that the backend knows logs on, for its organisation', async (t) => {
  const { outside, server } = await world(t);
  const code = groupCode();
  await observer(t, server, code, { logon: { key, toolsData: { watermarkInfo: { spectraWatermark: false, customTextEnabled: true, customText: 'x' } } } });
  assert.equal(outside.to(`GET ${keyPath}`)[0].headers['x-user-token'], 'backend token');
  const state = await (await viewer(t, server, code)).state();
  assert.equal(state.organizationId, 'org-1');
  assert.equal(state.orgIsSupporter, true);
  assert.equal(state.tools.watermarkInfo.spectraWatermark, false);
  assert.equal(state.tools.watermarkInfo.customTextEnabled, true);
});

test('organisations that are no supporters get the marks', async (t) => {
  const { outside, server } = await world(t);
  outside.answer('GET /supporters/org-1', { json: { isSupporter: false } });
  const code = groupCode();
  const toolsData = {
    sponsorInfo: { enabled: true, duration: 5, sponsors: ['https://example.org/s.webp'] },
    watermarkInfo: { spectraWatermark: false, customTextEnabled: true, customText: 'x' },
    roundWinBox: { type: 'sponsors', sponsors: [{ a: 1 }, { a: 2 }] },
  };
  await observer(t, server, code, { logon: { key, toolsData } });
  const { orgIsSupporter, tools } = await (await viewer(t, server, code)).state();
  assert.equal(orgIsSupporter, false);
  assert.deepEqual(tools.sponsorInfo.sponsors, ['https://example.org/s.webp', 'https://auto.valospectra.com/assets/misc/logo.webp']);
  assert.deepEqual(tools.watermarkInfo, { spectraWatermark: true, customTextEnabled: false, customText: 'x' });
  assert.equal(tools.roundWinBox.sponsors.length, 1);
});

test('the own key needs no backend; others are refused with the reason', async (t) => {
  const { outside, server } = await world(t);
  assert.equal((await logOn(t, server, { key: 'testkey' })).answer.value, true);
  assert.equal(outside.requests.length, 0);
  for (const [wrong, reason] of [['wrong', 'Invalid Key'], ['expired', 'Expired Key'], ['unheard of', 'Unknown Error'], ['', 'Invalid Key'], ['..', 'Invalid Key']]) {
    const { client, answer } = await logOn(t, server, { key: wrong });
    assert.deepEqual(answer, { type: 'authenticate', value: false, reason }, wrong);
    await client.disconnected();
  }
});

for (const [name, answer] of [
  ['hangs', hang],
  ['closes early', closeEarly],
  ['closes halfway', closeHalfway],
  ['speaks no HTTP', noHttp],
  ['sends too much', hugeBody],
  ['fails', { status: 500, text: 'oops' }],
  ['answers no JSON', { text: '<html>' }],
  ['answers an array', { json: [] }],
  ['answers a wrong id', { json: { id: { a: 1 }, name: 'x' } }],
  ['answers a wrong name', { json: { id: 'org', name: 5 } }],
  ['answers a long id', { json: { id: 'x'.repeat(1000), name: 'x' } }],
  ['redirects', { status: 302 }],
]) {
  test(`a backend that ${name} is an unknown error, and others log on meanwhile`, async (t) => {
    const { outside, server } = await world(t, { env: { BACKEND_TIMEOUT: '300', BACKEND_RETRIES: '0' } });
    outside.answer(`GET ${keyPath}`, answer);
    const pending = logOn(t, server, { key });
    assert.equal((await logOn(t, server, { key: 'testkey' })).answer.value, true);
    assert.equal((await pending).answer.reason, 'Unknown Error');
    const figures = await metrics(server);
    const failed = figures.get('matchbus_backend_requests_total{result="failed"}') + figures.get('matchbus_backend_unreadable_total')
      + figures.get('matchbus_backend_requests_total{result="refused"}');
    assert.equal(failed, 1);
    await server.said(/backend: check of an access key/);
    assert.ok(!server.output.includes('good key'), 'the key is in the log');
    assert.ok(!server.output.includes('good%20key'), 'the key is in the log');
  });
}

test('a failure is tried again', async (t) => {
  const { outside, server } = await world(t, { env: { BACKEND_RETRIES: '2' } });
  outside.answer(`GET ${keyPath}`, { status: 503 }, closeEarly, { json: { id: 7, name: null } });
  const code = groupCode();
  assert.equal((await logOn(t, server, { key }, code)).answer.value, true);
  assert.equal(outside.to(`GET ${keyPath}`).length, 3);
  assert.equal((await (await viewer(t, server, code)).state()).organizationId, '7');
  // A request that fails on a kept connection may be sent once more at once, which is no retry.
  assert.ok((await metrics(server)).get('matchbus_backend_retries_total') >= 1);
});

test('a supporter check that fails or lies counts as no', async (t) => {
  const { outside, server } = await world(t, { env: { BACKEND_TIMEOUT: '300', BACKEND_RETRIES: '0' } });
  for (const answer of [hang, { status: 500 }, { json: { isSupporter: 'true' } }, { text: 'null' }]) {
    outside.answer('GET /supporters/org-1', answer);
    const code = groupCode();
    assert.equal((await logOn(t, server, { key }, code)).answer.value, true);
    assert.equal((await (await viewer(t, server, code)).state()).orgIsSupporter, false);
  }
});

test('a sender that goes away, or logs on twice, while its key is checked', async (t) => {
  const { outside, server } = await world(t);
  const waiting = [];
  outside.answer(`GET ${keyPath}`, (_, response) => waiting.push(response));
  const gone = await connect(t, server, 'ingest');
  gone.emit('obs_logon', observerLogon(groupCode(), { key }));
  const code = groupCode();
  const stays = await connect(t, server, 'ingest');
  stays.emit('obs_logon', observerLogon(code, { key }));
  stays.emit('obs_logon', observerLogon(groupCode(), { key: 'testkey' }));
  stays.emit('obs_data', { obsName: 'x', groupCode: code, type: 'map', data: 'Infinity' });
  await until(() => waiting.length === 2, 'both checks');
  await until(async () => (await metrics(server)).get('matchbus_events_total{result="before_logon"}') === 1, 'the event');
  gone.close();
  assert.equal((await metrics(server)).get('matchbus_matches'), 0);
  await until(async () => (await metrics(server)).get('matchbus_ingest_sockets') === 1, 'the client to be gone');
  for (const response of waiting) response.end('{"id":"org-1","name":"First Org"}');
  const answer = await stays.next('obs_logon_ack');
  assert.match(answer.reason, /^[A-Z0-9]{12}$/);
  // Only the first logon of a socket counts, and nobody is left to own the other match.
  assert.equal((await metrics(server)).get('matchbus_matches'), 1);
  assert.equal(stays.all('obs_logon_ack').length, 1);
  assert.equal((await (await viewer(t, server, code)).state()).map, 'Loading');
});

// ---- extras that ask for keys

test('/getOrgForKey and /createPreview ask the backend', async (t) => {
  const { outside, server } = await world(t);
  const org = await request(server, 'extras', '/getOrgForKey?key=good%20key%2F1');
  assert.equal(org.status, 200);
  assert.deepEqual(JSON.parse(org.body), { id: 'org-1', name: 'First Org', isSupporter: true });
  for (const wrong of ['wrong', 'expired', 'testkey']) {
    assert.equal((await request(server, 'extras', `/getOrgForKey?key=${wrong}`)).status, 401, wrong);
  }
  assert.equal(outside.to('GET /api/system/validateAccessKey/testkey').length, 0);
  const create = (withKey) => request(server, 'extras', '/createPreview', {
    method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ ...observerLogon('x', { key: withKey }), previewCode: 'PREVIE' }),
  });
  assert.equal((await create('wrong')).status, 403);
  assert.equal((await create(key)).status, 200);
  assert.equal((await request(server, 'extras', '/preview/PREVIE')).status, 200);
});

test('a client that goes away before the backend answers, and a server that ends before', async (t) => {
  const { outside, server } = await world(t, { env: { BACKEND_TIMEOUT: '10000' }, args: ['--drain-timeout', '100'] });
  outside.answer(`GET ${keyPath}`, hang);
  const agents = [];
  for (let i = 0; i < 3; ++i) {
    agents.push(request(server, 'extras', '/getOrgForKey?key=good%20key%2F1').catch(() => 'lost'));
  }
  const watching = await connect(t, server, 'ingest');
  watching.emit('obs_logon', observerLogon(groupCode(), { key }));
  await until(() => outside.to(`GET ${keyPath}`).length === 4, 'the checks');
  await server.stop();
  await Promise.all(agents);
});

// ---- reports of matches

test('a match is registered, updated every round and completed, in this order', async (t) => {
  const { outside, server } = await world(t);
  const code = groupCode();
  const id = newMatchId();
  const watching = await viewer(t, server, code);
  const toolsData = { playercamsInfo: { enable: true, removeTricodes: false, identifier: 'cam', secret: 'cam secret', endTime: 5, enabledPlayers: [] } };
  const observing = await observer(t, server, code, { logon: { key, toolsData } });
  observing.send('match_start', id);
  const register = await outside.next(`POST /api/system/match/${id}/register`);
  assert.equal(register.headers['x-user-token'], 'backend token');
  assert.equal(register.body.match.matchId, id);
  assert.equal(register.body.match.isRegistered, false);
  for (const secret of ['cam secret', observing.secret, 'good key']) assert.ok(!JSON.stringify(register.body).includes(secret), secret);
  assert.deepEqual(Object.keys(register.body), ['match']);
  await watching.state((state) => state.isRegistered === true);
  for (const round of [1, 2, 3]) phase(observing, 'shopping', round);
  const update = await outside.next(`PUT /api/system/match/${id}/update`, 1);
  assert.ok([2, 3].includes(update.body.match.roundNumber));
  phase(observing, 'game_end', 3);
  const complete = await outside.next(`PUT /api/system/match/${id}/complete`);
  assert.equal(complete.body.match.isRunning, false);
  assert.equal(complete.body.match.roundPhase, 'game_end');
  const kinds = outside.requests.map(({ path }) => path).filter((path) => path.includes(id)).map((path) => path.split('/').at(-1));
  assert.deepEqual([...new Set(kinds)], ['register', 'update', 'complete']);
});

test('calls of a match wait for each other, and a slow backend delays no viewer', async (t) => {
  const { outside, server } = await world(t, { env: { BACKEND_TIMEOUT: '10000' } });
  const code = groupCode();
  const id = newMatchId();
  let waiting;
  outside.answer(`PUT /api/system/match/${id}/update`, (_, response) => { waiting = response; }, { json: {} });
  const watching = await viewer(t, server, code);
  const observing = await observer(t, server, code, { logon: { key } });
  observing.send('match_start', id);
  await watching.state((state) => state.isRegistered);
  for (let round = 2; round <= 20; ++round) {
    phase(observing, 'shopping', round);
    await watching.state((state) => state.roundNumber === round);
  }
  phase(observing, 'game_end', 21);
  await watching.state((state) => state.roundPhase === 'game_end');
  assert.equal(outside.to(`PUT /api/system/match/${id}/complete`).length, 0);
  await until(() => waiting, 'the first update');
  waiting.end('{}');
  await outside.next(`PUT /api/system/match/${id}/complete`);
  // The newest state is what counts: it took the place of all that waited.
  const rounds = outside.to(`PUT /api/system/match/${id}/update`).map(({ body }) => body.match.roundNumber);
  assert.equal(rounds.length, 2);
  assert.equal(rounds[1], 20);
});

for (const [name, answer] of [['fails', { status: 500 }], ['refuses', { status: 400 }], ['closes early', closeEarly], ['hangs', hang]]) {
  test(`a backend that ${name} at registration is not told more, and the match goes on`, async (t) => {
    const { outside, server } = await world(t, { env: { BACKEND_TIMEOUT: '200' } });
    outside.answer('POST /api/system/match/*', answer);
    const code = groupCode();
    const id = newMatchId();
    const watching = await viewer(t, server, code);
    const observing = await observer(t, server, code, { logon: { key } });
    observing.send('match_start', id);
    phase(observing, 'shopping', 2);
    phase(observing, 'game_end', 2);
    const state = await watching.state(({ roundPhase }) => roundPhase === 'game_end');
    assert.equal(state.isRegistered, false);
    await until(async () => (await metrics(server)).get('matchbus_backend_waiting') === 0, 'the calls to end');
    assert.equal(outside.to('PUT *').length, 0);
    await server.said(new RegExp(`backend: register of match '${id}'`));
  });
}

test('what is registered stays so after a crash, and is completed', async (t) => {
  const { outside, server } = await world(t, { t: undefined });
  const code = groupCode();
  const id = newMatchId();
  const observing = await observer(t, server, code, { logon: { key } });
  observing.send('match_start', id);
  const watching = await viewer(t, server, code);
  await watching.state((state) => state.isRegistered);
  server.signal('SIGKILL');
  await server.ended;
  const next = await startServer({
    t, keyless: false, dataDir: server.dataDir,
    env: { AUTH_KEY: 'testkey', ALLOW_SHORT_KEYS: 'true', USE_BACKEND: 'true', BACKEND_URL: `${outside.url}/api` },
  });
  const state = await (await viewer(t, next, code)).state();
  assert.equal(state.isRegistered, true);
  assert.equal(state.organizationId, 'org-1');
  const again = await observer(t, next, code, { logon: { key, groupSecret: observing.secret } });
  phase(again, 'game_end', 2);
  await outside.next(`PUT /api/system/match/${id}/complete`);
  assert.equal(outside.to(`POST /api/system/match/${id}/register`).length, 1);
});

// ---- stats

test('the stats service hears of the match and its region, and gives ranks', async (t) => {
  const { outside, server } = await world(t);
  outside.answer('POST /stats/fetchPlayerMMR', {
    json: { results: [
      { puuid: 'player-0-1', currentMMRTier: 21, peakMMRTier: 24, more: 'x' },
      { puuid: 'player-1-1', currentMMRTier: null, peakMMRTier: 3 },
      { puuid: 'nobody', currentMMRTier: 1, peakMMRTier: 1 },
    ] },
  });
  const code = groupCode();
  const id = newMatchId();
  const watching = await viewer(t, server, code);
  const observing = await observer(t, server, code, { logon: { key } });
  observing.send('match_start', id);
  observing.send('roster', rosterEntry(0, 1));
  observing.send('roster', rosterEntry(1, 1));
  phase(observing, 'shopping', 1);
  const state = await watching.state(({ teams }) => teams[0].players[0]?.currentMMRTier === 21);
  assert.equal(state.teams[0].players[0].peakMMRTier, 24);
  assert.equal(state.teams[1].players[0].currentMMRTier, null);
  assert.equal(state.teams[1].players[0].peakMMRTier, 3);
  const calls = outside.to('POST /stats/*');
  assert.deepEqual(calls.map(({ path, body }) => [path, body]), [
    ['/stats/addMatch', { code, matchUuid: id }],
    ['/stats/updateMatchRegion', { matchUuid: id, accountPuuid: 'player-0-1' }],
    ['/stats/fetchPlayerMMR', { matchUuid: id, accountPuuids: ['player-0-1', 'player-1-1'] }],
  ]);
  assert.ok(calls.every(({ headers }) => headers.authentication === 'stats token'));
});

test('players that were there before the start tell the region, too; ranks that make no sense change nothing', async (t) => {
  const { outside, server } = await world(t);
  outside.answer('POST /stats/fetchPlayerMMR', { json: { results: [{ puuid: 'player-0-1', currentMMRTier: 'gold', peakMMRTier: 1 }] } });
  const code = groupCode();
  const id = newMatchId();
  const observing = await observer(t, server, code, { logon: { key } });
  observing.send('roster', rosterEntry(0, 1));
  observing.send('match_start', id);
  phase(observing, 'shopping', 1);
  await until(async () => (await metrics(server)).get('matchbus_backend_unreadable_total') === 1, 'the lie to be noticed');
  assert.equal(outside.to('POST /stats/updateMatchRegion')[0].body.accountPuuid, 'player-0-1');
  const state = await (await viewer(t, server, code)).state();
  assert.equal(state.teams[0].players[0].currentMMRTier, null);
  assert.equal(state.teams[0].players[0].peakMMRTier, null);
});

// ---- player cams

test('player cams give names to show; their secret goes nowhere else', async (t) => {
  const { outside, server } = await world(t);
  const route = 'GET /cams/api/getNameOverridesAndPlayercams/event%201/s%2Fecret';
  outside.answer(
    route,
    { json: { nameOverrides: [{ id: 'player-0-1', name: 'Shown' }], enabledPlayers: ['player-0-1'], more: 5 } },
    { json: { nameOverrides: 5, enabledPlayers: 'x' } },
    { json: { nameOverrides: '[1]' } },
    { json: { nameOverrides: { overrides: '[2]' } } },
  );
  const code = groupCode();
  const toolsData = { playercamsInfo: { enable: true, removeTricodes: false, identifier: 'event 1', secret: 's/ecret', endTime: 1, enabledPlayers: [] } };
  const observing = await observer(t, server, code, { logon: { key: 'testkey', toolsData } });
  const watching = await viewer(t, server, code);
  phase(observing, 'shopping', 1);
  const state = await watching.state(({ tools }) => tools.playercamsInfo.enabledPlayers.length > 0);
  assert.deepEqual(JSON.parse(state.tools.nameOverrides.overrides), [{ id: 'player-0-1', name: 'Shown' }]);
  assert.deepEqual(state.tools.playercamsInfo.enabledPlayers, ['player-0-1']);
  assert.ok(!JSON.stringify(state).includes('ecret'));
  phase(observing, 'shopping', 2);
  await until(async () => (await metrics(server)).get('matchbus_backend_unreadable_total') === 1, 'the lie to be noticed');
  phase(observing, 'shopping', 3);
  const last = await watching.state(({ tools }) => tools.nameOverrides.overrides === '[1]');
  assert.deepEqual(last.tools.playercamsInfo.enabledPlayers, ['player-0-1']);
  phase(observing, 'shopping', 4);
  await watching.state(({ tools }) => tools.nameOverrides.overrides === '[2]');
  assert.ok(!server.output.includes('ecret'));
});

// ---- limits, TLS, options

test('many observers at a hanging backend: calls are bounded, and the own key still works', async (t) => {
  const { outside, server } = await world(t, { args: ['--max-backend-calls', '5'] });
  outside.answer(`GET ${keyPath}`, hang);
  const answers = await Promise.all(Array.from({ length: 12 }, () => logOn(t, server, { key })));
  assert.ok(answers.every(({ answer }) => answer.reason === 'Unknown Error'));
  assert.ok((await metrics(server)).get('matchbus_backend_requests_total{result="dropped"}') >= 1);
  assert.equal((await logOn(t, server, { key: 'testkey' })).answer.value, true);
});

test('checks of keys, however many anybody asks for, leave room to report matches', async (t) => {
  const { outside, server } = await world(t, { args: ['--max-backend-calls', '4'] });
  outside.answer(`GET ${keyPath}`, hang);
  for (let i = 0; i < 12; ++i) request(server, 'extras', `/getOrgForKey?key=${encodeURIComponent(key)}`).catch(() => {});
  const dropped = async () => (await metrics(server)).get('matchbus_backend_requests_total{result="dropped"}');
  await until(async () => (await dropped()) >= 1, 'the limit');
  const observing = await observer(t, server, groupCode());
  const matchId = newMatchId();
  observing.send('match_start', matchId);
  await until(() => outside.to(`POST /api/system/match/${matchId}/register`).length === 1, 'the registration');
});

test('connections are kept', async (t) => {
  const { outside, server } = await world(t);
  for (let i = 0; i < 5; ++i) await request(server, 'extras', '/getOrgForKey?key=wrong');
  assert.equal(outside.to('GET /api/system/validateAccessKey/wrong').length, 5);
  assert.equal(outside.connections, 1);
});

test('https is verified against the given certificates', async (t) => {
  const directory = temporaryDirectory();
  const [certificate, privateKey] = [join(directory, 'crt.pem'), join(directory, 'key.pem')];
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost', '-keyout', privateKey, '-out', certificate,
  ], { stdio: 'ignore' });
  const services = await new Services({ tls: { cert: readFileSync(certificate), key: readFileSync(privateKey) } }).start(t);
  const trusting = await world(t, { services, args: ['--backend-ca', certificate] });
  assert.equal((await logOn(t, trusting.server, { key })).answer.value, true);
  const seen = services.requests.length;
  const distrusting = await world(t, { services, env: { BACKEND_RETRIES: '0' } });
  assert.equal((await logOn(t, distrusting.server, { key })).answer.reason, 'Unknown Error');
  assert.equal(services.requests.length, seen);
});

test('options that cannot work are refused at the start', async () => {
  for (const [args, said] of [
    [['--use-backend', 'true'], /--backend-url/],
    [['--use-backend', 'true', '--backend-url', 'ftp://x'], /--backend-url: /],
    [['--stats-backend-url', 'nonsense'], /--stats-backend-url: /],
    [['--playercam-url', 'http://x/?a'], /--playercam-url: /],
    [['--playercam-url', 'http://x/', '--backend-ca', '/nonexistent'], /--backend-ca: /],
    [['--playercam-url', 'http://x/', '--backend-ca', '/dev/null'], /--backend-ca: /],
  ]) {
    const server = new Server({ args: ['--insecure', ...args] });
    const { code } = await server.ended;
    assert.notEqual(code, 0);
    await server.said(said);
  }
});

test('without USE_BACKEND the backend hears nothing, and /metrics has none of it', async (t) => {
  const { outside, server } = await world(t, { env: { USE_BACKEND: 'false', STATS_BACKEND_URL: '', PLAYERCAM_URL: '' } });
  assert.equal((await logOn(t, server, { key })).answer.reason, 'Invalid Key');
  const observing = await observer(t, server, groupCode());
  observing.send('match_start', newMatchId());
  phase(observing, 'shopping', 2);
  await until(async () => (await metrics(server)).get('matchbus_events_total{result="applied"}') >= 2, 'the events');
  assert.equal(outside.requests.length, 0);
  assert.ok(![...(await metrics(server)).keys()].some((name) => name.startsWith('matchbus_backend')));
});
