// Observers log on at the ingest port and play; overlays log on at the output port and see it. Over every transport,
// plain and encrypted.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { connect } from '../support/client.mjs';
import { groupCode, leftTeam, observer, observerLogon, rosterEntry, viewer } from '../support/match.mjs';
import { startServer, stopServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

// Plain and TLS on the same ports; keys are checked.
const server = await startServer({
  insecure: false,
  keyless: false,
  env: { AUTH_KEY: 'testkey', ALLOW_SHORT_KEYS: 'true', REQUIRE_AUTH_KEY: 'true' },
});
after(() => stopServer(server));

for (const tls of [false, true]) {
  for (const transport of ['polling', 'websocket', 'default']) {
    test(`an observer's match reaches an overlay: ${transport}, ${tls ? 'wss' : 'ws'}`, async (t) => {
      const code = groupCode();
      const player = await observer(t, server, code, { tls, transport });
      assert.match(player.secret, /^[A-Z0-9]{12}$/);
      const overlay = await viewer(t, server, code, { tls, transport });
      assert.deepEqual(overlay.last('logon_success'), {
        groupCode: code,
        msg: `Logon succeeded for group code ${code}`,
      });

      const first = await overlay.state();
      assert.equal(first.groupCode, code);
      assert.equal(first.map, 'Loading');
      assert.equal(first.isRunning, false);
      assert.deepEqual(
        first.teams.map((team) => team.teamName),
        ['Alpha Wolves', 'Beta Bears'],
      );

      for (let number = 1; number <= 5; ++number) {
        player.send('roster', rosterEntry(0, number));
        player.send('roster', rosterEntry(1, number));
      }
      player.send('map', 'Infinityy');
      player.send('match_start', 'b7f0f4ab-0000-4a7b-ab0c-201166616bd3');
      const playing = await overlay.state((state) => state.isRunning);
      assert.equal(playing.map, 'Abyss');
      assert.equal(playing.matchId, 'b7f0f4ab-0000-4a7b-ab0c-201166616bd3');
      assert.deepEqual(
        playing.teams.map((team) => team.players.length),
        [5, 5],
      );
      assert.equal(playing.teams[1].players[4].fullName, 'Righty 5#T15');

      if (transport === 'default') {
        await player.upgraded();
        await overlay.upgraded();
        player.send('map', 'Jam');
        await overlay.state((state) => state.map === 'Lotus');
      }
    });
  }
}

// Every refusal: what is sent, and the reason that comes back before the server disconnects.
const version = (text) => new RegExp(`^Client version ${text} is not compatible with server version .+\\.$`);
const refusals = [
  ['a wrong key', { key: 'wrong' }, /^Invalid Key$/],
  ['no key', { key: undefined }, /^Invalid Key$/],
  ['a key that is no text', { key: 5 }, /^(Invalid Key|Invalid packet\.)$/],
  ['another type', { type: 'aux_authenticate' }, /^Invalid packet\.$/],
  ['no type', { type: undefined }, /^Invalid packet\.$/],
  ['an old version', { clientVersion: '0.3.2' }, version('0.3.2')],
  ['a future version', { clientVersion: '0.3.25' }, version('0.3.25')],
  ['a prerelease', { clientVersion: '0.3.20-beta.1' }, version('0.3.20-beta.1')],
  ['leading zeros', { clientVersion: '0.03.20' }, version('0.03.20')],
  ['no version', { clientVersion: undefined }, version('undefined')],
  ['an empty group code', { groupCode: '' }, /^Invalid packet\.$/],
  ['no group code', { groupCode: undefined }, /^Invalid packet\.$/],
  ['a group code that is a number', { groupCode: 123456 }, /^Invalid packet\.$/],
  ['a group code of 65 characters', { groupCode: 'G'.repeat(65) }, /^Invalid packet\.$/],
  ['a group code with a control character', { groupCode: 'AB\nCD' }, /^Invalid packet\.$/],
  ['no teams', { leftTeam: undefined, rightTeam: undefined }, /^Invalid packet\.$/],
  ['one team', { rightTeam: undefined }, /^Invalid packet\.$/],
  ['a team that is null', { leftTeam: null }, /^Invalid packet\.$/],
  ['a team without its name', { leftTeam: { tricode: 'A', url: 'u', attackStart: true } }, /^Invalid packet\.$/],
  ['a team without its side', { leftTeam: { name: 'A', tricode: 'A', url: 'u' } }, /^Invalid packet\.$/],
];

for (const [what, changes, reason] of refusals) {
  test(`a logon with ${what} is refused`, async (t) => {
    const code = groupCode();
    const client = await connect(t, server, 'ingest');
    client.emit('obs_logon', observerLogon(code, changes));
    const answer = await client.next('obs_logon_ack');
    assert.equal(answer.type, 'authenticate');
    assert.equal(answer.value, false);
    assert.match(answer.reason, reason);
    assert.equal(await client.disconnected(), 'io server disconnect');
    // No half of a match was made.
    await observer(t, server, code);
  });
}

const malformed = [
  ['text that is no JSON', (socket) => socket.emit('obs_logon', 'hello')],
  ['an array', (socket) => socket.emit('obs_logon', '[]')],
  ['null', (socket) => socket.emit('obs_logon', 'null')],
  ['half a document', (socket) => socket.emit('obs_logon', '{"type":"authenticate"')],
  ['a document too deep', (socket) => socket.emit('obs_logon', '['.repeat(5000) + ']'.repeat(5000))],
  ['an object that is no text', (socket) => socket.emit('obs_logon', observerLogon(groupCode()))],
  ['no argument', (socket) => socket.emit('obs_logon')],
];
for (const [what, send] of malformed) {
  test(`a logon of ${what} is refused`, async (t) => {
    const client = await connect(t, server, 'ingest');
    send(client.socket);
    assert.deepEqual(await client.next('obs_logon_ack'), {
      type: 'authenticate',
      value: false,
      reason: 'Invalid packet.',
    });
    assert.equal(await client.disconnected(), 'io server disconnect');
  });
}

test('versions are compared as semantic versions', async (t) => {
  for (const clientVersion of ['0.3.3', '0.3.24', 'v0.3.9', ' 0.3.9 ', '0.3.9+build.7']) {
    await observer(t, server, groupCode(), { logon: { clientVersion } });
  }
});

test('a version that does not fit is refused with a line that says which option to change', async (t) => {
  const own = await startServer({ t }); // whose log has not said so in this second
  const client = await connect(t, own, 'ingest');
  client.emit('obs_logon', observerLogon(groupCode(), { clientVersion: '0.4.0' }));
  await client.disconnected();
  await own.said(/Client version 0\.4\.0 is not compatible with server version .*--client-versions/);
});

test('a server for every version takes them all', async (t) => {
  const open = await startServer({ t, args: ['--client-versions', '*'] });
  for (const clientVersion of ['0.1.0', '99.0.0', '0.4.0-beta', 'unknown', 4, null, undefined])
    await observer(t, open, groupCode(), { logon: { clientVersion } });
});

test('tools may be missing or null', async (t) => {
  for (const toolsData of [undefined, null]) {
    const code = groupCode();
    await observer(t, server, code, { logon: { toolsData } });
    const overlay = await viewer(t, server, code);
    assert.equal((await overlay.state()).tools.timeoutDuration, 60);
  }
});

test('fields of odd types are read as far as they make sense', async (t) => {
  const code = groupCode();
  await observer(t, server, code, {
    logon: {
      obsName: 7,
      groupSecret: 5,
      leftTeam: { name: 1, tricode: null, url: null, attackStart: 'yes' },
      rightTeam: { name: 'B'.repeat(300), tricode: 'B', url: 'u'.repeat(33_000), attackStart: null },
      toolsData: { timeoutDuration: '45', timeoutCounter: { max: '1' }, seriesInfo: 'none' },
    },
  });
  const { teams, tools } = await (await viewer(t, server, code)).state();
  const seen = ({ teamName, teamTricode, teamUrl, isAttacking }) => ({ teamName, teamTricode, teamUrl, isAttacking });
  assert.deepEqual(seen(teams[0]), { teamName: '1', teamTricode: '', teamUrl: '', isAttacking: true });
  assert.deepEqual(seen(teams[1]), { teamName: 'B'.repeat(256), teamTricode: 'B', teamUrl: '', isAttacking: false });
  assert.equal(tools.timeoutDuration, 45);
  assert.deepEqual(tools.timeoutCounter, { max: 1, left: 1, right: 1 });
  assert.equal(tools.seriesInfo.needed, 1);
});

test('what else a team has is shown, but never instead of what the server says', async (t) => {
  const code = groupCode();
  const more = { colour: '#f00', roster: { coach: 'C' }, teamName: 'Other', players: 'none' };
  await observer(t, server, code, { logon: { leftTeam: { ...leftTeam, ...more } } });
  const { teams } = await (await viewer(t, server, code)).state();
  assert.equal(teams[0].colour, '#f00');
  assert.deepEqual(teams[0].roster, { coach: 'C' });
  assert.equal(teams[0].teamName, leftTeam.name);
  assert.deepEqual(teams[0].players, []);
  assert.ok(!('colour' in teams[1]));
});

test('a live match is kept by its secret', async (t) => {
  const code = groupCode();
  const first = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  first.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');

  for (const groupSecret of [undefined, '', 'WRONGSECRET1', first.secret.toLowerCase()]) {
    const stranger = await connect(t, server, 'ingest');
    stranger.emit('obs_logon', observerLogon(code, { groupSecret }));
    assert.deepEqual(await stranger.next('obs_logon_ack'), {
      type: 'authenticate',
      value: false,
      reason: `Game with Group Code ${code} exists and is still live.`,
    });
    await stranger.disconnected();
  }

  const second = await observer(t, server, code, { logon: { groupSecret: first.secret } });
  assert.equal(second.secret, 'reconnected');
  second.send('game_mode', 'swift');
  const state = await overlay.state((newest) => newest.matchType === 'swift');
  assert.equal(state.map, 'Lotus');
});

test('a binary argument with the same text is accepted', async (t) => {
  const code = groupCode();
  const client = await connect(t, server, 'ingest');
  client.socket.emit('obs_logon', Buffer.from(JSON.stringify(observerLogon(code))));
  assert.equal((await client.next('obs_logon_ack')).value, true);
  const overlay = await connect(t, server, 'output');
  overlay.socket.emit('logon', Buffer.from(JSON.stringify({ groupCode: code })));
  await overlay.next('logon_success');
  client.socket.emit(
    'obs_data',
    Buffer.from(JSON.stringify({ obsName: 'x', groupCode: code, type: 'map', data: 'Jam' })),
  );
  await overlay.state((state) => state.map === 'Lotus');
});

test('another logon on the same connection is answered with the session there is', async (t) => {
  const code = groupCode();
  const player = await observer(t, server, code);
  const answers = async (changes) => {
    const before = player.all('obs_logon_ack').length;
    player.emit('obs_logon', observerLogon(code, changes));
    await until(() => player.all('obs_logon_ack').length > before, 'an answer');
    return player.last('obs_logon_ack');
  };
  for (const groupSecret of [undefined, player.secret])
    assert.deepEqual(await answers({ groupSecret }), { type: 'authenticate', value: true, reason: 'reconnected' });
  player.send('map', 'Jam');
  const overlay = await viewer(t, server, code);
  await overlay.state((state) => state.map === 'Lotus');
});

test('only the first logon of a socket counts', async (t) => {
  const [code, other] = [groupCode(), groupCode()];
  const player = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  player.emit('obs_logon', observerLogon(other));
  assert.match((await player.next('obs_logon_ack', ({ value }) => !value)).reason, /^Already logged on\./);
  player.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
  await observer(t, server, other);
});

test('an observer writes to its own match only', async (t) => {
  const [code, other] = [groupCode(), groupCode()];
  const player = await observer(t, server, code);
  const neighbour = await observer(t, server, other);
  const overlay = await viewer(t, server, other);
  const own = await viewer(t, server, code);
  player.emit('obs_data', { obsName: 'x', groupCode: other, type: 'map', data: 'Jam' });
  player.send('map', 'Jam');
  await own.state((state) => state.map === 'Lotus');
  neighbour.send('game_mode', 'swift');
  const state = await overlay.state((newest) => newest.matchType === 'swift');
  assert.equal(state.map, 'Loading');
});

test('who sends data and does not log on is told so and disconnected', async (t) => {
  const code = groupCode();
  await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  for (const [event, sender, answer] of [['obs_data', 'obsName', 'obs_logon_ack'], ['aux_data', 'playerId', 'aux_logon_ack']]) {
    const client = await connect(t, server, 'ingest');
    client.emit(event, { [sender]: 'x', groupCode: code, type: 'map', data: 'Jam' });
    assert.deepEqual(await client.next(answer), {
      type: 'authenticate',
      value: false,
      reason: 'Not logged on. Log on before sending data.',
    });
    assert.equal(await client.disconnected(), 'io server disconnect');
  }
  assert.ok(overlay.all('match_data').every((state) => state.map === 'Loading'));
});

test('data before the logon is ignored', async (t) => {
  const code = groupCode();
  const player = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  const early = await connect(t, server, 'ingest');
  early.emit('obs_data', { obsName: 'x', groupCode: code, type: 'map', data: 'Jam' });
  early.emit('obs_logon', observerLogon(groupCode()));
  await early.next('obs_logon_ack');
  player.send('game_mode', 'swift');
  const state = await overlay.state((newest) => newest.matchType === 'swift');
  assert.equal(state.map, 'Loading');
});
