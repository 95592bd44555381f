// matchbus-replay plays simulated and recorded matches into a server, and overlays see them.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { journalDirectory, journalFiles } from '../support/journal.mjs';
import { groupCode, viewer } from '../support/match.mjs';
import { Program, binDir, startServer, stopServer, temporaryDirectory } from '../support/server.mjs';
import { until, within } from '../support/wait.mjs';

const server = await startServer({ insecure: false, keyless: false, env: { AUTH_KEY: 'testkey', ALLOW_SHORT_KEYS: 'true' } });
after(() => stopServer(server));

function replay(t, args, { key = 'testkey', tls = false } = {}) {
  const url = `${tls ? 'wss' : 'ws'}://127.0.0.1:${server.ports.ingest}`;
  const program = new Program('matchbus-replay', ['--url', url, ...args], { env: { AUTH_KEY: key } });
  t.after(() => program.stop('SIGKILL'));
  return program;
}

const ended = (program) => within(program.ended, 'the replay to end', 60_000);

// The file that a match of this server is recorded in.
function journalOf(code) {
  const isIt = (file) => file.startsWith(`Match_${code}_`);
  return until(() => journalFiles(server, '.replay').find(isIt), 'the journal').then((name) =>
    join(journalDirectory(server), name),
  );
}

test('a simulated match is played to its end', async (t) => {
  const code = groupCode();
  const overlay = await viewer(t, server, code);
  const program = replay(t, ['--simulate', '--seed', '3', '--group', code, '--instant']);
  const final = await overlay.state((state) => state.roundPhase === 'game_end');
  assert.deepEqual(await ended(program), { code: 0, signal: null }, program.output);
  assert.equal(final.isRunning, false);
  assert.deepEqual(
    final.teams.map((team) => team.players.length),
    [5, 5],
  );
  const won = final.teams.map((team) => team.roundsWon);
  assert.equal(Math.max(...won), 13, `${won}`);
  assert.equal(won[0] + won[1], final.roundNumber);
  assert.ok(final.teams.every((team) => team.players.some((player) => player.kills > 0)));
});

test('the same seed is the same match', async (t) => {
  const finals = [];
  for (let i = 0; i < 2; ++i) {
    const code = groupCode();
    const overlay = await viewer(t, server, code);
    const program = replay(t, ['--simulate', '--seed', '11', '--rounds', '2', '--group', code, '--instant']);
    await ended(program);
    const state = await overlay.state((newest) => newest.roundNumber === 2 && newest.roundPhase === 'game_end');
    finals.push(JSON.stringify(state.teams));
  }
  assert.equal(finals[0], finals[1]);
});

test('clients of every generation bring the same match', async (t) => {
  const tellings = [];
  for (const shapes of ['new', 'text', 'old']) {
    const code = groupCode();
    const overlay = await viewer(t, server, code);
    const args = ['--simulate', '--seed', '4', '--rounds', '14', '--shapes', shapes, '--group', code, '--instant'];
    const program = replay(t, args);
    const final = await overlay.state((state) => state.roundPhase === 'game_end');
    assert.deepEqual(await ended(program), { code: 0, signal: null }, program.output);
    assert.equal(final.matchId === '', shapes !== 'new');
    const players = final.teams.flatMap((team) => team.players);
    assert.equal(players.length, 10);
    assert.ok(players.every(({ tagline }) => (tagline === '') === (shapes === 'old')));
    const wanted = ['name', 'agentProper', 'kills', 'deaths', 'assists', 'money', 'highestWeapon', 'ultReady'];
    tellings.push({
      players: players.map((player) => wanted.map((key) => player[key])),
      rounds: final.teams.map(({ roundsWon, roundRecord }) => [roundsWon, roundRecord]),
    });
  }
  assert.deepEqual(tellings[1], tellings[0]);
  assert.deepEqual(tellings[2], tellings[0]);
});

test('a match is printed as the lines of its events', async (t) => {
  const program = replay(t, ['--simulate', '--rounds', '1', '--print', '--group', 'PRINT', '--events', '300']);
  assert.deepEqual(await ended(program), { code: 0, signal: null }, program.output);
  const events = program.stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.equal(events.length, 300);
  assert.ok(events.every(({ obsName, groupCode: code }) => obsName === 'Simulation' && code === 'PRINT'));
  assert.ok(events.every(({ timestamp }, index) => timestamp >= (events[index - 1]?.timestamp ?? 0)));
  const [{ data }] = events;
  assert.deepEqual(events[0], { obsName: 'Simulation', groupCode: 'PRINT', type: 'map', data, timestamp: 500 });
});

test('a journal of the server is played again, over TLS, and gives the same match', async (t) => {
  const code = groupCode();
  const overlay = await viewer(t, server, code);
  await ended(replay(t, ['--simulate', '--seed', '5', '--rounds', '3', '--group', code, '--instant']));
  const first = await overlay.state((state) => state.roundPhase === 'game_end');

  const journal = await journalOf(code);
  // The whole journal is a JSON array when it is put in brackets, and names no key.
  const entries = JSON.parse(`[${readFileSync(journal, 'utf8')}]`);
  assert.equal(entries[0].groupCode, code);
  assert.ok(!readFileSync(journal, 'utf8').includes('testkey'));

  const again = groupCode();
  const second = await viewer(t, server, again);
  const program = replay(t, [journal, '--group', again, '--instant', '--no-verify'], { tls: true });
  assert.deepEqual(await ended(program), { code: 0, signal: null }, program.output);
  const state = await second.state((newest) => newest.roundPhase === 'game_end');
  assert.deepEqual(state.teams, first.teams);
});

// What a viewer sees in the end when `file` is played; the names of the teams are of the logon.
async function playedFrom(t, file, args = []) {
  const code = groupCode();
  const overlay = await viewer(t, server, code);
  const program = replay(t, [file, '--group', code, '--instant', ...args]);
  assert.deepEqual(await ended(program), { code: 0, signal: null }, program.output);
  const state = await overlay.state((newest) => newest.roundPhase === 'game_end');
  return {
    names: state.teams.map(({ teamName }) => teamName),
    teams: state.teams.map(({ teamName, teamTricode, teamUrl, ...team }) => team),
  };
}

test('journals are played in every form that servers and clients have left them in', async (t) => {
  const code = groupCode();
  const overlay = await viewer(t, server, code);
  await ended(replay(t, ['--simulate', '--seed', '9', '--rounds', '2', '--group', code, '--instant']));
  await overlay.state((state) => state.roundPhase === 'game_end');
  const own = await journalOf(code);
  const [header, ...events] = JSON.parse(`[${readFileSync(own, 'utf8')}]`);
  const expected = await playedFrom(t, own);
  const nameless = events.map(({ obsName, groupCode: group, ...event }) => event);
  const ofOldClients = nameless.map((event) => ({ playerName: 'Older', teamName: 'OLDIES', ...event }));
  const lines = (entries) => entries.map((entry) => JSON.stringify(entry));
  const forms = {
    'an array': JSON.stringify([header, ...events]),
    'a pretty array with a byte order mark': `\ufeff${JSON.stringify([header, ...events], null, 2)}\n`,
    'CRLF': lines([header, ...events]).join(',\r\n'),
    'torn': lines([header, ...events]).join(',\n') + ',\n{"obsName":"Sim',
    'a version for a header, older names': lines([{ version: '0.1.0' }, ...ofOldClients]).join(',\n'),
    'lines without a header': lines(events).join('\n'),
    'nobody named': lines([header, ...nameless]).join(',\n'),
  };
  for (const [name, text] of Object.entries(forms)) {
    const file = join(temporaryDirectory(), 'Match_OLD_1.replay');
    writeFileSync(file, text);
    const played = await playedFrom(t, file);
    assert.deepEqual(played.teams, expected.teams, name);
    const isMadeUp = name.includes('version') || name.includes('without a header');
    assert.deepEqual(played.names, isMadeUp ? ['Left', 'Right'] : expected.names, name);
  }
});

test('a file that is too large, or no journal, is refused with words', async (t) => {
  const file = join(temporaryDirectory(), 'large');
  closeSync(openSync(file, 'w'));
  truncateSync(file, 2 ** 28 + 1); // without taking the room on the disk
  const large = replay(t, [file]);
  assert.deepEqual(await ended(large), { code: 1, signal: null });
  assert.match(large.output, /large: larger than 268435456 bytes/);
  writeFileSync(file, '#!/bin/sh\nexit 1\n');
  const none = replay(t, [file]);
  assert.deepEqual(await ended(none), { code: 1, signal: null });
  assert.match(none.output, /large: there is neither a logon nor an event in it/);
});

test('steps are taken as they are told, also before the connection is up; what is no step is refused', async (t) => {
  const url = `ws://127.0.0.1:${server.ports.ingest}`;
  const child = spawn(join(binDir, 'matchbus-replay'), ['--url', url, '--simulate', '--step', '--group', groupCode()], {
    env: { AUTH_KEY: 'testkey', ALLOW_SHORT_KEYS: 'true' },
  });
  t.after(() => child.kill('SIGKILL'));
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].on('data', (text) => (said[name] += text));
  child.stdin.end('nonsense\n2x\n0\n-1\n\n3\r\nq\n');
  const code = await within(new Promise((done) => child.on('close', done)), 'the replay to end');
  assert.equal(code, 0, said.stderr);
  assert.equal(said.stdout.trimEnd().split('\n').length, 4, said.stdout);
  assert.deepEqual(
    [...said.stderr.matchAll(/'(.*)': Enter: next event/g)].map(([, line]) => line),
    ['nonsense', '2x', '0', '-1'],
  );
  assert.match(said.stderr, /stopped: .* 4 events/);
});

test('a refused logon and a server that is not there are told apart', async (t) => {
  const refused = replay(t, ['--simulate', '--group', groupCode()], { key: 'wrong' });
  assert.deepEqual(await ended(refused), { code: 3, signal: null });
  assert.match(refused.output, /Invalid Key/);
  const wrong = replay(t, ['--no-such-option']);
  assert.deepEqual(await ended(wrong), { code: 2, signal: null });
  const missing = replay(t, ['/no/such/journal']);
  assert.deepEqual(await ended(missing), { code: 1, signal: null });
  assert.match(missing.output, /\/no\/such\/journal/);
});

test('a match at its own speed stops on SIGINT', async (t) => {
  const code = groupCode();
  const overlay = await viewer(t, server, code);
  const program = replay(t, ['--simulate', '--group', code, '--speed', '20']);
  await overlay.state((state) => state.teams[1].players.length === 5);
  assert.deepEqual(await program.stop('SIGINT'), { code: 0, signal: null });
});
