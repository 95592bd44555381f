// Recordings of matches as files: NAME.jsonl, what an observer sends, and NAME.states.jsonl, what viewers see after so
// many of these events (tests/recordings/README.md).

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { sourceDir } from './server.mjs';

export const recordingsDir = join(sourceDir, 'tests/recordings');

// The teams that every recording is played with.
export const recordedTeams = {
  leftTeam: { name: 'Alpha', tricode: 'ALP', url: '', attackStart: true },
  rightTeam: { name: 'Beta', tricode: 'BET', url: '', attackStart: false },
};

const lines = (path) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

// {name, events, states: [{after, state}]} of each recording in a folder.
export function readRecordings(directory) {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.states.jsonl'))
    .map((file) => file.slice(0, -'.states.jsonl'.length))
    .map((name) => ({
      name,
      events: lines(join(directory, `${name}.jsonl`)),
      states: lines(join(directory, `${name}.states.jsonl`)),
    }));
}

const times = ['agentSelectStartTime', 'roundTimeoutTime', 'spikeDetonationTime'];

// A state as recordings have it: times are 'time', the group code is left out.
export function withoutTimes({ groupCode, ...state }) {
  for (const key of times) if (key in state) state[key] = 'time';
  return state;
}

// Where `actual` is not as `expected`, in words. `isWhole`: it must have no other members, either.
export function differences(expected, actual, { isWhole = true } = {}, path = 'state') {
  const isObject = (value) => value !== null && typeof value === 'object';
  if (!isObject(expected) || !isObject(actual))
    return Object.is(expected, actual)
      ? []
      : [`${path}: expected ${JSON.stringify(expected)}, is ${JSON.stringify(actual)}`];
  const found = Object.keys(expected).flatMap((key) =>
    differences(expected[key], actual[key], { isWhole }, `${path}.${key}`),
  );
  const others = Object.keys(actual).filter((key) => !(key in expected) && (isWhole || Array.isArray(expected)));
  return [...found, ...others.map((key) => `${path}.${key}: not expected, is ${JSON.stringify(actual[key])}`)];
}
