// What `make run` shows: a server with a simulated match, its URLs, live figures, and a clean end.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { chromium } from 'playwright-core';

import { Client } from '../support/client.mjs';
import { binDir, sourceDir, temporaryDirectory } from '../support/server.mjs';
import { until, within } from '../support/wait.mjs';

function demo(t, args) {
  const child = spawn(join(sourceDir, 'tests/demo/run'), [binDir, ...args], {
    cwd: temporaryDirectory(),
    stdio: ['ignore', 'pipe', 'pipe'],
    // Signals go to the whole group, as from a terminal.
    detached: true,
  });
  child.text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (child.text += text));
  child.ended = new Promise((done) => child.on('close', (code, signal) => done({ code, signal })));
  t.after(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
  });
  return child;
}

const anyPorts = ['ingest', 'output', 'extras'].flatMap((port) => [`--${port}-port`, '0']);

test('the demo shows URLs and live figures, an overlay sees its match, and Ctrl-C ends all of it', async (t) => {
  const child = demo(t, anyPorts);
  const [, output] = await until(() => /ws:\/\/localhost:(\d+) +log on with group code DEMO/.exec(child.text), 'URLs');
  const [, status] = /(http:\/\/localhost:\d+\/status)/.exec(child.text);
  await until(() => /matches 1 .* events\/s [1-9]/.test(child.text), 'figures');
  assert.equal((await (await fetch(status.replace('localhost', '127.0.0.1'))).json()).matchesRunning, 1);

  const overlay = new Client(`http://127.0.0.1:${output}`);
  t.after(() => overlay.close());
  await overlay.connected();
  overlay.emit('logon', { groupCode: 'DEMO' });
  await overlay.state((state) => state.teams[0].players.length > 0);
  await until(() => /viewers 1 .* states sent [1-9]/.test(child.text), 'the viewer in the figures');

  // The page that a newcomer opens.
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  t.after(() => browser.close());
  const tab = await browser.newPage();
  await tab.goto(/watch it +(file:\S+)/.exec(child.text)[1]);
  await tab.waitForFunction(() => document.querySelectorAll('td').length > 20, undefined, { timeout: 15_000 });
  await tab.waitForFunction(() => / round \d+, /.test(document.querySelector('#middle').textContent));

  process.kill(-child.pid, 'SIGINT');
  // 'close' comes when nobody holds the pipes any more: the programs of the demo have ended too.
  assert.deepEqual(await within(child.ended, 'the end of the demo'), { code: 0, signal: null }, child.text);
});

test('the demo is for this machine only, and says so', async (t) => {
  const child = demo(t, anyPorts);
  await until(() => /without TLS, for this machine only/.test(child.text), 'the words');
  const [, output] = /ws:\/\/localhost:(\d+) +log on with group/.exec(child.text);
  const foreign = Object.values(networkInterfaces())
    .flat()
    .find(({ internal, family }) => !internal && family === 'IPv4');
  const status = (host) => fetch(`http://${host}:${output}/socket.io/?EIO=4&transport=polling`).then((it) => it.status);
  assert.equal(await status('127.0.0.1'), 200);
  if (foreign === undefined) return t.diagnostic('this machine has no other address to try');
  await assert.rejects(status(foreign.address));
});

test("the caller's options win over the demo's, and the demo goes by them", async (t) => {
  const data = join(temporaryDirectory(), 'data');
  const child = demo(t, [...anyPorts, '--data-dir', data, '--auth-key', 'other', '--bind', '127.0.0.2']);
  await until(() => /matches 1 .* events\/s [1-9]/.test(child.text), 'figures');
  assert.match(child.text, /log on with key other and/);
  assert.match(child.text, /running without TLS, on 127\.0\.0\.2,/);
  assert.match(child.text, /http:\/\/127\.0\.0\.2:\d+\/status/);
  assert.ok(existsSync(join(data, 'journals')));
});

test('the demo runs on IPv6', async (t) => {
  if (!Object.values(networkInterfaces()).flat().some(({ address }) => address === '::1'))
    return t.skip('no IPv6 here');
  const child = demo(t, [...anyPorts, '--bind', '::1', '--auth-key=other']);
  await until(() => /matches 1 .* events\/s [1-9]/.test(child.text), 'figures');
  assert.match(child.text, /http:\/\/\[::1\]:\d+\/status/);
});

test('a demo that cannot start says why', async (t) => {
  const child = demo(t, ['--no-such-option']);
  assert.deepEqual(await within(child.ended, 'the end of the demo'), { code: 1, signal: null });
  assert.match(child.text, /--no-such-option/);
});
