// WebSocket edge cases (RFC 6455, RFC 7692) as raw bytes at the output port, while a good viewer watches undisturbed.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';

import WebSocket from 'ws';

import { urlOf } from '../support/client.mjs';
import { acceptOf, frame, opcode, rawWebSocket, upgradeRequest } from '../support/frames.mjs';
import { answerTo, rawConnection } from '../support/http.mjs';
import { groupCode, observer, viewer } from '../support/match.mjs';
import { startServer, stopServer } from '../support/server.mjs';
import { until, within } from '../support/wait.mjs';

const path = '/socket.io/?EIO=4&transport=websocket';
const server = await startServer({ args: ['--max-message', '100000'] });
const port = server.ports.output;

// The witnesses live as long as the file.
const closing = [];
const file = { after: (close) => closing.push(close) };
const code = groupCode();
const player = await observer(file, server, code);
const witness = await viewer(file, server, code);
after(async () => {
  player.send('map', 'Jam');
  await witness.state((state) => state.map === 'Lotus');
  assert.equal(witness.disconnects.length, 0);
  for (const close of closing) close();
  await stopServer(server);
});

// ---- handshake, section 4.2

test('the handshake is answered with the accept value', async (t) => {
  const connection = await rawWebSocket(t, port, path);
  assert.match(connection.head, /^upgrade: websocket\r?$/im);
  assert.match(connection.head, /^connection: upgrade\r?$/im);
  assert.ok(connection.head.includes(acceptOf('dGhlIHNhbXBsZSBub25jZQ==')), connection.head);
  const open = await until(() => connection.frames()[0], 'the open packet');
  assert.equal(open.opcode, opcode.text);
  assert.equal(open.masked, false);
  assert.match(open.payload.toString(), /^0\{"sid":"/);
});

const handshakes = [
  ['no key', { 'Sec-WebSocket-Key': null }, /^HTTP\/1\.1 400 /],
  ['a key of 15 bytes', { 'Sec-WebSocket-Key': Buffer.alloc(15).toString('base64') }, /^HTTP\/1\.1 400 /],
  ['a key that is no base64', { 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' }, /^HTTP\/1\.1 400 /],
  ['version 8', { 'Sec-WebSocket-Version': '8' }, /^HTTP\/1\.1 426 [^]*sec-websocket-version: 13\r\n/i],
  ['no version', { 'Sec-WebSocket-Version': null }, /^HTTP\/1\.1 4(00|26) /],
  ['no Connection', { Connection: null }, /^HTTP\/1\.1 400 /],
  ['another Connection', { Connection: 'keep-alive' }, /^HTTP\/1\.1 400 /],
  ['another Upgrade', { Upgrade: 'h2c' }, /^HTTP\/1\.1 4(00|26) /],
  ['no Host', { Host: null }, /^HTTP\/1\.1 400 /],
];
for (const [what, headers, answer] of handshakes) {
  test(`a handshake with ${what} is refused`, async (t) => {
    assert.match(await answerTo(t, port, upgradeRequest(path, headers)), answer);
  });
}

for (const [what, headers] of [
  ['a list of Connection tokens', { Connection: 'keep-alive, UPGRADE' }],
  ['Upgrade in capitals', { Upgrade: 'WebSocket' }],
  ['an unknown extension', { 'Sec-WebSocket-Extensions': 'x-unknown; a=1, bbf' }],
]) {
  test(`a handshake with ${what} is accepted`, async (t) => {
    const connection = await rawWebSocket(t, port, path, { headers });
    assert.doesNotMatch(connection.head, /sec-websocket-extensions/i);
  });
}

test('a handshake with bytes one at a time is accepted, and frames behind it are read', async (t) => {
  const connection = await rawConnection(t, port, { noDelay: true });
  const bytes = Buffer.concat([Buffer.from(upgradeRequest(path)), frame(opcode.text, '40')]);
  for (const byte of bytes) {
    connection.write(Buffer.from([byte]));
    await new Promise((done) => setImmediate(done));
  }
  await until(() => connection.received.includes('40{"sid":"'), 'the namespace');
});

test('frames in the same packet as the handshake are read', async (t) => {
  const connection = await rawConnection(t, port);
  connection.write(Buffer.concat([Buffer.from(upgradeRequest(path)), frame(opcode.text, '40')]));
  await until(() => connection.received.includes('40{"sid":"'), 'the namespace');
});

// ---- framing errors, sections 5 and 7: what is sent, and the close code that answers it

const invalid = Buffer.from([0x34, 0xc3, 0x28]);
const errors = [
  ['an unmasked frame', [frame(opcode.text, '40', { masked: false })], 1002],
  ['a reserved bit', [frame(opcode.text, '40', { rsv: 1 })], 1002],
  ['another reserved bit', [frame(opcode.text, '40', { rsv: 4 })], 1002],
  ['a reserved opcode', [frame(3, '40')], 1002],
  ['a reserved control opcode', [frame(11, '')], 1002],
  ['a fragmented ping', [frame(opcode.ping, 'x', { fin: false })], 1002],
  ['a ping of 126 bytes', [frame(opcode.ping, 'x'.repeat(126))], 1002],
  ['a continuation of nothing', [frame(opcode.continuation, 'x')], 1002],
  ['text inside a fragmented text', [frame(opcode.text, '4', { fin: false }), frame(opcode.text, '0')], 1002],
  ['invalid UTF-8', [frame(opcode.text, invalid)], 1007],
  [
    'invalid UTF-8 over two frames',
    [frame(opcode.text, invalid.subarray(0, 2), { fin: false }), frame(opcode.continuation, invalid.subarray(2))],
    1007,
  ],
  ['UTF-8 cut short', [frame(opcode.text, invalid.subarray(0, 2))], 1007],
  ['a surrogate in UTF-8', [frame(opcode.text, Buffer.from([0x34, 0xed, 0xa0, 0x80]))], 1007],
  ['a message too long, announced', [frame(opcode.text, '4', { length: 100_001 })], 1009],
  ['a message of an absurd length', [frame(opcode.text, '4', { length: 2 ** 40 })], 1009],
  [
    'fragments too long together',
    Array.from({ length: 3 }, (_, i) =>
      frame(i ? opcode.continuation : opcode.text, '4'.repeat(40_000), { fin: false }),
    ),
    1009,
  ],
  ['a close frame of one byte', [frame(opcode.close, 'x')], 1002],
  ['a close code that is reserved', [frame(opcode.close, Buffer.from([0x03, 0xed]))], 1002],
  ['a close reason of invalid UTF-8', [frame(opcode.close, Buffer.from([0x03, 0xe8, 0xff]))], 1007],
];
for (const [what, frames, code] of errors) {
  test(`${what} is answered with close ${code}`, async (t) => {
    const connection = await rawWebSocket(t, port, path);
    connection.write(Buffer.concat(frames));
    await within(connection.closed, 'the server to close');
    assert.equal(connection.closeCode(), code);
  });
}

// ---- messages and control frames

test('a ping is answered, between fragments too', async (t) => {
  const connection = await rawWebSocket(t, port, path);
  connection.write(
    Buffer.concat([
      frame(opcode.text, '4', { fin: false }),
      frame(opcode.ping, 'are you there'),
      frame(opcode.continuation, '', { fin: false }),
      frame(opcode.continuation, '0'),
    ]),
  );
  await until(() => connection.received.includes('40{"sid":"'), 'the namespace');
  const answers = connection.frames().filter((entry) => entry.opcode === opcode.pong);
  assert.deepEqual(
    answers.map((entry) => entry.payload.toString()),
    ['are you there'],
  );
});

test('a pong nobody asked for is passed over', async (t) => {
  const connection = await rawWebSocket(t, port, path);
  connection.write(Buffer.concat([frame(opcode.pong, 'hello'), frame(opcode.text, '40')]));
  await until(() => connection.received.includes('40{"sid":"'), 'the namespace');
});

test('a message may come a byte at a time', async (t) => {
  const connection = await rawWebSocket(t, port, path, { noDelay: true });
  const message = frame(opcode.text, '40');
  for (const byte of message) {
    connection.write(Buffer.from([byte]));
    await new Promise((done) => setImmediate(done));
  }
  await until(() => connection.received.includes('40{"sid":"'), 'the namespace');
});

test('a close is answered with the same code, and the server closes', async (t) => {
  const connection = await rawWebSocket(t, port, path);
  connection.write(frame(opcode.close, Buffer.concat([Buffer.from([0x03, 0xe8]), Buffer.from('bye')])));
  await within(connection.closed, 'the server to close');
  assert.equal(connection.closeCode(), 1000);
});

test('a connection that is cut in the middle of a frame is forgotten', async (t) => {
  const connection = await rawWebSocket(t, port, path);
  connection.write(frame(opcode.text, '40').subarray(0, 3));
  connection.socket.resetAndDestroy();
  await connection.closed;
});

// ---- permessage-deflate, RFC 7692

test('compression is negotiated without context takeover, and a large state comes compressed', async (t) => {
  const code = groupCode();
  await observer(t, server, code);
  const connection = await rawWebSocket(t, port, path, {
    headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' },
  });
  const extension = /^sec-websocket-extensions: (.*?)\r?$/im.exec(connection.head)?.[1] ?? '';
  assert.match(extension, /^permessage-deflate(;|$)/);
  assert.match(extension, /client_no_context_takeover/);
  connection.write(frame(opcode.text, '40'));
  await until(() => connection.received.includes('40{"sid":"'), 'the namespace');
  connection.write(frame(opcode.text, `42["logon",${JSON.stringify(JSON.stringify({ groupCode: code }))}]`));
  const compressed = await until(() => connection.frames().find((entry) => entry.rsv === 4), 'a compressed frame');
  assert.ok(compressed.payload.length > 0);
});

test('an unmodified client with compression reads every state', async (t) => {
  const code = groupCode();
  const sender = await observer(t, server, code);
  const socket = new WebSocket(`${urlOf(server, 'output').replace('http', 'ws')}${path}`, {
    perMessageDeflate: { threshold: 0 },
  });
  t.after(() => socket.terminate());
  const texts = [];
  socket.on('message', (data) => texts.push(data.toString()));
  await within(new Promise((done) => socket.on('open', done)), 'the connection');
  assert.match(socket.extensions, /permessage-deflate/);
  socket.send('40');
  await until(() => texts.some((text) => text.startsWith('40')), 'the namespace');
  socket.send(`42["logon",${JSON.stringify(JSON.stringify({ groupCode: code }))}]`);
  for (const [internal, name] of [
    ['Jam', 'Lotus'],
    ['Triad', 'Haven'],
    ['Port', 'Icebox'],
  ]) {
    sender.send('map', internal);
    await until(
      () => texts.some((text) => text.startsWith('42["match_data"') && text.includes(`\\"map\\":\\"${name}\\"`)),
      name,
    );
  }
});

test('a message that inflates beyond the limit is refused', async (t) => {
  const connection = await rawWebSocket(t, port, path, {
    headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' },
  });
  const bomb = deflateRawSync(Buffer.alloc(50_000_000, 0x34), { finishFlush: 2 }).subarray(0, -4);
  assert.ok(bomb.length < 100_000);
  connection.write(frame(opcode.text, bomb, { rsv: 4 }));
  await within(connection.closed, 'the server to close');
  assert.equal(connection.closeCode(), 1009);
});

test('compressed rubbish is refused', async (t) => {
  const connection = await rawWebSocket(t, port, path, {
    headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' },
  });
  connection.write(frame(opcode.text, Buffer.alloc(64, 0xff), { rsv: 4 }));
  await within(connection.closed, 'the server to close');
  assert.ok([1002, 1007].includes(connection.closeCode()), `${connection.closeCode()}`);
});
