// README and manual describe the program that was built.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { binDir, sourceDir } from '../support/server.mjs';

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
