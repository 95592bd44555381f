// The bus as a browser sees it: no headers, so the token stands in the query; and close codes as a page gets them.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, test } from 'node:test';

import { chromium } from 'playwright-core';

import { api, busEnv, inSeconds, player, publish, token } from '../support/bus.mjs';
import { startServer, stopServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

// A page of another origin, as a game's client is.
const page = `<!doctype html><title>client</title><script>
  window.lines = {};
  window.join = (name, url) => {
    const line = { messages: [], opened: false, closed: null };
    line.socket = new WebSocket(url);
    line.socket.onopen = () => (line.opened = true);
    line.socket.onmessage = ({ data }) => line.messages.push(JSON.parse(data));
    line.socket.onclose = ({ code, reason, wasClean }) => (line.closed = { code, reason, wasClean });
    window.lines[name] = line;
  };
  window.look = (name) => ({ messages: lines[name].messages, opened: lines[name].opened, closed: lines[name].closed });
</script>`;
const pages = http.createServer((_, answer) => answer.setHeader('Content-Type', 'text/html').end(page));
await new Promise((done) => pages.listen(0, '127.0.0.1', done));
const server = await startServer({ insecure: false, env: busEnv });
// --no-sandbox: browsers refuse to start as root with it, as in containers.
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
after(async () => {
  await browser.close();
  pages.close();
  pages.closeAllConnections();
  await stopServer(server);
});

async function openTab(t) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  t.after(() => context.close());
  const tab = await context.newPage();
  await tab.goto(`http://127.0.0.1:${pages.address().port}/`);
  return tab;
}

// A line of a tab to the bus.
class Line {
  constructor(tab, name) {
    this.tab = tab;
    this.name = name;
  }
  static async open(tab, name, query, { at = server, path = '/api/v1/ws', scheme = 'ws' } = {}) {
    const line = new Line(tab, name);
    const url = `${scheme}://localhost:${at.ports.output}${path}?${new URLSearchParams(query)}`;
    await tab.evaluate(([of, where]) => window.join(of, where), [name, url]);
    return line;
  }
  look = () => this.tab.evaluate((name) => window.look(name), this.name);
  send = (message) => this.tab.evaluate(([name, text]) => window.lines[name].socket.send(text), [this.name, JSON.stringify(message)]);
  next = (type) => until(async () => (await this.look()).messages.find((message) => message.type === type), type);
  end = () => until(async () => (await this.look()).closed, 'the close');
}
const withToken = (claims, more) => ({ token: token(claims), ...more });

for (const scheme of ['ws', 'wss']) {
  test(`the token in the query: ${scheme}`, async (t) => {
    const line = await Line.open(await openTab(t), 'a', withToken({ sub: 'a', sector_id: 's' }), { scheme });
    assert.equal((await line.next('connected')).your_state.sector_id, 's');
    await line.send({ type: 'heartbeat' });
    await line.next('heartbeat_ack');
    await line.send({ type: 'subscribe', topics: ['market:ore'] });
    await line.next('subscribed');
    await publish(server, { topic: 'market:ore', message: { type: 'tick', price: 1.5, filler: 'é'.repeat(3000) } });
    assert.equal((await line.next('tick')).filler.length, 3000, 'compressed as browsers negotiate it');
    await line.send({ type: 'chat_message', target_type: 'private', target_user_id: 'a', content: 'Grüße 😀' });
    assert.equal((await line.next('chat_message')).body, 'Grüße 😀');
  });
}

test('4401, with its reason, after an upgrade that succeeds', async (t) => {
  const tab = await openTab(t);
  const cases = {
    'token missing': {},
    malformed: { token: 'x.y.z' },
    'bad signature': { token: token({ sub: 'a' }, { key: 'another key of more than thirty-two bytes' }) },
    expired: withToken({ sub: 'a', exp: inSeconds(-1) }),
    'not yet valid': withToken({ sub: 'a', nbf: inSeconds(60) }),
  };
  for (const [reason, query] of Object.entries(cases)) {
    const line = await Line.open(tab, reason, query);
    assert.deepEqual(await line.end(), { code: 4401, reason, wasClean: true });
    const { opened, messages } = await line.look();
    assert.equal(opened, true);
    assert.deepEqual(messages, []);
  }
});

test('4401 when the token expires while the page is open', async (t) => {
  const tab = await openTab(t);
  const exp = inSeconds(3);
  const line = await Line.open(tab, 'a', withToken({ sub: 'short', exp }));
  await line.next('connected');
  await until(() => Date.now() / 1000 >= exp, 'the time');
  await line.send({ type: 'heartbeat' });
  assert.deepEqual(await line.end(), { code: 4401, reason: 'expired', wasClean: true });
});

test('4001 in the first tab when the player opens a second one', async (t) => {
  const first = await Line.open(await openTab(t), 'a', withToken({ sub: 'tabs' }));
  await first.next('connected');
  const second = await Line.open(await openTab(t), 'a', withToken({ sub: 'tabs' }));
  assert.deepEqual(await first.end(), { code: 4001, reason: 'superseded', wasClean: true });
  await second.next('connected');
  const phone = await Line.open(await openTab(t), 'a', withToken({ sub: 'tabs' }, { device_id: 'phone' }));
  await phone.next('connected');
  assert.equal((await second.look()).closed, null);
});

test('4001 is the same when the second one is no browser', async (t) => {
  const first = await Line.open(await openTab(t), 'a', withToken({ sub: 'mixed' }));
  await first.next('connected');
  await player(t, server, { sub: 'mixed' });
  assert.equal((await first.end()).code, 4001);
});

test('4003 at the admin door, 4009 on another region, and a code of a service', async (t) => {
  const tab = await openTab(t);
  const outside = await Line.open(tab, 'outside', withToken({ sub: 'b' }), { path: '/api/v1/ws/admin' });
  assert.equal((await outside.end()).code, 4003);
  const mover = await Line.open(tab, 'mover', withToken({ sub: 'm', region_id: 'r1' }));
  await mover.next('connected');
  await api(server, 'POST', '/move', { user_id: 'm', region_id: 'r2' });
  assert.deepEqual(await mover.end(), { code: 4009, reason: 'region changed', wasClean: true });
  const kicked = await Line.open(tab, 'kicked', withToken({ sub: 'k' }));
  await kicked.next('connected');
  await api(server, 'POST', '/disconnect', { user_id: 'k', code: 4003, reason: 'Grüße' });
  assert.deepEqual(await kicked.end(), { code: 4003, reason: 'Grüße', wasClean: true });
});

test('a tab that reloads gets what it missed', async (t) => {
  const tab = await openTab(t);
  const row = { sub: 'r', sector_id: 'reload' };
  const first = await Line.open(tab, 'a', withToken(row));
  const { event_id } = await first.next('connected');
  await tab.reload();
  await until(async () => (await api(server, 'GET', '/presence?room=sector:reload')).body.count === 0, 'the old page to be gone');
  await publish(server, { room: 'sector:reload', message: { type: 'missed' } });
  const second = await Line.open(tab, 'a', withToken(row, { last_event_id: event_id }));
  assert.equal((await second.next('connected')).recovered, true);
  await second.next('missed');
});

test('1001 at the end of the server, and without a key no upgrade at all', async (t) => {
  const tab = await openTab(t);
  const ending = await startServer({ env: busEnv });
  const line = await Line.open(tab, 'a', withToken({ sub: 'a' }), { at: ending });
  await line.next('connected');
  await stopServer(ending);
  assert.deepEqual(await line.end(), { code: 1001, reason: 'going away', wasClean: true });
  const off = await startServer({ t });
  const refused = await Line.open(tab, 'b', withToken({ sub: 'a' }), { at: off });
  assert.equal((await refused.end()).code, 1006);
  assert.equal((await refused.look()).opened, false);
});
