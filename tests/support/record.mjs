// Makes the recordings of tests/recordings anew from simulated matches, and their states by the model: for when either
// has changed. Run it by hand and look at what differs:
//
//     node tests/support/record.mjs && git diff --stat tests/recordings

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { MatchModel } from './match_model.mjs';
import { recordedTeams, recordingsDir } from './recordings.mjs';
import { binDir } from './server.mjs';

const statesEvery = 100;

// Seeds whose matches have no timeouts, whose countdowns are no matter of events. The side switch takes 13 rounds.
const recordings = [
  { name: 'new', rounds: 4, seed: 10 },
  { name: 'text', rounds: 13, seed: 20, without: ['observing'] },
  { name: 'old', rounds: 4, seed: 2 },
];

function simulate({ name, rounds, seed }) {
  const args = ['--simulate', '--print', '--shapes', name, '--rounds', `${rounds}`, '--seed', `${seed}`];
  const text = execFileSync(join(binDir, 'matchbus-replay'), args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

// Real clients send the scoreboard of a player when it has changed.
function onlyChanges(events) {
  const last = new Map();
  return events.filter(({ type, data }) => {
    if (type !== 'scoreboard') return true;
    const text = JSON.stringify(data);
    const isNew = last.get(data.name) !== text;
    last.set(data.name, text);
    return isNew;
  });
}

function statesOf(events) {
  const model = new MatchModel(recordedTeams.leftTeam, recordedTeams.rightTeam);
  const states = [];
  for (const [index, event] of events.entries()) {
    model.apply(event);
    const after = index + 1;
    if (after % statesEvery === 0 || after === events.length) states.push({ after, state: model.state() });
  }
  return states;
}

function write(file, entries) {
  writeFileSync(join(recordingsDir, file), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
}

for (const recording of recordings) {
  const without = recording.without ?? [];
  const events = onlyChanges(simulate(recording)).filter(({ type }) => !without.includes(type));
  write(`${recording.name}.jsonl`, events);
  write(`${recording.name}.states.jsonl`, statesOf(events));
}
