// Recorded matches, played at full speed: what viewers see on the way and in the end. MATCHBUS_RECORDINGS names a
// folder of further recordings, for instance of real games with what another server of the protocol shows of them.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { groupCode, observer, viewer } from '../support/match.mjs';
import { MatchModel } from '../support/match_model.mjs';
import { differences, readRecordings, recordedTeams, recordingsDir, withoutTimes } from '../support/recordings.mjs';
import { startServer, stopServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const server = await startServer();
after(() => stopServer(server));

// Of our own recordings every member is known. Those of others leave some out; what they show after the end of a match
// is not what it was in the end, and where the client told no id of the match they show what it told instead.
const ours = readRecordings(recordingsDir).map((recording) => ({ ...recording, isWhole: true }));
const others = process.env.MATCHBUS_RECORDINGS ? readRecordings(process.env.MATCHBUS_RECORDINGS) : [];
const foreign = others.map(({ name, events, states }) => {
  const end = events.findIndex(({ type, data }) => type === 'round_info' && data.roundPhase === 'game_end');
  const known = states.filter(({ after: count }) => end < 0 || count <= end);
  for (const { state } of known) if (typeof state.matchId !== 'string') delete state.matchId;
  return { name: `${name} (foreign)`, events, states: known, isWhole: false };
});

for (const { name, events, states, isWhole } of [...ours, ...foreign]) {
  test(`${name}: a viewer sees what was recorded`, async (t) => {
    assert.ok(states.length > 0);
    const code = groupCode();
    const overlay = await viewer(t, server, code);
    const sender = await observer(t, server, code, { logon: recordedTeams });
    let sent = 0;
    for (const { after: count, state } of states) {
      for (; sent < count; ++sent) sender.emit('obs_data', { ...events[sent], groupCode: code });
      let found = ['nothing arrived'];
      const isThere = () => {
        const newest = overlay.events.findLast(({ event }) => event === 'match_data');
        if (newest === undefined) return false;
        found = differences(state, withoutTimes(JSON.parse(newest.args[0])), { isWhole });
        return found.length === 0;
      };
      await until(isThere, '').catch(() => assert.fail(`after ${count} events:\n${found.slice(0, 20).join('\n')}`));
    }
  });

  test(`${name}: the model says the same`, () => {
    const model = new MatchModel(recordedTeams.leftTeam, recordedTeams.rightTeam);
    let told = 0;
    for (const { after: count, state } of states) {
      for (; told < count; ++told) model.apply(events[told]);
      assert.deepEqual(differences(state, model.state(), { isWhole }), [], `after ${count} events`);
    }
  });
}

test('the recordings are of all three generations, and have what real games have', () => {
  const of = (name) => ours.find((recording) => recording.name === name);
  assert.deepEqual(ours.map(({ name }) => name).sort(), ['new', 'old', 'text']);
  const first = (name, type) => of(name).events.find((event) => event.type === type).data;
  assert.equal(typeof first('new', 'match_start'), 'string');
  assert.equal(first('text', 'match_start'), true);
  assert.equal(typeof first('new', 'roster').startTeam, 'number');
  assert.equal(typeof first('text', 'roster').startTeam, 'string');
  assert.ok(!('tagline' in first('old', 'roster')));
  for (const { name, events, states } of ours) {
    const rounds = events.filter(({ type }) => type === 'round_info');
    const firstOf = (type) => events.findIndex((event) => event.type === type);
    assert.ok(firstOf('scoreboard') < firstOf('roster'), name);
    const { teams, roundPhase } = states.at(-1).state;
    assert.equal(roundPhase, 'game_end');
    assert.equal(teams[0].roundsWon + teams[1].roundsWon, rounds.at(-1).data.roundNumber);
    const kills = teams.flatMap((team) => team.players).reduce((sum, player) => sum + player.kills, 0);
    const told = events.filter(({ type }) => type === 'killfeed').map(({ data }) => JSON.stringify(data));
    const twice = told.filter((text, index) => text === told[index - 1]).length;
    assert.ok(twice > 0, name);
    assert.equal(kills, told.length - twice, name);
  }
});
