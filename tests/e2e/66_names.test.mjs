// The table of the game's names as an operator changes it: --names, and SIGHUP.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { groupCode, observer, viewer } from '../support/match.mjs';
import { Program, startServer, temporaryDirectory } from '../support/server.mjs';
import { until, within } from '../support/wait.mjs';

const builtIn = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../src/match/names.json', import.meta.url)), 'utf8'),
);

// A file of names in which the map "Jam" is called `lotus`.
function namesFile(lotus) {
  const path = join(temporaryDirectory(), 'names.json');
  write(path, lotus);
  return path;
}

function write(path, lotus) {
  writeFileSync(path, JSON.stringify({ ...builtIn, maps: { ...builtIn.maps, Jam: lotus } }, null, 2));
}

test('names come from a file, which SIGHUP reads again; a broken one is refused with its line', async (t) => {
  const path = namesFile('First Lotus');
  const server = await startServer({ t, args: ['--names', path] });
  const code = groupCode();
  const player = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  player.send('map', 'Jam');
  await overlay.state((state) => state.map === 'First Lotus');

  write(path, 'Second Lotus');
  server.signal('SIGHUP');
  await until(() => /read the names again/.test(server.output), 'a line in the log');
  await overlay.state((state) => state.map === 'Second Lotus');

  writeFileSync(path, '{\n  "agents": {\n    "Clay": 7\n  }\n}\n');
  server.signal('SIGHUP');
  await until(() => /kept the old names: .*names\.json: line 3\b/.test(server.output), 'the line of the mistake');
  player.send('map', 'Triad');
  await overlay.state((state) => state.map === builtIn.maps.Triad);
  player.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Second Lotus');
});

test('a broken file of names keeps the server from starting', async () => {
  const path = join(temporaryDirectory(), 'names.json');
  for (const [text, complaint] of [
    ['{\n  "agents": [\n}\n', /names\.json: line 3\b/],
    [Buffer.from(JSON.stringify({ ...builtIn, map_fallback: 'Caf\u00e9' }), 'latin1'), /names\.json: is no UTF-8/],
  ]) {
    writeFileSync(path, text);
    const program = new Program('matchbus', ['--insecure', '--names', path, '--data-dir', temporaryDirectory()]);
    const { code } = await within(program.ended, 'matchbus to end');
    assert.notEqual(code, 0);
    assert.match(program.output, complaint);
  }
});
