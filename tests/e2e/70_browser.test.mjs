// An overlay in a real browser, as casters run it: a page from another origin that loads the official client.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';

import { chromium } from 'playwright-core';

import { metrics } from '../support/http.mjs';
import { groupCode, observer } from '../support/match.mjs';
import { startServer, stopServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const script = readFileSync(
  join(dirname(createRequire(import.meta.url).resolve('socket.io-client/package.json')), 'dist/socket.io.min.js'),
);
const page = `<!doctype html><title>overlay</title><h1 id="map"></h1><script src="/socket.io.js"></script><script>
  const query = new URLSearchParams(location.search);
  const transports = query.get('transports')?.split(',');
  const socket = io(query.get('server'), transports ? { transports } : {});
  window.states = 0;
  socket.on('connect', () => socket.emit('logon', JSON.stringify({ groupCode: query.get('code') })));
  socket.on('match_data', (text) => {
    window.states += 1;
    document.querySelector('#map').textContent = JSON.parse(text).map;
  });
</script>`;

const overlays = http.createServer((request, answer) => {
  const isScript = request.url === '/socket.io.js';
  answer.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
  answer.end(isScript ? script : page);
});
await new Promise((done) => overlays.listen(0, '127.0.0.1', done));
const server = await startServer({ insecure: false });
// --no-sandbox: browsers refuse to start as root with it, as in containers.
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
after(async () => {
  await browser.close();
  overlays.close();
  overlays.closeAllConnections();
  await stopServer(server);
});

for (const tls of [false, true]) {
  for (const transports of ['', 'polling', 'websocket']) {
    test(`an overlay in a browser: ${transports || 'default'}, ${tls ? 'wss' : 'ws'}`, async (t) => {
      const code = groupCode();
      const player = await observer(t, server, code);
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      t.after(() => context.close());
      const tab = await context.newPage();
      const query = new URLSearchParams({
        server: `${tls ? 'https' : 'http'}://localhost:${server.ports.output}`,
        code,
      });
      if (transports) query.set('transports', transports);
      await tab.goto(`http://127.0.0.1:${overlays.address().port}/?${query}`);
      const shown = () => tab.textContent('#map');
      await until(async () => (await shown()) === 'Loading', 'the first state');
      for (const [internal, name] of [
        ['Jam', 'Lotus'],
        ['Triad', 'Haven'],
        ['Port', 'Icebox'],
      ]) {
        player.send('map', internal);
        await until(async () => (await shown()) === name, name);
      }
    });
  }
}

test('a browser reads the states that are compressed for all overlays together', async (t) => {
  const code = groupCode();
  const player = await observer(t, server, code);
  const tab = await browser.newPage();
  t.after(() => tab.close());
  const query = new URLSearchParams({ server: `http://localhost:${server.ports.output}`, code, transports: 'websocket' });
  await tab.goto(`http://127.0.0.1:${overlays.address().port}/?${query}`);
  await until(async () => (await tab.textContent('#map')) === 'Loading', 'the first state');
  const shared = async () => (await metrics(server)).get('matchbus_frames_total{form="shared"}');
  const before = await shared();
  for (let number = 1; number <= 12; ++number) {
    const states = await tab.evaluate('window.states');
    player.send('round_info', { roundPhase: 'combat', roundNumber: number });
    await until(async () => (await tab.evaluate('window.states')) > states, 'the next state');
  }
  player.send('map', 'Jam');
  await until(async () => (await tab.textContent('#map')) === 'Lotus', 'the last state');
  assert.equal((await shared()) - before, 13);
});

test('an overlay finds the match again after the server was restarted', async (t) => {
  const first = await startServer();
  const code = groupCode();
  const player = await observer(t, first, code);
  const tab = await browser.newPage();
  t.after(() => tab.close());
  const query = new URLSearchParams({ server: `http://localhost:${first.ports.output}`, code });
  await tab.goto(`http://127.0.0.1:${overlays.address().port}/?${query}`);
  player.send('map', 'Jam');
  await until(async () => (await tab.textContent('#map')) === 'Lotus', 'the state');
  await stopServer(first);
  const set = Object.fromEntries(
    Object.entries(first.ports).map(([port, number]) => [`--${port}-port`, String(number)]),
  );
  const second = await startServer({ t, set, dataDir: first.dataDir });
  const again = await until(
    () => observer(t, second, code, { logon: { groupSecret: player.secret } }).catch(() => false),
    'a logon',
  );
  again.send('map', 'Triad');
  await until(async () => (await tab.textContent('#map')) === 'Haven', 'the new state', 30_000);
  assert.ok((await tab.evaluate('window.states')) > 0);
});
