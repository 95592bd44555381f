// permessage-deflate with shared history: one compressed buffer for all viewers, read by unmodified clients.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import zlib from 'node:zlib';

import { canonical, follower } from '../support/diff.mjs';
import { frame, opcode, rawWebSocket } from '../support/frames.mjs';
import { metrics } from '../support/http.mjs';
import { groupCode, observer, rosterEntry, scoreboardEntry, viewer } from '../support/match.mjs';
import { Program, startServer, stopServer } from '../support/server.mjs';
import { until, within } from '../support/wait.mjs';

const server = await startServer();
after(() => stopServer(server));

const statesOf = (client) => client.all('match_data').map(canonical);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// A viewer as bytes: the sizes of its compressed frames, and what a browser's one inflater makes of them.
async function rawViewer(t, code, extension, logon = {}) {
  const raw = await rawWebSocket(t, server.ports.output, '/socket.io/?EIO=4&transport=websocket', {
    headers: { 'Sec-WebSocket-Extensions': extension },
  });
  raw.write(frame(opcode.text, '40'));
  raw.write(frame(opcode.text, `42${JSON.stringify(['logon', JSON.stringify({ groupCode: code, ...logon })])}`));
  raw.extension = /sec-websocket-extensions: *([^\r]*)/i.exec(raw.head)?.[1] ?? '';
  // Each message's text; `keep`: one window for all of them.
  raw.texts = async (keep) => {
    const texts = [];
    let inflater = zlib.createInflateRaw();
    let text = '';
    inflater.on('data', (bytes) => (text += bytes));
    for (const { rsv, opcode: code, payload } of raw.frames()) {
      if (code !== opcode.text) continue;
      if (rsv === 0) {
        texts.push(payload.toString());
        continue;
      }
      if (!keep) {
        inflater = zlib.createInflateRaw();
        inflater.on('data', (bytes) => (text += bytes));
      }
      text = '';
      await new Promise((done, fail) => {
        inflater.removeAllListeners('error').on('error', fail);
        inflater.write(payload);
        inflater.write(Buffer.from([0, 0, 0xff, 0xff]));
        inflater.flush(zlib.constants.Z_SYNC_FLUSH, done);
      });
      texts.push(text);
    }
    return texts;
  };
  raw.sizes = () => raw.frames().filter(({ rsv }) => rsv === 4).map(({ payload }) => payload.length);
  raw.states = async (keep) =>
    (await raw.texts(keep))
      .filter((text) => text.startsWith('42["match_data"'))
      .map((text) => canonical(JSON.parse(JSON.parse(text.slice(2))[1])));
  return raw;
}

async function filledMatch(t, code) {
  const player = await observer(t, server, code, { transport: 'websocket' });
  for (let i = 0; i < 10; ++i) player.send('roster', rosterEntry(i % 2, i >> 1));
  return player;
}

test('what is negotiated', async (t) => {
  const code = groupCode();
  await filledMatch(t, code);
  const answers = [
    ['permessage-deflate; client_max_window_bits', /^permessage-deflate; client_no_context_takeover$/],
    ['permessage-deflate; server_no_context_takeover', /server_no_context_takeover/],
    ['permessage-deflate; server_max_window_bits=10', /server_max_window_bits=10/],
    ['x-unknown', /^$/],
  ];
  for (const [offer, answer] of answers) assert.match((await rawViewer(t, code, offer)).extension, answer);
});

test('clients of all kinds see the same states', async (t) => {
  const code = groupCode();
  const player = await filledMatch(t, code);
  const kinds = [
    { transport: 'websocket' },
    { transport: 'websocket', perMessageDeflate: false },
    { transport: 'websocket', perMessageDeflate: { serverNoContextTakeover: true } },
    { transport: 'default' },
    { transport: 'polling' },
  ];
  const viewers = await Promise.all(kinds.map((kind) => viewer(t, server, code, kind)));
  const browser = await rawViewer(t, code, 'permessage-deflate; client_max_window_bits');
  const forgetful = await rawViewer(t, code, 'permessage-deflate; server_no_context_takeover');
  const diff = await follower(t, server, code, { transport: 'websocket' });
  const raws = [browser, forgetful];
  for (let i = 0; i < 40; ++i) {
    player.send('scoreboard', scoreboardEntry(i % 2, i % 5, { money: i * 50, kills: i % 9 }));
    if (i % 10 === 5) {
      viewers.push(await viewer(t, server, code, kinds[(i / 10) | 0]));
      raws.push(await rawViewer(t, code, 'permessage-deflate'));
    }
    // Something else to the same viewer, on its history: only its first logon counts, the second is ignored.
    if (i === 20) browser.write(frame(opcode.ping, 'x'));
    await pause(60);
  }
  player.send('map', 'Jam');
  const last = canonical(await viewers[0].state((state) => state.map === 'Lotus'));
  const reference = statesOf(viewers[0]);
  assert.ok(reference.length > 10);
  for (const one of viewers) {
    await one.state((state) => state.map === 'Lotus');
    let from = 0;
    for (const state of statesOf(one)) {
      from = reference.indexOf(state, from);
      assert.ok(from >= 0, 'a state that others did not see');
    }
  }
  for (const raw of raws) {
    const keep = raw !== forgetful;
    await pause(200);
    assert.equal((await raw.states(keep)).at(-1), last);
    for (const state of await raw.states(keep)) assert.ok(reference.includes(state));
  }
  await until(() => diff.states.at(-1) === last, 'the last patch');
  assert.deepEqual(diff.problems, []);
  // Standalone once, then small ones; without history each is whole.
  const [first, ...rest] = browser.sizes();
  assert.ok(first > 1_000 && rest.length > 10 && Math.max(...rest) < first / 2, `${browser.sizes()}`);
  assert.ok(Math.min(...forgetful.sizes()) > 1_000);
});

test('a simulated match costs at most 600 bytes a state on the wire', async (t) => {
  const code = groupCode();
  const overlay = await viewer(t, server, code, { transport: 'websocket' });
  const browser = await rawViewer(t, code, 'permessage-deflate; client_max_window_bits');
  const before = await metrics(server);
  const program = new Program('matchbus-replay', [
    ...['--url', `ws://127.0.0.1:${server.ports.ingest}`, '--simulate', '--rounds', '3', '--group', code, '--speed', '15'],
    ...['--events', '2500'],
  ]);
  t.after(() => program.stop('SIGKILL'));
  await within(program.ended, 'the match to end', 120_000);
  await pause(300); // for the tick that says the last of it
  await until(async () => (await browser.states(true)).at(-1) === statesOf(overlay).at(-1), 'the same state in the end');
  const seen = await browser.states(true);
  const states = statesOf(overlay);
  const now = await metrics(server);
  // On a machine that is too slow for the speed, a viewer may be spared states; then it starts its history anew.
  const spared = now.get('matchbus_conflated_total') - before.get('matchbus_conflated_total');
  const strangers = seen.filter((state) => !states.includes(state));
  assert.ok(strangers.length <= spared, `${strangers.length} states that the other viewer did not see, ${spared} spared`);
  const sizes = browser.sizes().sort((a, b) => a - b);
  t.diagnostic(`${sizes.length} frames, median ${sizes[sizes.length >> 1]} bytes, most ${sizes.at(-1)}`);
  assert.ok(sizes[sizes.length >> 1] <= 600, `${sizes[sizes.length >> 1]}`);
  const made = (form) => now.get(`matchbus_frames_total{form="${form}"}`) - before.get(`matchbus_frames_total{form="${form}"}`);
  assert.ok(made('shared') >= states.length - 3 - spared, `${made('shared')} of ${states.length}, ${spared} spared`);
  assert.ok(made('deflated') <= 3 + spared, `${made('deflated')}, ${spared} spared`);
});
