// The benchmark's attackers (bench/attackers) beside a test.

import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { secret } from './bus.mjs';
import { sourceDir } from './server.mjs';
import { within } from './wait.mjs';

// One of a kind, in a process of its own, for so long. What it says of itself when it has ended.
export function attack(t, name, server, seconds, settings = {}) {
  const program = join(sourceDir, 'bench/attackers/attack.mjs');
  const pairs = Object.entries({ secret, ...settings }).map(([key, value]) => `${key}=${value}`);
  const child = spawn(process.execPath, [program, name, server.portsFile, String(seconds), ...pairs], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (bytes) => (said += bytes));
  const ended = new Promise((done) => child.on('close', () => done(said.trim())));
  return within(ended, 'the attack to end', (seconds + 20) * 1_000);
}
