// Whatever arrives on any port: the protocol's own error, a figure in the metrics, a line in the log, and nobody else
// notices. An observer and an overlay work through the whole file and must never be disturbed.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { connect } from '../support/client.mjs';
import { frame, opcode, rawWebSocket } from '../support/frames.mjs';
import { answerTo, rawConnection, request } from '../support/http.mjs';
import { groupCode, observer, rosterEntry, scoreboardEntry, viewer } from '../support/match.mjs';
import { startServer, stopServer } from '../support/server.mjs';
import { until, within } from '../support/wait.mjs';

const server = await startServer();
// The witnesses live as long as the file.
const closing = [];
const file = { after: (close) => closing.push(close) };
const code = groupCode();
const player = await observer(file, server, code);
const witness = await viewer(file, server, code);
await witness.state();
after(async () => {
  for (const close of closing) close();
  await stopServer(server);
});
let toggles = 0;

// Shows that the witnesses are served as ever.
async function undisturbed() {
  toggles += 1;
  player.send('map', toggles % 2 ? 'Jam' : 'Triad');
  const seen = witness.all('match_data').length;
  await until(() => witness.all('match_data').length > seen, 'a broadcast to the witness');
  assert.equal(witness.disconnects.length + player.disconnects.length, 0);
  assert.equal(server.result, undefined);
}

// ---- HTTP

const badRequests = [
  ['no HTTP at all', 'hello\r\n\r\n', /^HTTP\/1\.1 (400|501) /],
  ['binary rubbish', Buffer.from([0, 1, 2, 3, 255, 254, 13, 10, 13, 10]), /^HTTP\/1\.1 400 /],
  ['another version', 'GET / HTTP/3.7\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 (400|505) /],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['no host', 'GET /status HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['a length that is no number', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['a negative length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', /^HTTP\/1\.1 400 /],
  [
    'an endless length',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n',
    /^HTTP\/1\.1 (400|413) /,
  ],
  [
    'two lengths',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
    /^HTTP\/1\.1 400 /,
  ],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    /^HTTP\/1\.1 400 /,
  ],
  [
    'an unknown transfer coding',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n',
    /^HTTP\/1\.1 (400|501) /,
  ],
  [
    'a chunk size that is no number',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    /^HTTP\/1\.1 40[04] /, // by its head already
  ],
  ['a method nobody knows', 'BREW /status HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 (400|405|501) /],
];
for (const [what, bytes, answer] of badRequests) {
  test(`HTTP: ${what}`, async (t) => {
    for (const port of ['ingest', 'output', 'extras']) {
      assert.match(await answerTo(t, server.ports[port], bytes), answer, port);
    }
    await undisturbed();
  });
}

test('HTTP: paths that are not there are answered 404', async () => {
  for (const port of ['ingest', 'output', 'extras']) {
    for (const path of ['/', '/nothing', '/socket.iox/', '/%00', '/../../etc/passwd']) {
      assert.equal((await request(server, port, path)).status, 404, `${port} ${path}`);
    }
  }
});

// ---- Engine.IO: error codes of its protocol

const engine = '/socket.io/?EIO=4&transport=polling';
const badSessions = [
  ['an unknown transport', '/socket.io/?EIO=4&transport=carrier-pigeon', {}, { code: 0, message: 'Transport unknown' }],
  ['no transport', '/socket.io/?EIO=4', {}, { code: 0, message: 'Transport unknown' }],
  ['an unknown session', `${engine}&sid=AAAAAAAAAAAAAAAAAAAA`, {}, { code: 1, message: 'Session ID unknown' }],
  ['a POST that opens', engine, { method: 'POST', body: '40' }, { code: 2, message: 'Bad handshake method' }],
  ['protocol 3', '/socket.io/?EIO=3&transport=polling', {}, { code: 5, message: 'Unsupported protocol version' }],
];
for (const [what, path, options, body] of badSessions) {
  test(`Engine.IO: ${what}`, async () => {
    const answer = await request(server, 'output', path, options);
    assert.equal(answer.status, 400);
    assert.deepEqual(JSON.parse(answer.body), body);
    assert.equal(answer.headers['access-control-allow-origin'], '*');
    await undisturbed();
  });
}

async function pollingSession() {
  const open = await request(server, 'ingest', engine);
  const { sid } = JSON.parse(open.body.slice(1));
  return `${engine}&sid=${sid}`;
}

for (const [what, body] of [
  ['an unknown packet type', '9hello'],
  ['nothing', ''],
  ['invalid UTF-8', Buffer.from([0x34, 0xff, 0xfe])],
  ['base64 that is none', 'b!!!'],
]) {
  test(`Engine.IO: a polling body of ${what} ends the session`, async () => {
    const path = await pollingSession();
    await request(server, 'ingest', path, { method: 'POST', body });
    await until(
      async () => (await request(server, 'ingest', path, { method: 'POST', body: '3' })).status === 400,
      'the end of the session',
    );
    await undisturbed();
  });
}

test('Engine.IO: a second GET beside a waiting one ends the session', async () => {
  const path = await pollingSession();
  await request(server, 'ingest', path, { method: 'POST', body: '40' });
  await request(server, 'ingest', path);
  const answers = await Promise.all([request(server, 'ingest', path), request(server, 'ingest', path)]);
  assert.ok(
    answers.some((answer) => answer.status === 400),
    JSON.stringify(answers),
  );
  await undisturbed();
});

// ---- Socket.IO: malformed packets close the session

const packets = [
  ['an unknown packet type', '49'],
  ['an event without its array', '42'],
  ['an event that is no JSON', '42["x"'],
  ['an event that is an object', '42{"a":1}'],
  ['an event without a name', '42[]'],
  ['an event whose name is a number', '42[5,"x"]'],
  ['an event that is reserved', '42["disconnect"]'],
  ['an event too deep', `42["x",${'['.repeat(100)}${']'.repeat(100)}]`],
  ['an endlessly deep event', `42["x",${'['.repeat(100_000)}`],
  ['an ack id out of range', '4399999999999999999999999[]'],
  ['attachments without end', '4599999999-["x",{"_placeholder":true,"num":0}]'],
  ['a negative placeholder', '451-["x",{"_placeholder":true,"num":-1}]'],
  ['a placeholder beyond its attachments', '451-["x",{"_placeholder":true,"num":7}]'],
];
for (const [what, packet] of packets) {
  test(`Socket.IO: ${what} closes the session`, async (t) => {
    const connection = await rawWebSocket(t, server.ports.ingest, '/socket.io/?EIO=4&transport=websocket');
    connection.write(frame(opcode.text, '40'));
    await until(() => connection.received.includes('40{"sid":"'), 'the namespace');
    connection.write(frame(opcode.text, packet));
    // A packet may be complete only with its attachment.
    if (packet.startsWith('451-')) connection.write(frame(opcode.binary, 'x'));
    await until(() => connection.closeCode() ?? connection.ended, 'the server to close');
    connection.write(frame(opcode.close));
    await within(connection.closed, 'the end of the connection');
    await undisturbed();
  });
}

test('Socket.IO: an unknown namespace is refused and the session goes on', async (t) => {
  const connection = await rawWebSocket(t, server.ports.output, '/socket.io/?EIO=4&transport=websocket');
  connection.write(frame(opcode.text, '40/admin,'));
  await until(() => connection.received.includes('44/admin,{"message":"Invalid namespace"}'), 'the refusal');
  connection.write(frame(opcode.text, '40'));
  await until(() => connection.received.includes('40{"sid":"'), 'the namespace');
});

// ---- the match pipeline: an event that says nothing changes nothing, a value that says nothing costs itself only

const envelope = { obsName: 'x', groupCode: code };
const badEvents = [
  ['no envelope', 'hello'],
  ['a number', 5],
  ['null', null],
  ['an array', []],
  ['no type', { ...envelope, data: 'Jam' }],
  ['a type that is a number', { ...envelope, type: 5, data: 'Jam' }],
  ['an unknown type', { ...envelope, type: 'constructor', data: {} }],
  ['no data', { ...envelope, type: 'map' }],
  ['no group', { obsName: 'x', type: 'map', data: 'Port' }],
  ['no sender', { groupCode: code, type: 'map', data: 'Port' }],
  ['a map that is an object', { ...envelope, type: 'map', data: { toString: 'Port' } }],
  ['a roster that is text', { ...envelope, type: 'roster', data: 'Port' }],
  ['a roster without a side', { ...envelope, type: 'roster', data: rosterEntry(0, 6, { startTeam: undefined }) }],
  ['a roster with another team', { ...envelope, type: 'roster', data: rosterEntry(0, 1, { startTeam: 2 }) }],
  ['a roster without a name', { ...envelope, type: 'roster', data: rosterEntry(0, 1, { name: undefined }) }],
  ['a roster with a null id', { ...envelope, type: 'roster', data: rosterEntry(0, 1, { playerId: null }) }],
  ['a scoreboard of an unknown player', { ...envelope, type: 'scoreboard', data: scoreboardEntry(0, 9, { money: 5 }) }],
  ['a round beyond all rounds', { ...envelope, type: 'round_info', data: { roundPhase: 'combat', roundNumber: 1e9 } }],
  ['a round that is negative', { ...envelope, type: 'round_info', data: { roundPhase: 'combat', roundNumber: -1 } }],
  ['a round that is text', { ...envelope, type: 'round_info', data: 'combat' }],
];

test('events that are wrong change nothing', async (t) => {
  const own = groupCode();
  const sender = await observer(t, server, own);
  const overlay = await viewer(t, server, own);
  for (let number = 1; number <= 5; ++number) sender.send('roster', rosterEntry(0, number));
  sender.send('map', 'Jam');
  const good = await overlay.state((state) => state.map === 'Lotus');
  const text = (event) => JSON.stringify(event).replaceAll(code, own);
  for (const [, event] of badEvents) sender.socket.emit('obs_data', text(event));
  sender.socket.emit('obs_data', '{"obsName":');
  sender.socket.emit('obs_data', '');
  sender.socket.emit(
    'obs_data',
    `{"obsName":"x","groupCode":"${own}","type":"score","data":{"team_0":1e999,"team_1":-1e999}}`,
  );
  sender.socket.emit(
    'obs_data',
    `{"obsName":"x","groupCode":"${own}","type":"roster","data":${'{"a":'.repeat(200)}1${'}'.repeat(200)}}`,
  );
  sender.socket.emit('obs_data');
  sender.socket.emit('obs_data', 5, null, { a: 1 });
  sender.socket.emit('no such event', 'x');
  sender.send('game_mode', 'swift');
  const state = await overlay.state((newest) => newest.matchType === 'swift');
  assert.deepEqual(state, { ...good, matchType: 'swift', switchRound: 5, firstOtRound: 99 });
  assert.equal(sender.disconnects.length, 0);
});

test('a value that makes no sense costs that value only', async (t) => {
  const own = groupCode();
  const sender = await observer(t, server, own);
  const overlay = await viewer(t, server, own);
  sender.send('roster', rosterEntry(0, 1, { startTeam: '0', rank: '12', locked: undefined, name: 7 }));
  sender.send('scoreboard', scoreboardEntry(0, 1, { kills: '4', deaths: null, money: 'lots', isAlive: 0 }));
  sender.send('killfeed', { attacker: '7', victim: 'nobody', assists: [null] });
  sender.send('score', { team_0: '3' });
  sender.send('match_start', true);
  sender.send('map', 'Jam');
  const state = await overlay.state((newest) => newest.map === 'Lotus');
  const [player] = state.teams[0].players;
  assert.equal(player.name, '7');
  assert.deepEqual([player.kills, player.deaths, player.money, player.isAlive], [4, 0, 0, false]);
  assert.deepEqual(player.killedPlayerNames, ['nobody']);
  assert.equal(state.teams[0].roundsWon, 3);
  assert.equal(state.isRunning, true);
  assert.equal(sender.disconnects.length, 0);
});

test('a character that was cut in two costs that character only', async (t) => {
  const own = groupCode();
  const sender = await observer(t, server, own);
  const overlay = await viewer(t, server, own);
  sender.send('roster', rosterEntry(0, 1, { name: 'cut\ud83d' }));
  sender.send('roster', rosterEntry(0, 2, { name: '\ude00whole\u{1f600}' }));
  const state = await overlay.state(({ teams }) => teams[0].playerCount === 2);
  assert.deepEqual(state.teams[0].players.map(({ name }) => name), ['cut\ufffd', '\ufffdwhole\u{1f600}']);
});

for (const [what, payload] of [
  ['text that is no JSON', 'hello'],
  ['null', null],
  ['no group', {}],
  ['a group that is a number', { groupCode: 7 }],
  ['a group that is empty', { groupCode: '' }],
  ['a group of 10,000 characters', { groupCode: 'A'.repeat(10_000) }],
]) {
  test(`a viewer's logon with ${what} joins nothing and ends nothing`, async (t) => {
    const client = await connect(t, server, 'output', { transport: 'websocket' });
    client.emit('logon', payload);
    await undisturbed();
    assert.deepEqual(
      client.events.filter(({ event }) => event === 'match_data'),
      [],
    );
  });
}

test('a flood of bad events fills no log', async (t) => {
  const own = groupCode();
  const sender = await observer(t, server, own, { transport: 'websocket' });
  const overlay = await viewer(t, server, own);
  const size = server.output.length;
  for (let i = 0; i < 5000; ++i) sender.send('map', i);
  sender.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
  assert.ok(server.output.length - size < 20_000, `${server.output.length - size} bytes of log`);
});

test('connections that say nothing and connections that are reset disturb nobody', async (t) => {
  for (const port of ['ingest', 'output', 'extras']) {
    for (let i = 0; i < 20; ++i) {
      const connection = await rawConnection(t, server.ports[port]);
      if (i % 2) connection.write('GET / HT');
      connection.socket.resetAndDestroy();
    }
  }
  await undisturbed();
});
