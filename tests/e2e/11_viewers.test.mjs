// Overlays: who gets what, when, and what never leaves the server.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { connect } from '../support/client.mjs';
import { groupCode, observer, rosterEntry, viewer } from '../support/match.mjs';
import { startServer, stopServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const server = await startServer({ keyless: false, env: { AUTH_KEY: 'testkey', ALLOW_SHORT_KEYS: 'true' } });
after(() => stopServer(server));

test('viewers of two groups, on all transports, get their own match and nothing of the other', async (t) => {
  const groups = [];
  for (const map of ['Lotus', 'Haven']) {
    const code = groupCode();
    const player = await observer(t, server, code);
    const viewers = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        viewer(t, server, code, { transport: ['polling', 'websocket', 'default'][i % 3] }),
      ),
    );
    groups.push({ code, player, viewers, map });
  }
  groups[0].player.send('map', 'Jam');
  groups[1].player.send('map', 'Triad');
  for (const { viewers, map } of groups)
    await Promise.all(viewers.map((one) => one.state((state) => state.map === map)));

  // One group goes on alone; the other hears nothing of it.
  const before = groups[1].viewers.map((one) => one.events.length);
  groups[0].player.send('game_mode', 'swift');
  await Promise.all(groups[0].viewers.map((one) => one.state((state) => state.matchType === 'swift')));
  assert.deepEqual(
    groups[1].viewers.map((one) => one.events.length),
    before,
  );
  for (const { code, viewers, map } of groups) {
    for (const one of viewers) {
      for (const state of one.all('match_data')) {
        assert.equal(state.groupCode, code);
        assert.ok(['Loading', map].includes(state.map));
      }
    }
  }
});

test('a viewer may log on before the match exists', async (t) => {
  const code = groupCode();
  const early = await viewer(t, server, code);
  assert.equal(early.all('match_data').length, 0);
  await observer(t, server, code);
  assert.equal((await early.state()).groupCode, code);
});

test('a late viewer gets the newest state at once, and nobody else gets it again', async (t) => {
  const code = groupCode();
  const player = await observer(t, server, code);
  const first = await viewer(t, server, code);
  player.send('map', 'Jam');
  await first.state((state) => state.map === 'Lotus');
  const count = first.all('match_data').length;
  const late = await viewer(t, server, code);
  assert.equal((await late.state()).map, 'Lotus');
  assert.equal(late.all('match_data').length, 1);
  assert.equal(first.all('match_data').length, count);
});

test('events that change nothing cause no broadcast', async (t) => {
  const code = groupCode();
  const player = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  player.send('roster', rosterEntry(0, 1));
  await overlay.state((state) => state.teams[0].players.length === 1);
  const count = overlay.all('match_data').length;
  player.send('roster', rosterEntry(0, 1));
  player.send('no_such_event', {});
  player.send('roster', rosterEntry(7, 1));
  // A real change, at least a tick later, ends the waiting: only it may have arrived.
  await new Promise((done) => setTimeout(done, 250));
  player.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
  assert.equal(overlay.all('match_data').length, count + 1);
});

test('a burst of events is one broadcast a tick', async (t) => {
  const code = groupCode();
  const player = await observer(t, server, code, { transport: 'websocket' });
  const overlay = await viewer(t, server, code, { transport: 'websocket' });
  await overlay.state();
  const begun = Date.now();
  for (let i = 0; i < 500; ++i) player.send('map', i % 2 ? 'Jam' : 'Triad');
  player.send('game_mode', 'swift');
  await overlay.state((state) => state.matchType === 'swift');
  const ticks = (Date.now() - begun) / 100 + 2;
  assert.ok(overlay.all('match_data').length <= ticks + 1, `${overlay.all('match_data').length} in ${ticks} ticks`);
});

test('secrets never leave the server', async (t) => {
  const code = groupCode();
  const playercamsInfo = {
    enable: true,
    removeTricodes: false,
    identifier: 'cams',
    secret: 'cam-s3cret',
    endTime: 987654321,
    enabledPlayers: [],
  };
  const player = await observer(t, server, code, { logon: { toolsData: { playercamsInfo } } });
  const overlay = await viewer(t, server, code);
  player.send('match_start', 'some-match');
  await overlay.state((state) => state.isRunning);
  for (const { args } of overlay.events.filter(({ event }) => event === 'match_data')) {
    assert.equal(args.length, 1);
    for (const secret of [player.secret, 'testkey', 'cam-s3cret', '987654321', 'groupSecret', 'replayLog']) {
      assert.ok(!args[0].includes(secret), secret);
    }
    assert.equal(JSON.parse(args[0]).tools.playercamsInfo.identifier, 'cams');
  }
});

test('only the first logon of a viewer counts', async (t) => {
  const [code, other] = [groupCode(), groupCode()];
  const player = await observer(t, server, code);
  const neighbour = await observer(t, server, other);
  const overlay = await viewer(t, server, code);
  overlay.emit('logon', { groupCode: other });
  neighbour.send('map', 'Jam');
  player.send('map', 'Triad');
  await overlay.state((state) => state.map === 'Haven');
  assert.ok(overlay.all('match_data').every((state) => state.groupCode === code));
});

test('a viewer that goes and comes back logs on again and sees the match', async (t) => {
  const code = groupCode();
  await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  await overlay.state();
  overlay.close();
  const again = await connect(t, server, 'output');
  again.emit('logon', { groupCode: code });
  await again.state();
});

test('200 viewers come and go at once', async (t) => {
  const code = groupCode();
  const player = await observer(t, server, code);
  const viewers = await Promise.all(
    Array.from({ length: 200 }, () => viewer(t, server, code, { transport: 'websocket' })),
  );
  player.send('map', 'Jam');
  await Promise.all(viewers.map((one) => one.state((state) => state.map === 'Lotus')));
  for (const one of viewers.slice(1)) one.socket.io.engine.transport.ws.terminate();
  player.send('map', 'Triad');
  await viewers[0].state((state) => state.map === 'Haven');
  await until(() => viewers.slice(1).every((one) => one.disconnects.length === 1), 'the viewers to go');
});
