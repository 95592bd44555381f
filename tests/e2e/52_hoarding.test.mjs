// What a client can make the server keep: sessions, half-sent messages, answers it does not read. All of it is bounded,
// and none of it stands in others' way.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import zlib from 'node:zlib';

import { frame, opcode, rawWebSocket } from '../support/frames.mjs';
import { metrics, rawConnection, request } from '../support/http.mjs';
import { groupCode, observer, viewer } from '../support/match.mjs';
import { startServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const handshake = '/socket.io/?EIO=4&transport=polling';
const webSocket = '/socket.io/?EIO=4&transport=websocket';
const count = (text, part) => text.split(part).length - 1;

async function metric(server, name) {
  return (await metrics(server)).get(name);
}

test('4,000 pipelined requests get 4,000 answers', async (t) => {
  const server = await startServer({ t });
  const connection = await rawConnection(t, server.ports.extras);
  connection.write('GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(4000));
  await until(() => count(connection.received.toString('latin1'), 'HTTP/1.1 200') === 4000, 'all answers', 30_000);
});

for (const port of ['ingest', 'output']) {
  test(`one connection opens only so many polling sessions that it does not poll (${port})`, async (t) => {
    const server = await startServer({ t, args: ['--max-unpolled', '50'] });
    const connection = await rawConnection(t, server.ports[port]);
    connection.write(`GET ${handshake} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(200));
    const said = () => connection.received.toString('latin1');
    await until(() => count(said(), 'HTTP/1.1') === 200, 'all answers');
    assert.equal(count(said(), 'HTTP/1.1 200'), 50);
    assert.equal(count(said(), 'HTTP/1.1 503'), 150);
    assert.match(said(), /Too many sessions/);
    assert.equal(await metric(server, `matchbus_${port}_sessions_refused_total{limit="unpolled"}`), 150);
    // A WebSocket is bounded as a connection, and another address has its own bound.
    await rawWebSocket(t, server.ports[port], webSocket);
    const other = await rawConnection(t, server.ports[port], { localAddress: '127.0.0.2' });
    other.write(`GET ${handshake} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await until(() => other.received.includes('HTTP/1.1 200'), 'its session');
  });
}

test('sessions that are polled do not count as unpolled', async (t) => {
  const server = await startServer({ t, args: ['--max-unpolled', '2'] });
  for (let i = 0; i < 6; ++i) {
    const open = await request(server, 'output', handshake);
    assert.equal(open.status, 200, open.body);
    const { sid } = JSON.parse(open.body.slice(1));
    const poll = await rawConnection(t, server.ports.output);
    poll.write(`GET ${handshake}&sid=${sid} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await until(async () => (await metric(server, 'matchbus_output_sessions_unpolled')) === 0, 'its poll');
  }
});

test('--max-sessions bounds the sessions of a port, on either transport', async (t) => {
  const server = await startServer({ t, args: ['--max-sessions', '2'] });
  await rawWebSocket(t, server.ports.output, webSocket);
  assert.equal((await request(server, 'output', handshake)).status, 200);
  const refused = await request(server, 'output', handshake);
  assert.equal(refused.status, 503);
  assert.equal(refused.body, 'Too many sessions');
  assert.equal((await request(server, 'ingest', handshake)).status, 200);
  assert.equal(await metric(server, 'matchbus_output_sessions_refused_total{limit="total"}'), 1);
});

test('compressed messages of many that are never finished keep nobody out', async (t) => {
  const server = await startServer({ t });
  const offer = { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } };
  const half = frame(opcode.text, zlib.deflateRawSync('40').subarray(0, 1), { fin: false, rsv: 4 });
  const hoarders = 1_100;
  const open = () => rawWebSocket(t, server.ports.output, webSocket, offer);
  for (const socket of await Promise.all(Array.from({ length: hoarders }, open))) socket.write(half);
  await until(async () => (await metric(server, 'matchbus_unfinished_messages')) === hoarders, 'all halves');
  const code = groupCode();
  await observer(t, server, code);
  await viewer(t, server, code);
  const socket = await rawWebSocket(t, server.ports.ingest, webSocket, offer);
  const packed = zlib.deflateRawSync('40', { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, -4);
  socket.write(frame(opcode.text, packed, { rsv: 4 }));
  await until(() => socket.frames().some((entry) => entry.payload.toString().startsWith('40{')), 'the welcome');
});

test('--message-timeout ends messages and packets that stay unfinished', async (t) => {
  const server = await startServer({ t, args: ['--message-timeout', '200'] });
  const half = await rawWebSocket(t, server.ports.ingest, webSocket);
  half.write(frame(opcode.text, '40', { fin: false }));
  await until(() => half.closeCode() === 1008 && half.ended, 'the close');
  const packet = await rawWebSocket(t, server.ports.ingest, webSocket);
  packet.write(frame(opcode.text, '40'));
  packet.write(frame(opcode.text, '451-["x",{"_placeholder":true,"num":0}]'));
  await until(() => packet.closeCode() !== undefined, 'the close');
  assert.equal(await metric(server, 'matchbus_unfinished_dropped_total{limit="time"}'), 2);
  assert.equal(await metric(server, 'matchbus_unfinished_bytes'), 0);
});

test('--max-unfinished gives up the oldest', async (t) => {
  const server = await startServer({ t, args: ['--max-unfinished', '100000'] });
  const part = frame(opcode.text, 'x'.repeat(60_000), { fin: false });
  const first = await rawWebSocket(t, server.ports.ingest, webSocket);
  first.write(part);
  await until(async () => (await metric(server, 'matchbus_unfinished_bytes')) > 60_000, 'the first');
  const second = await rawWebSocket(t, server.ports.ingest, webSocket);
  second.write(part);
  await until(() => first.closeCode() === 1013, 'the close');
  assert.equal(second.closeCode(), undefined);
});

test('an overlay sends one attachment at most and nothing large', async (t) => {
  const server = await startServer({ t });
  const open = await request(server, 'output', handshake);
  assert.equal(JSON.parse(open.body.slice(1)).maxPayload, 65_536);
  const large = await rawWebSocket(t, server.ports.output, webSocket);
  large.write(frame(opcode.text, '', { length: 70_000 }));
  await until(() => large.closeCode() === 1009, 'the close by the header');
  const binary = await rawWebSocket(t, server.ports.output, webSocket);
  binary.write(frame(opcode.text, '40'));
  binary.write(frame(opcode.text, '452-["logon",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'));
  await until(() => binary.closeCode() !== undefined, 'the close');
});

test('0 is no limit for messages and for what waits', async (t) => {
  const server = await startServer({ t, args: ['--max-message', '0', '--max-logon', '0', '--max-pending', '0', '--max-header', '0'] });
  const open = await request(server, 'ingest', handshake);
  const { sid, maxPayload } = JSON.parse(open.body.slice(1));
  assert.equal(maxPayload, 2 ** 31 - 1);
  const join = await request(server, 'ingest', `${handshake}&sid=${sid}`, { method: 'POST', body: '40' });
  assert.equal(join.status, 200);
  const large = `42["${'x'.repeat(2_000_000)}"]`;
  const sent = await request(server, 'ingest', `${handshake}&sid=${sid}`, { method: 'POST', body: large });
  assert.equal(sent.status, 200);
  const code = groupCode();
  await observer(t, server, code, { transport: 'polling' });
  await viewer(t, server, code, { transport: 'polling' });
});

test('a POST of very many packets ends its session', async (t) => {
  const server = await startServer({ t });
  const { sid } = JSON.parse((await request(server, 'ingest', handshake)).body.slice(1));
  const body = Array(20_000).fill('6').join('\x1e');
  const answer = await request(server, 'ingest', `${handshake}&sid=${sid}`, { method: 'POST', body });
  assert.equal(answer.status, 400);
});

test('a POST that fails in its body does not end its session', async (t) => {
  const server = await startServer({ t, args: ['--max-message', '1000'] });
  const { sid } = JSON.parse((await request(server, 'ingest', handshake)).body.slice(1));
  const path = `${handshake}&sid=${sid}`;
  const chunked = await rawConnection(t, server.ports.ingest);
  chunked.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n`);
  await until(() => chunked.received.includes('HTTP/1.1 413'), 'the refusal');
  const next = await request(server, 'ingest', path, { method: 'POST', body: '40' });
  assert.equal(next.status, 200, next.body);
  const poll = await request(server, 'ingest', path);
  assert.match(poll.body, /^40\{/);
});
