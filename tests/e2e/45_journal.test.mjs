// The journal: what a viewer has seen is in it, a restart brings matches back from it, and a disk that fails is no
// trouble for a match.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { connect } from '../support/client.mjs';
import { metrics } from '../support/http.mjs';
import { journalDirectory, journalFiles, readJournal } from '../support/journal.mjs';
import { groupCode, observer, observerLogon, rosterEntry, scoreboardEntry, viewer } from '../support/match.mjs';
import { Server, startServer, temporaryDirectory } from '../support/server.mjs';
import { delay, until, within } from '../support/wait.mjs';

// A server that a test ends as it likes.
async function mortalServer(t, options) {
  const server = await startServer(options);
  t.after(() => server.stop('SIGKILL'));
  return server;
}

// The same server again, in the same directory.
async function restart(t, server, options = {}) {
  await server.stop('SIGKILL');
  return startServer({ t, dataDir: server.dataDir, ...options });
}

async function logOnAgain(t, server, code, secret) {
  const client = await connect(t, server, 'ingest');
  client.send = (type, data) => client.emit('obs_data', { obsName: 'Observer One', groupCode: code, type, data });
  client.emit('obs_logon', observerLogon(code, { groupSecret: secret }));
  client.answer = await client.next('obs_logon_ack');
  return client;
}

test('what a viewer has seen is in the file', async (t) => {
  const server = await startServer({ t });
  const code = groupCode();
  const player = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  await overlay.state();
  let looked = 0;
  // On arrival, before anything else can happen.
  overlay.socket.on('match_data', (text) => {
    const { roundsWon } = JSON.parse(text).teams[0];
    const scores = readJournal(server, code)
      .filter((entry) => entry.type === 'score')
      .map((entry) => entry.data.team_0);
    assert.ok(roundsWon === 0 || scores.includes(roundsWon), `${roundsWon} in ${scores}`);
    looked += 1;
  });
  for (let i = 1; i <= 40; ++i) {
    player.send('score', { team_0: i, team_1: 0 });
    await delay(20);
  }
  await overlay.state((state) => state.teams[0].roundsWon === 40);
  assert.ok(looked >= 5, `${looked} states`);
});

test('what a joining viewer is shown is in the file', async (t) => {
  const server = await startServer({ t });
  const code = groupCode();
  const player = await observer(t, server, code);
  for (let i = 1; i <= 25; ++i) {
    // Alone in the room, so that the state is made for it, in the middle of a tick and right after an event.
    const overlay = await connect(t, server, 'output', { transport: 'websocket' });
    let state;
    let scores;
    overlay.socket.once('match_data', (text) => {
      state = JSON.parse(text);
      scores = readJournal(server, code).filter((entry) => entry.type === 'score').map((entry) => entry.data.team_0);
    });
    player.send('score', { team_0: i, team_1: 0 });
    await delay(i % 5);
    overlay.emit('logon', { groupCode: code });
    await overlay.state();
    const { roundsWon } = state.teams[0];
    assert.ok(roundsWon === 0 || scores.includes(roundsWon), `${roundsWon} in ${scores}`);
    overlay.close();
    await until(async () => (await metrics(server)).get('matchbus_rooms') === 0, 'the viewer to leave');
  }
});

test('the first state is shown only when the match can be brought back', async (t) => {
  const server = await startServer({ t });
  const code = groupCode();
  const overlay = await viewer(t, server, code);
  let files;
  overlay.socket.once('match_data', () => {
    files = journalFiles(server).filter((name) => name.includes(code));
  });
  await observer(t, server, code);
  await overlay.state();
  assert.deepEqual(
    files.map((name) => name.split('.')[1]),
    ['live', 'replay'],
  );
});

test('a journal is a JSON array of the logon and the events, without secrets', async (t) => {
  const server = await startServer({ t });
  const code = groupCode();
  const player = await observer(t, server, code, {
    logon: {
      key: 'the-access-key',
      toolsData: { playercamsInfo: { enable: true, identifier: 'x', secret: 'the-cam-secret' } },
    },
  });
  const overlay = await viewer(t, server, code);
  player.send('roster', rosterEntry(0, 1));
  player.send('map', null);
  player.send('score', 5);
  player.send('no_such_event', 1);
  player.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
  const [header, ...events] = readJournal(server, code);
  assert.equal(header.type, 'authenticate');
  assert.equal(header.groupCode, code);
  assert.match(header.serverVersion, /^\d+\.\d+\.\d+$/);
  assert.ok(Math.abs(header.logStartTime - Date.now()) < 60_000);
  assert.deepEqual(
    events.map((event) => event.type),
    ['roster', 'map'],
  );
  assert.deepEqual(events[0].data, rosterEntry(0, 1));
  const [name] = journalFiles(server, '.replay');
  assert.equal(name, `Match_${code}_${header.logStartTime}.replay`);
  const text = readFileSync(join(journalDirectory(server), name), 'utf8');
  for (const secret of ['the-access-key', 'the-cam-secret', player.secret]) assert.ok(!text.includes(secret), secret);
  assert.equal(statSync(journalDirectory(server)).mode & 0o777, 0o700);
  for (const file of journalFiles(server)) {
    assert.equal(statSync(join(journalDirectory(server), file)).mode & 0o777, 0o600, file);
  }
});

test('group codes of any kind stay in the directory and come back', async (t) => {
  const codes = ['../../escape', '..', '/etc/passwd', 'a/b', 'a_b', 'A%2FB', '😀'.repeat(64), ' ', 'con:*?"<>|'];
  let server = await mortalServer(t);
  const secrets = new Map();
  for (const code of codes) {
    const player = await observer(t, server, code);
    const overlay = await viewer(t, server, code);
    player.send('map', 'Jam');
    await overlay.state((state) => state.map === 'Lotus');
    secrets.set(code, player.secret);
  }
  const files = journalFiles(server, '.replay');
  assert.equal(files.length, codes.length);
  for (const name of files) assert.match(name, /^Match_[A-Za-z0-9%-]+_\d+\.replay$/);
  server = await restart(t, server);
  for (const code of codes) {
    const overlay = await viewer(t, server, code);
    await overlay.state((state) => state.map === 'Lotus' && state.groupCode === code);
    const { answer } = await logOnAgain(t, server, code, secrets.get(code));
    assert.equal(answer.reason, 'reconnected');
  }
});

for (const signal of ['SIGKILL', 'SIGTERM']) {
  test(`after ${signal} a match comes back equal, with its secret, and goes on`, async (t) => {
    let server = await mortalServer(t);
    const code = groupCode();
    const player = await observer(t, server, code);
    const overlay = await viewer(t, server, code);
    for (const team of [0, 1]) for (let i = 1; i <= 5; ++i) player.send('roster', rosterEntry(team, i));
    player.send('match_start', 'match-one');
    player.send('round_info', { roundPhase: 'combat', roundNumber: 3 });
    player.send('scoreboard', scoreboardEntry(0, 1, { kills: 3, deaths: 0, money: 4250 }));
    player.send('spike_planted', true);
    player.send('map', 'Jam');
    const before = await overlay.state((state) => state.map === 'Lotus');
    assert.ok(before.spikeDetonationTime > 0);
    await server.stop(signal);
    server = await startServer({ t, dataDir: server.dataDir });
    await server.said(new RegExp(`brought back the match of group '${code}' from 15 events`));
    const again = await viewer(t, server, code);
    assert.deepEqual(await again.state(), before);
    const wrong = await logOnAgain(t, server, code, 'WRONGSECRET1');
    assert.equal(wrong.answer.value, false);
    const right = await logOnAgain(t, server, code, player.secret);
    assert.equal(right.answer.reason, 'reconnected');
    right.send('game_mode', 'swift');
    const state = await again.state((newest) => newest.matchType === 'swift');
    assert.equal(state.teams[1].players.length, 5);
    assert.deepEqual(
      readJournal(server, code)
        .slice(-2)
        .map((event) => event.type),
      ['map', 'game_mode'],
    );
    const figures = await metrics(server);
    assert.equal(figures.get('matchbus_recovered_matches_total'), 1);
    assert.equal(figures.get('matchbus_journal_degraded'), 0);
  });
}

test('timers go on by the clock on the wall', async (t) => {
  let server = await mortalServer(t);
  const code = groupCode();
  const player = await observer(t, server, code, { logon: { toolsData: { timeoutDuration: 6 } } });
  const overlay = await viewer(t, server, code);
  player.send('toast', { duration: 1500, title: 'T', message: 'M', eventLogoEnabled: false, active: false });
  player.send('left_timeout', 1);
  await overlay.state((state) => state.timeoutState.leftTeam && state.toastInfo.active);
  const started = Date.now();
  await server.stop('SIGKILL');
  await delay(2000);
  server = await startServer({ t, dataDir: server.dataDir });
  const again = await viewer(t, server, code);
  const state = await again.state();
  const elapsed = (Date.now() - started) / 1000;
  assert.equal(state.toastInfo.active, false);
  assert.equal(state.timeoutState.leftTeam, true);
  assert.ok(Math.abs(state.timeoutState.timeRemaining - (6 - elapsed)) <= 1.5, `${state.timeoutState.timeRemaining}`);
  const over = await again.state((newest) => !newest.timeoutState.leftTeam);
  assert.equal(over.tools.timeoutCounter.left, 1);
  const total = (Date.now() - started) / 1000;
  assert.ok(total > 4.5 && total < 8.5, `${total} s`);
});

test('a torn last entry is dropped with a warning, and the file goes on', async (t) => {
  let server = await mortalServer(t);
  const code = groupCode();
  const player = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  player.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
  await server.stop('SIGKILL');
  const [name] = journalFiles(server, '.replay');
  appendFileSync(join(journalDirectory(server), name), ',\n{"obsName":"Observer One","groupCode":"X","type":"map","da');
  server = await startServer({ t, dataDir: server.dataDir });
  await server.said(/warning .*torn/);
  const next = await logOnAgain(t, server, code, player.secret);
  const again = await viewer(t, server, code);
  next.send('game_mode', 'swift');
  await again.state((state) => state.matchType === 'swift' && state.map === 'Lotus');
  assert.equal(readJournal(server, code).length, 3);
});

test('a journal that is unreadable in the middle brings its match back as it was before, and is kept', async (t) => {
  let server = await mortalServer(t);
  const [broken, fine] = [groupCode(), groupCode()];
  const secrets = {};
  for (const code of [broken, fine]) {
    const player = await observer(t, server, code);
    secrets[code] = player.secret;
    const overlay = await viewer(t, server, code);
    for (let i = 1; i <= 5; ++i) player.send('score', { team_0: i, team_1: 0 });
    await overlay.state((state) => state.teams[0].roundsWon === 5);
  }
  await server.stop('SIGKILL');
  const [name] = journalFiles(server, '.replay').filter((file) => file.includes(broken));
  const path = join(journalDirectory(server), name);
  const lines = readFileSync(path, 'utf8').split('\n');
  lines[2] = `${lines[2].slice(0, 20)}\0\0\0,`;
  writeFileSync(path, lines.join('\n'));
  server = await startServer({ t, dataDir: server.dataDir });
  await server.said(new RegExp(`error '${name}': line 3 .*broken`));
  assert.deepEqual(
    journalFiles(server).filter((file) => file.includes(broken)),
    ['.broken', '.live', '.replay'].map((suffix) => name.replace('.replay', suffix)),
  );
  assert.equal(readFileSync(path.replace('.replay', '.broken'), 'utf8'), lines.join('\n'));
  for (const [code, won] of [[fine, 5], [broken, 1]]) {
    const overlay = await viewer(t, server, code);
    await overlay.state((state) => state.teams[0].roundsWon === won);
    const again = await observer(t, server, code, { logon: { groupSecret: secrets[code] } });
    assert.equal(again.secret, 'reconnected');
  }
});

test('a match that cannot be brought back now is counted, and comes back at a later start', async (t) => {
  let server = await mortalServer(t);
  const codes = [groupCode(), groupCode(), groupCode()];
  for (const code of codes) {
    const player = await observer(t, server, code);
    const overlay = await viewer(t, server, code);
    player.send('map', 'Jam');
    await overlay.state((state) => state.map === 'Lotus');
  }
  await server.stop('SIGKILL');
  const [live] = journalFiles(server, '.live').filter((file) => file.includes(codes[0]));
  const path = join(journalDirectory(server), live);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, JSON.stringify({ version: 1_000 }));
  const figures = async () => {
    const all = await metrics(server);
    return ['matches', 'left', 'broken'].map((name) => all.get(`matchbus_recovered_${name}_total`));
  };
  // One was written by a newer version, and there is room for one of the others only.
  server = await mortalServer(t, { dataDir: server.dataDir, args: ['--max-matches', '1'] });
  assert.deepEqual(await figures(), [1, 2, 0]);
  await server.said(/its files stay for another start/);
  await server.stop('SIGKILL');
  writeFileSync(path, text);
  server = await mortalServer(t, { dataDir: server.dataDir });
  assert.deepEqual(await figures(), [3, 0, 0]);
  for (const code of codes) await (await viewer(t, server, code)).state((state) => state.map === 'Lotus');
});

test('an ended match leaves its journal, without the secrets, and does not come back', async (t) => {
  let server = await mortalServer(t);
  const code = groupCode();
  const player = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  await overlay.state();
  player.send('round_info', { roundPhase: 'game_end', roundNumber: 12 });
  const final = await overlay.state((state) => state.roundPhase === 'game_end');
  assert.equal(final.isRunning, false);
  await until(() => journalFiles(server, '.live').length === 0, 'the match to leave');
  assert.equal(readJournal(server, code).length, 2);
  server = await restart(t, server);
  assert.equal((await metrics(server)).get('matchbus_matches'), 0);
});

test('a second server on the same directory is told so and ends', async (t) => {
  const server = await startServer({ t });
  const second = new Server({ args: ['--insecure'], dataDir: server.dataDir });
  const { code } = await within(second.ended, 'the second server to end');
  assert.equal(code, 1);
  assert.match(second.output, /in use by another server/);
  assert.ok(second.output.includes(server.dataDir));
});

test('without a journal nothing is written and nothing comes back', async (t) => {
  let server = await mortalServer(t, { args: ['--journal', 'false'] });
  const code = groupCode();
  const player = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  player.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
  assert.ok(!existsSync(journalDirectory(server)));
  assert.ok(![...(await metrics(server)).keys()].some((name) => name.startsWith('matchbus_journal')));
  server = await restart(t, server);
  assert.equal((await metrics(server)).get('matchbus_matches'), 0);
});

test('every way of syncing works, and another is refused', async (t) => {
  for (const mode of ['never', 'tick', '1']) {
    const server = await startServer({ t, args: ['--journal-sync', mode] });
    const code = groupCode();
    const player = await observer(t, server, code);
    const overlay = await viewer(t, server, code);
    player.send('map', 'Jam');
    await overlay.state((state) => state.map === 'Lotus');
    assert.equal(readJournal(server, code).length, 2);
    if (mode === '1') {
      await until(async () => (await metrics(server)).get('matchbus_journal_syncs_total') >= 1, 'a sync');
    }
  }
  const wrong = new Server({ args: ['--insecure', '--journal-sync', 'sometimes'] });
  assert.equal((await within(wrong.ended, 'the end')).code, 2);
  assert.match(wrong.output, /--journal-sync.*never, tick/);
});

test('old journals are deleted at the start, live ones are not', async (t) => {
  let server = await mortalServer(t);
  const code = groupCode();
  await observer(t, server, code);
  await until(() => journalFiles(server, '.live').length === 1, 'the journal');
  await server.stop('SIGKILL');
  const [live] = journalFiles(server, '.replay');
  const write = (name, days, bytes = 1000) => {
    const path = join(journalDirectory(server), name);
    if (!existsSync(path)) writeFileSync(path, 'x'.repeat(bytes));
    const at = Date.now() / 1000 - days * 86_400;
    utimesSync(path, at, at);
  };
  write(live, 50);
  write('Match_OLD_1000.replay', 8);
  write('Match_BIG_1000.replay', 5, 60_000);
  write('Match_NEW_1000.replay', 2);
  server = await startServer({
    t,
    dataDir: server.dataDir,
    args: ['--journal-max-age', '7', '--journal-max-bytes', '50000'],
  });
  await until(() => journalFiles(server, '.replay').length === 2, 'the old ones to go');
  assert.deepEqual(journalFiles(server, '.replay'), ['Match_NEW_1000.replay', live].sort());
  assert.equal((await metrics(server)).get('matchbus_journal_pruned_total'), 2);
});

// A match that goes on while `fill` keeps the server from writing, and is written once `free` lets it.
async function playOnAFullDisk(t, server, { fill, free }) {
  const code = groupCode();
  const player = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  player.send('score', { team_0: 1, team_1: 0 });
  await overlay.state((state) => state.teams[0].roundsWon === 1);
  await fill();
  // More than fits into what is left of the file's last block.
  const padding = 'x'.repeat(1000);
  for (let i = 2; i <= 20; ++i) player.send('score', { team_0: i, team_1: 0, padding });
  await overlay.state((state) => state.teams[0].roundsWon === 20);
  await until(async () => (await metrics(server)).get('matchbus_journal_degraded') === 1, 'the metric');
  await server.said(/cannot write journals/);
  assert.equal(server.output.match(/cannot write journals/g).length, 1);
  // New matches start, too, and joining one is not held up for long.
  const other = groupCode();
  await observer(t, server, other);
  await (await viewer(t, server, other)).state();
  await free();
  await until(async () => (await metrics(server)).get('matchbus_journal_degraded') === 0, 'the metric to fall');
  await server.said(/journals are written again/);
  assert.deepEqual(
    readJournal(server, code)
      .slice(1)
      .map((event) => event.data.team_0),
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  assert.equal(readJournal(server, other).length, 1);
  return { code, other };
}

function limitFileSize(server, limit) {
  const { status, stderr } = spawnSync('prlimit', [`--fsize=${limit}:unlimited`, '--pid', String(server.pid)]);
  assert.equal(status, 0, String(stderr));
}

const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;

test('a disk that takes no more is waited for, and matches go on', { skip: !hasPrlimit }, async (t) => {
  let server = await mortalServer(t);
  const { code, other } = await playOnAFullDisk(t, server, {
    fill: () =>
      limitFileSize(server, statSync(join(journalDirectory(server), journalFiles(server, '.replay')[0])).size + 50),
    free: () => limitFileSize(server, 'unlimited'),
  });
  server = await restart(t, server);
  await (await viewer(t, server, code)).state((state) => state.teams[0].roundsWon === 20);
  await (await viewer(t, server, other)).state();
});

// A file system of its own, where that is allowed.
function smallDisk(t) {
  const path = temporaryDirectory();
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', path]).status !== 0) return undefined;
  t.after(() => spawnSync('umount', ['-l', path]));
  return path;
}

test('a full disk is waited for, and matches go on', async (t) => {
  const disk = smallDisk(t);
  if (disk === undefined) return t.skip('cannot mount');
  const server = await startServer({ t, dataDir: join(disk, 'data') });
  await playOnAFullDisk(t, server, {
    // Down to the last block, so that the journal finds no room either.
    fill: () => spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'ballast')}`, 'bs=4096']),
    free: () => rmSync(join(disk, 'ballast')),
  });
});

test('a disk that is full for too long costs the recovery, not the match', { skip: !hasPrlimit }, async (t) => {
  let server = await mortalServer(t, { args: ['--journal-buffer', '4000'] });
  const code = groupCode();
  const player = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  await overlay.state();
  limitFileSize(server, statSync(join(journalDirectory(server), journalFiles(server, '.replay')[0])).size + 50);
  for (let i = 1; i <= 100; ++i) player.send('score', { team_0: i, team_1: 0 });
  await overlay.state((state) => state.teams[0].roundsWon === 100);
  const figures = await metrics(server);
  assert.equal(figures.get('matchbus_journal_given_up_total'), 1);
  assert.equal(figures.get('matchbus_journal_degraded'), 1);
  await server.said(new RegExp(`gave up the journal of group '${code}'`));
  await until(() => journalFiles(server, '.live').length === 0, 'the recovery to be off');
  server = await restart(t, server);
  assert.equal((await metrics(server)).get('matchbus_matches'), 0);
});

test('a directory that cannot be written to is no trouble for matches', async (t) => {
  // In place of the directory, so that not even root gets by.
  const dataDir = join(temporaryDirectory(), 'data');
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, 'journals'), '');
  const server = await startServer({ t, dataDir });
  await until(() => /cannot write journals/.test(server.output), 'the log line');
  const code = groupCode();
  const player = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  player.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
  assert.equal((await metrics(server)).get('matchbus_journal_degraded'), 1);
  rmSync(join(dataDir, 'journals'));
  await until(async () => (await metrics(server)).get('matchbus_journal_degraded') === 0, 'the metric to fall');
  assert.equal(readJournal(server, code).length, 2);
});

test('a directory that may not be written to is no trouble for matches', async (t) => {
  if (process.getuid() === 0) return t.skip('root may write everywhere');
  const dataDir = join(temporaryDirectory(), 'data');
  mkdirSync(join(dataDir, 'journals'), { recursive: true });
  chmodSync(join(dataDir, 'journals'), 0o500);
  const server = await startServer({ t, dataDir });
  const code = groupCode();
  const player = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  player.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
  assert.equal((await metrics(server)).get('matchbus_journal_degraded'), 1);
  chmodSync(join(dataDir, 'journals'), 0o700);
  await until(async () => (await metrics(server)).get('matchbus_journal_degraded') === 0, 'the metric to fall');
});
