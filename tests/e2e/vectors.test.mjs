// Plays every test vector end to end, through sockets, against one server.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { differences, Timeline } from '../support/expectation.mjs';
import { sourceDir, startServer, stopServer } from '../support/server.mjs';
import { Exchange, withFreshIdentifiers } from '../support/vector.mjs';

const directory = join(sourceDir, 'tests/vectors');
const vectors = readdirSync(directory)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => {
    const text = readFileSync(join(directory, name), 'utf8');
    return { name: name.replace('.json', ''), text, alone: JSON.parse(text).alone };
  });
assert.ok(vectors.length > 0, `no vectors in ${directory}`);

const server = await startServer({ keyless: false, env: { AUTH_KEY: 'testkey', ALLOW_SHORT_KEYS: 'true', REQUIRE_AUTH_KEY: 'true' } });
after(() => stopServer(server));

// Results must be the same over every transport, so they take turns.
const transports = ['default', 'websocket', 'polling'];

// How often messages come shows only on a machine that is not too busy: the best of some plays counts.
const plays = 8;

function play({ name, text }, i) {
  test(name, async () => {
    for (let left = plays; left > 0; --left) {
      const vector = withFreshIdentifiers(text);
      const exchange = new Exchange(server, vector, transports[i % transports.length]);
      const mistakes = await exchange.play();
      const shown = mistakes.slice(0, 25).join('\n');
      assert.equal(mistakes.length, 0, `${vector.description}\n${shown}\n(${mistakes.length} differences)`);
      if (exchange.rates.length === 0) return;
      assert.notEqual(left, 1, `${vector.description}\n${exchange.rates.join('\n')}\n(after ${plays} plays)`);
    }
  });
}

describe('vectors side by side', { concurrency: 8 }, () => vectors.filter(({ alone }) => !alone).forEach(play));
describe('vectors alone', { concurrency: 1 }, () => vectors.filter(({ alone }) => alone).forEach(play));

// ---- the comparison itself must be able to find something

const timeline = new Timeline();
timeline.message(1_000_000);
timeline.taken(1_000_200);
timeline.checkpoint(1_010_000);
timeline.message(1_020_000);
timeline.taken(1_022_000);
const context = { timeline, first: () => 5, seenAt: () => 1_020_150 };
const compare = (expected, actual) => differences(expected, actual, context).length === 0;

for (const [what, expected, good, bad] of [
  ['numbers', 0.1 + 0.2, [0.3], [0.3000001, '0.3', null]],
  ['null and absence', { a: null }, [{ a: null }], [{}, { a: undefined }, { a: 0 }]],
  ['more keys', { a: 1 }, [{ a: 1 }], [{ a: 1, b: 2 }]],
  ['key order', { a: 1, b: 2 }, [{ b: 2, a: 1 }], []],
  ['arrays', [1, 2], [[1, 2]], [[2, 1], [1], [1, 2, 3], { 0: 1, 1: 2 }]],
  ['secrets', '<secret: 12 of A-Z0-9>', ['ABCDEF123456'], ['ABCDEF12345', 'abcdef123456', 5]],
  ['choices', '<0 or 1>', [0, 1], [2, '0', true]],
  ['multiples', '<multiple of 1000 in 0..9000>', [0, 9000], [500, 10_000, -1000, '1000']],
  ['comparisons', { c: 7, m: 7, r: '<c >= m>' }, [{ c: 7, m: 7, r: true }], [{ c: 7, m: 7, r: false }]],
  ['text', 'Client <any>.', ['Client 1.2.', 'Client .'], ['Client 1.2', 'client 1.']],
  ['pages', '<html>', ['<!DOCTYPE html><p>', '<html></html>'], ['404', '']],
  ['firsts', '<first + 2>', [7], [6, 5]],
  [
    'times',
    { roundTimeoutTime: 'epoch +99s section 1' },
    [{ roundTimeoutTime: 1_119_000 }, { roundTimeoutTime: 1_119_170 }],
    [
      { roundTimeoutTime: 1_118_900 }, // before the message
      { roundTimeoutTime: 1_119_300 }, // after it was seen
      { roundTimeoutTime: 1_120_020 },
      { roundTimeoutTime: 1_099_020 },
      { roundTimeoutTime: 'x' },
    ],
  ],
  [
    'moments',
    { agentSelectStartTime: 'epoch +0s section 0' },
    [{ agentSelectStartTime: 1_000_100 }, { agentSelectStartTime: 999_999 }],
    [{ agentSelectStartTime: 999_900 }, { agentSelectStartTime: 1_000_300 }],
  ],
]) {
  test(`comparing ${what}`, () => {
    for (const actual of good) assert.ok(compare(expected, actual), JSON.stringify(actual));
    for (const actual of bad) assert.ok(!compare(expected, actual), JSON.stringify(actual));
  });
}
