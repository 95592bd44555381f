// Servers that have only so much memory: in a control group of their own where the machine lets us make one (version 2, else version 1),
// otherwise by a limit of what the process may allocate.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { startServer } from './server.mjs';

const versions = [
  { root: '/sys/fs/cgroup', limit: 'memory.max', swap: ['memory.swap.max', () => 0] },
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', swap: ['memory.memsw.limit_in_bytes', (bytes) => bytes] },
];
let made = 0;

// The folder of a new group; null where there can be none.
function makeGroup(bytes) {
  for (const { root, limit, swap } of versions) {
    const folder = join(root, `matchbus-test-${process.pid}-${++made}`);
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    try {
      if (!existsSync(join(folder, limit))) throw new Error('memory is not limited here');
      writeFileSync(join(folder, limit), String(bytes));
      if (existsSync(join(folder, swap[0]))) writeFileSync(join(folder, swap[0]), String(swap[1](bytes)));
      groups.push(folder);
      return folder;
    } catch {
      rmdirSync(folder);
    }
  }
  return null;
}

// At the end of the program, so that a server that was killed leaves no group either.
const groups = [];
process.on('exit', () => {
  for (const folder of groups) removeGroup(folder);
});

// Its processes are gone from it a moment after they have ended.
function removeGroup(folder) {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; tries < 100; ++tries) {
    try {
      return rmdirSync(folder);
    } catch {
      Atomics.wait(clock, 0, 0, 10);
    }
  }
}

// The server has `how` its memory is limited.
export async function startSmallServer(t, bytes, options = {}) {
  const folder = makeGroup(bytes);
  const under = folder ? ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', folder] : ['prlimit', `--data=${bytes}`, '--'];
  const server = await startServer({ t, under, ...options });
  return Object.assign(server, { how: folder ?? 'prlimit --data' });
}

// Bytes resident at most, up to now; 0 once it has ended.
export function peakOf(server) {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
  } catch {
    return 0;
  }
}
