// The server is killed at random moments, again and again, and must never take back what a viewer has seen.
//
// Every event carries its number into a field of its own kind, so that a state tells after which event it was made; a
// model says what the state must then be. After each kill the state that comes back must be that of a moment no earlier
// than the last state any viewer saw, and no later than the last event sent.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { Client, urlOf } from '../support/client.mjs';
import { journalDirectory, journalFiles } from '../support/journal.mjs';
import { groupCode, observerLogon, rosterEntry, scoreboardEntry } from '../support/match.mjs';
import { binDir, startServer, stopServer } from '../support/server.mjs';
import { delay, until } from '../support/wait.mjs';

const kills = Number(process.env.MATCHBUS_TEST_KILLS ?? 60);
const longestLifeMs = 250;

// A generator of the same numbers every time (mulberry32), so that a failure can be looked for again.
function randomNumbers(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const random = randomNumbers(20);

const phases = ['shopping', 'combat', 'end'];

// Event number `n` of a match (from 1), and what it does to the part of the state that is watched.
function eventOf(n) {
  switch (n === 1 ? 'roster' : n % 5) {
    case 'roster':
      return ['roster', rosterEntry(0, 1), (state) => ({ ...state, players: 1 })];
    case 0:
      return ['score', { team_0: n, team_1: 2 * n }, (state) => ({ ...state, left: n, right: 2 * n })];
    case 1:
      return [
        'scoreboard',
        scoreboardEntry(0, 1, { kills: n, money: n }),
        (state) => ({ ...state, money: n, kills: n }),
      ];
    case 2:
      return ['match_start', `match-${n}`, (state) => ({ ...state, matchId: `match-${n}` })];
    case 3:
      return ['game_mode', `mode-${n}`, (state) => ({ ...state, mode: `mode-${n}` })];
    default: {
      const roundPhase = phases[n % 3];
      const roundNumber = 2 + (n % 10);
      return ['round_info', { roundPhase, roundNumber }, (state) => ({ ...state, roundPhase, roundNumber })];
    }
  }
}

const firstState = {
  players: 0,
  left: 0,
  right: 0,
  money: undefined,
  kills: undefined,
  matchId: '',
  mode: 'bomb',
  roundPhase: 'LOBBY',
  roundNumber: 0,
};

function watched(state) {
  const [player] = state.teams[0].players;
  return {
    players: state.teams[0].players.length,
    left: state.teams[0].roundsWon,
    right: state.teams[1].roundsWon,
    money: player?.kills > 0 ? player.money : undefined,
    kills: player?.kills > 0 ? player.kills : undefined,
    matchId: state.matchId,
    mode: state.matchType,
    roundPhase: state.roundPhase,
    roundNumber: state.roundNumber,
  };
}

// A match as its clients see it over the servers' lives.
class Match {
  constructor() {
    this.code = groupCode();
    this.secret = '';
    this.sent = 0;
    this.models = [firstState]; // after each event
    this.seen = undefined; // the last state a viewer got
    this.mustLive = false; // a viewer has seen it
  }

  // Connects an overlay and an observer to this life's server. Checks what came back.
  async join(server) {
    this.overlay = new Client(urlOf(server, 'output'), { transport: 'websocket' });
    this.player = new Client(urlOf(server, 'ingest'), { transport: 'websocket' });
    this.states = 0;
    this.overlay.socket.on('match_data', (text) => {
      this.seen = text;
      this.mustLive = true;
      this.states += 1;
    });
    const before = this.seen;
    const hadToLive = this.mustLive;
    const { secret } = this;
    await Promise.all([this.overlay.connected(), this.player.connected()]);
    // With its observer away nothing but what was recorded can be seen.
    this.overlay.emit('logon', { groupCode: this.code });
    if (hadToLive) await until(() => this.states > 0, `${this.code} to come back`);
    this.player.emit('obs_logon', observerLogon(this.code, { groupSecret: secret }));
    const answer = await this.player.next('obs_logon_ack');
    assert.equal(answer.value, true, answer.reason);
    if (answer.reason !== 'reconnected') {
      assert.ok(!hadToLive, `${this.code} was seen, but its secret is not known any more`);
      this.secret = answer.reason;
      this.sent = 0;
      this.models.length = 1;
    } else if (hadToLive) {
      this.compare(before);
    } else {
      // It was recorded, though nobody saw it: then it is what came back that counts.
      await until(() => this.states > 0, `${this.code} to be shown`);
      this.compare(undefined);
    }
  }

  // The state that came back, with the one seen before the kill.
  compare(before) {
    const state = JSON.parse(this.seen);
    const at = this.momentOf(state);
    assert.ok(at <= this.sent, `${this.code} is at event ${at} of ${this.sent}`);
    if (before !== undefined) {
      const seenAt = this.momentOf(JSON.parse(before));
      assert.ok(at >= seenAt, `${this.code} came back as of event ${at}, but ${seenAt} was seen`);
      if (at === seenAt) assert.deepEqual(state, JSON.parse(before));
    }
    this.lost = this.sent - at;
    this.sent = at;
    this.models.length = at + 1;
  }

  // After how many events a state was made.
  momentOf(state) {
    const now = watched(state);
    for (let at = this.sent; at >= 0; --at) {
      if (equal(now, this.models[at])) return at;
    }
    return assert.fail(
      `${this.code}: no moment like ${JSON.stringify(now)}; last: ${JSON.stringify(this.models.at(-1))}`,
    );
  }

  send(count) {
    for (; count > 0; --count) {
      this.sent += 1;
      const [type, data, effect] = eventOf(this.sent);
      this.models.push(effect(this.models.at(-1)));
      this.player.emit('obs_data', { obsName: 'Observer One', groupCode: this.code, type, data });
    }
  }

  leave() {
    this.overlay.close();
    this.player.close();
  }
}

function equal(a, b) {
  return Object.keys(a).every((key) => a[key] === b[key]);
}

// A match whose timers run through all the lives: a long timeout and a planted spike.
class TimedMatch extends Match {
  async begin(server) {
    const duration = 1000;
    this.player = new Client(urlOf(server, 'ingest'), { transport: 'websocket' });
    this.overlay = new Client(urlOf(server, 'output'), { transport: 'websocket' });
    await Promise.all([this.overlay.connected(), this.player.connected()]);
    this.player.emit('obs_logon', observerLogon(this.code, { toolsData: { timeoutDuration: duration } }));
    this.secret = (await this.player.next('obs_logon_ack')).reason;
    this.overlay.emit('logon', { groupCode: this.code });
    for (const [type, data] of [
      ['round_info', { roundPhase: 'combat', roundNumber: 1 }],
      ['spike_planted', 1],
      ['left_timeout', 1],
    ]) {
      this.player.emit('obs_data', { obsName: 'Observer One', groupCode: this.code, type, data });
    }
    const state = await this.overlay.state((newest) => newest.timeoutState.leftTeam);
    this.spike = state.spikeDetonationTime;
    this.endsAt = Date.now() + state.timeoutState.timeRemaining * 1000;
    assert.ok(this.spike > Date.now());
  }

  async check(server) {
    this.overlay = new Client(urlOf(server, 'output'), { transport: 'websocket' });
    await this.overlay.connected();
    this.overlay.emit('logon', { groupCode: this.code });
    const state = await this.overlay.state();
    const remaining = (this.endsAt - Date.now()) / 1000;
    assert.equal(state.spikeDetonationTime, this.spike);
    assert.equal(state.timeoutState.leftTeam, true);
    // A whole second of grain, and whatever the machine takes to deliver it.
    assert.ok(
      Math.abs(state.timeoutState.timeRemaining - remaining) < 3,
      `${state.timeoutState.timeRemaining}, not ${remaining}`,
    );
  }
}

test(`${kills} kills take nothing back that was seen`, { timeout: 400_000 }, async (t) => {
  let server = await startServer();
  t.after(() => server.stop('SIGKILL'));
  const timed = new TimedMatch();
  await timed.begin(server);
  timed.leave();
  const lasting = [new Match(), new Match(), new Match()];
  let brief;
  let lost = 0;
  for (let life = 0; life < kills; ++life) {
    // Every few lives a match is made in the very moment of the kill.
    if (life % 3 === 0) brief = new Match();
    const matches = [...lasting, brief];
    const ready = Promise.all(matches.slice(0, 3).map((match) => match.join(server)));
    await ready;
    await timed.check(server);
    timed.overlay.close();
    for (const match of lasting) lost += match.lost ?? 0;

    const endAt = performance.now() + random() * longestLifeMs;
    let joined = false;
    const joining = brief.join(server).then(
      () => {
        joined = true;
      },
      (error) => error,
    );
    while (performance.now() < endAt) {
      for (const match of matches) if (match !== brief || joined) match.send(Math.floor(random() * 6));
      await delay(random() < 0.1 ? 60 : Math.floor(random() * 5));
    }
    server.signal('SIGKILL');
    await server.ended;
    // What was under way to the viewers still counts as seen.
    await delay(5);
    if (!joined) {
      brief.leave();
      const error = await joining;
      // Killed in the middle of its logon: only a wrong answer would be an error.
      assert.ok(!(error instanceof assert.AssertionError), error);
    }
    for (const match of matches) match.leave();
    server = await startServer({ cwd: server.cwd, dataDir: server.dataDir });
    assert.deepEqual(journalFiles(server, '.broken'), [], server.output);
  }
  assert.ok(lost > 0, 'no kill ever hit an event that was under way: they came too late');
  await timed.check(server);
  for (const match of [...lasting, timed]) match.leave();
  // All that is left reads as a whole.
  await stopServer(server);
  const replay = join(binDir, 'matchbus-replay');
  const canCheck = existsSync(replay) && spawnSync(replay, ['--help']).stdout.includes('--check');
  const files = journalFiles(server, '.replay').map((name) => join(journalDirectory(server), name));
  assert.ok(files.length >= 4);
  for (const file of files) {
    JSON.parse(`[${readFileSync(file, 'utf8')}]`);
    if (!canCheck) continue;
    const { status, stdout, stderr } = spawnSync(replay, ['--check', file], { encoding: 'utf8' });
    assert.equal(status, 0, `${file}: ${stdout}${stderr}`);
  }
});
