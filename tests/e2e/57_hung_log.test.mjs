// Whoever reads the log and stops reading does not stop the server.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { metrics } from '../support/http.mjs';
import { groupCode, observer, viewer } from '../support/match.mjs';
import { binDir, startServer, temporaryDirectory } from '../support/server.mjs';
import { until, within } from '../support/wait.mjs';

// A pipe that is full already, as what stands in `fifo`.
const full = 'exec 9<>"$0"; head -c 65536 /dev/zero >&9;';
for (const [what, redirect] of [
  ['the log', '2>&9'],
  ['the standard output', '>&9'],
]) {
  test(`${what} goes into a pipe that nobody reads`, async (t) => {
    const fifo = join(temporaryDirectory(), 'fifo');
    assert.equal(spawnSync('mkfifo', [fifo]).status, 0);
    const server = await startServer({ t, under: ['bash', '-c', `${full} exec "$@" ${redirect} 9>&-`, fifo], set: { '--log-level': 'debug' } });
    const code = groupCode();
    const sender = await observer(t, server, code);
    const overlay = await viewer(t, server, code);
    sender.send('map', 'Jam');
    await overlay.state((state) => state.map === 'Lotus');
    // SIGTERM ends it, too.
  });
}

for (const closed of ['0<&-', '1>&-', '2>&-', '0<&- 1>&- 2>&-']) {
  test(`descriptors that are closed from the start: ${closed}`, async (t) => {
    const folder = temporaryDirectory();
    const ports = join(folder, 'ports.json');
    const zero = ['--ingest-port', '0', '--output-port', '0', '--extras-port', '0', '--insecure', '--bind', '127.0.0.1'];
    const command = `exec "${join(binDir, 'matchbus')}" "$@" ${closed}`;
    const child = spawn('bash', ['-c', command, 'bash', ...zero, '--data-dir', folder, '--ports-file', ports], { stdio: 'pipe' });
    t.after(() => child.kill('SIGKILL'));
    const ended = new Promise((done) => child.on('exit', (code, signal) => done({ code, signal })));
    await until(() => {
      try {
        return JSON.parse(readFileSync(ports, 'utf8'));
      } catch {
        return false;
      }
    }, 'the ports');
    assert.ok((await metrics({ ports: JSON.parse(readFileSync(ports, 'utf8')) })).size > 10);
    child.kill('SIGTERM');
    assert.deepEqual(await within(ended, 'its end'), { code: 0, signal: null });
  });
}
