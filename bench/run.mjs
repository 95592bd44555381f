#!/usr/bin/env node
// Runs the benchmarks and writes their results:   bench/run.mjs BIN [--peers] [--only=REGEX]
// BIN: the folder of the built programs. With --only just the parts whose names match are run (memory, eager, joins, ...,
// busMemory, busStorm, ..., besideBombsIngest, besideHellos, ...: the methods of the suites), and nothing is written.
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Beside } from './suite/beside.mjs';
import { Bus } from './suite/bus.mjs';
import { Processes } from './suite/processes.mjs';
import { Results } from './suite/results.mjs';
import { Standard } from './suite/standard.mjs';
import { Versus } from './suite/versus.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const [folder] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const bin = resolve(folder ?? join(here, '../build/bin'));
const withPeers = options.includes('--peers');
const only = options.find((option) => option.startsWith('--only='))?.slice('--only='.length);

const processes = new Processes(bin);
const results = new Results(bin);

async function runSome(pattern) {
  const suites = [withPeers ? Versus : Standard, Bus, Beside];
  // Parts that take arguments are parts of others.
  const parts = suites.flatMap((Suite) =>
    Object.entries(Object.getOwnPropertyDescriptors(Suite.prototype))
      .filter(([name, { value }]) => name !== 'constructor' && name !== 'run' && value.length === 0 && pattern.test(name))
      .map(([name]) => [Suite, name]),
  );
  if (parts.length === 0) throw new Error(`no part matches ${pattern}`);
  for (const [Suite, name] of parts) await new Suite(processes, results)[name]();
}

if (only !== undefined) {
  await runSome(new RegExp(only));
} else {
  await new (withPeers ? Versus : Standard)(processes, results).run();
  results.write(join(here, withPeers ? 'RESULTS-peers.md' : 'RESULTS.md'), withPeers ? 'make bench-peers' : 'make bench', join(here, withPeers ? 'notes-peers.md' : 'notes.md'));
}
