// README and manual describe the program that was built.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { binDir, sourceDir, startServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const read = (path) => readFileSync(join(sourceDir, path), 'utf8');
const printed = (option) => execFileSync(join(binDir, 'matchbus'), [option], { encoding: 'utf8' });

test("the README's table of options is the program's", () => {
  assert.ok(
    read('README.md').includes(printed('--options-markdown')),
    'README.md is behind: make docs',
  );
});

test("the manual's list of options is the program's", () => {
  assert.ok(
    read('man/matchbus.8').includes(printed('--options-mdoc')),
    'man/matchbus.8 is behind: make docs',
  );
});

test('links and paths in the README lead somewhere', () => {
  const text = read('README.md');
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1]);
  for (const link of links) assert.ok(existsSync(join(sourceDir, link)), link);
  for (const [, target] of text.matchAll(/`make ([a-z-]+)/g))
    assert.match(read('Makefile'), new RegExp(`^${target}:`, 'm'), target);
});

test("the README's observer and overlays run as given", async (t) => {
  const server = await startServer({ t, insecure: false, keyless: false, args: ['--auth-key', 'choose-your-own-key'] });
  const blocks = [...read('README.md').matchAll(/```js\n(.*?)```/gs)].map(([, text]) => text);
  const programs = blocks.filter((text) => text.includes("from 'socket.io-client'")).map((text) =>
    text
      .replace(/\/\/SERVER:5100/, `//127.0.0.1:${server.ports.ingest}`)
      .replace(/\/\/SERVER:5200/, `//127.0.0.1:${server.ports.output}`),
  );
  assert.equal(programs.length, 3);
  const [observer, overlay, follower] = programs.map((text) => {
    // As in a folder where the modules are installed.
    const child = spawn(process.execPath, ['--input-type=module', '-e', text], { cwd: join(sourceDir, 'tests') });
    t.after(() => child.kill('SIGKILL'));
    const said = { text: '' };
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (more) => (said.text += more));
    return said;
  });
  await until(() => /type: 'authenticate',\s+value: true/.test(observer.text), 'the logon');
  await until(() => /groupCode: 'FINALS'/.test(overlay.text), 'a state');
  await until(() => /Loading 0/.test(follower.text), 'a state');
});

test('manual pages are well-formed', (t) => {
  const pages = readdirSync(join(sourceDir, 'man'));
  assert.ok(pages.includes('matchbus.8'));
  let mandoc = true;
  try {
    execFileSync('mandoc', ['-V'], { stdio: 'ignore' });
  } catch (error) {
    mandoc = error.code !== 'ENOENT';
  }
  if (!mandoc) {
    t.diagnostic('mandoc is not installed; pages were not checked');
    return;
  }
  for (const page of pages) {
    execFileSync('mandoc', ['-T', 'lint', '-W', 'warning', join(sourceDir, 'man', page)], { stdio: 'pipe' });
  }
});
