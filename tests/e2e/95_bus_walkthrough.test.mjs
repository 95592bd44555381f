// The README's walk-through of the realtime bus, command by command as it is written there.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { binDir, sourceDir, temporaryDirectory } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const section = readFileSync(join(sourceDir, 'README.md'), 'utf8').split('## The realtime bus\n')[1].split('\n## ')[0];
const blocks = (language) =>
  [...section.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map((match) => match[1]);

// Whole lines of a file that programs are writing; JSON is parsed.
function linesOf(path) {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => (line.startsWith('{') ? JSON.parse(line) : line));
}

// A shell that is given one block after another, as by somebody who types.
class Shell {
  constructor(t, folder) {
    const { PATH, HOME, ASAN_OPTIONS, UBSAN_OPTIONS, LSAN_OPTIONS } = process.env;
    this.output = '';
    this.done = 0;
    // Its own process group: what it has started in the background ends with it.
    this.child = spawn('bash', ['-u'], {
      cwd: folder,
      detached: true,
      env: { PATH, HOME, ASAN_OPTIONS, UBSAN_OPTIONS, LSAN_OPTIONS },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        this.output += text;
      });
    const ended = new Promise((done) => this.child.on('close', done));
    t.after(async () => {
      process.kill(-this.child.pid, 'SIGTERM');
      this.child.stdin.end();
      await ended;
    });
  }

  // What the block printed, once it has ended.
  async run(block) {
    const mark = `done ${++this.done}`;
    const before = this.output.length;
    this.child.stdin.write(`${block}\necho '${mark}'\n`);
    await until(() => this.output.includes(`${mark}\n`, before), `the end of ${block}\n${this.output}`);
    return this.output.slice(before);
  }
}

test('the walk-through does what it says', async (t) => {
  const folder = temporaryDirectory();
  const portsFile = join(folder, 'ports.json');
  symlinkSync(join(sourceDir, 'tests/node_modules'), join(folder, 'node_modules'));
  const [client] = blocks('js');
  const [start, connect, publish, drop, comeBack, ...others] = blocks('sh');
  assert.equal(others.length, 0, 'a step without a test');

  const shell = new Shell(t, folder);
  const anyPorts = `--ports-file ${portsFile} --ingest-port 0 --output-port 0 --extras-port 0 --bind 127.0.0.1`;
  const started = start.replace('build/bin/matchbus ', `${join(binDir, 'matchbus')} ${anyPorts} `);
  assert.notEqual(started, start);
  await shell.run(started);
  await until(() => existsSync(portsFile), 'the server to listen');
  const ports = JSON.parse(readFileSync(portsFile, 'utf8'));
  writeFileSync(join(folder, 'player.mjs'), client.replace(':5200/', `:${ports.output}/`));
  const run = (block) =>
    shell.run(
      block.replaceAll('build/bin/matchbus-ctl', `${join(binDir, 'matchbus-ctl')} --url http://127.0.0.1:${ports.extras}`),
    );
  const ann = () => linesOf(join(folder, 'ann.log'));
  const bob = () => linesOf(join(folder, 'bob.log'));
  const types = (lines) => lines.map((line) => line.type ?? line);

  // Somebody types: Ann is in before Bob comes.
  const [bobComes] = connect.match(/^node player.mjs \$BOB.*$/m);
  await run(connect.replace(bobComes, ''));
  await until(() => ann().length === 1, 'Ann to be in');
  await run(bobComes);
  await until(() => bob().length === 1 && ann().length === 2, 'both to be in');
  assert.deepEqual(types(ann()), ['connected', 'player_entered_sector']);
  assert.deepEqual(types(bob()), ['connected']);
  assert.equal(ann()[0].your_state.username, 'Ann');
  assert.equal(bob()[0].recovered, false);

  const published = await run(publish);
  assert.match(published, /"count":2\}/);
  assert.match(published, /^\{"event_id":\d+,"receivers":2\}$/m);
  await until(() => ann().length === 3 && bob().length === 2, 'the storm to come');
  assert.equal(ann()[2].level, 1);
  assert.deepEqual(bob()[1], ann()[2]);

  assert.match(await run(drop), /^\{"disconnected":1\}$/m);
  await until(() => bob().length === 3 && ann().length === 5, 'Bob to be gone, and Ann to know more');
  assert.equal(bob()[2], 'closed 1000 disconnected');
  assert.deepEqual(types(ann()).slice(3), ['player_left_sector', 'storm']);

  await run(comeBack);
  await until(() => bob().length === 6, 'Bob to be back');
  assert.deepEqual(types(bob()).slice(3), ['connected', 'storm', 'parcel']);
  assert.equal(bob()[3].recovered, true);
  assert.deepEqual(bob()[4], ann()[4], 'the event itself');
  const ids = bob().filter((line) => line.event_id).map((line) => line.event_id);
  assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b), 'ids grow');
});
