// Limits: connections, sizes, and time. Each has an option, a clear refusal, and no effect on anybody else.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { connect } from '../support/client.mjs';
import { answerTo, exchange, metrics, rawConnection, request } from '../support/http.mjs';
import { groupCode, observer, viewer } from '../support/match.mjs';
import { startServer, stopServer } from '../support/server.mjs';
import { until, within } from '../support/wait.mjs';

// Times are short so that they can be seen to pass; 0 turns off the ones that a test is not about.
const server = await startServer({ args: ['--max-header', '4096', '--max-message', '20000'] });
after(() => stopServer(server));

const statusRequest = 'GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n';

// Whether the server serves a new connection. Not at the extras port, where one too many takes the place of another.
const anyRequest = 'GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n\r\n';
async function isServed(t, target) {
  const connection = await rawConnection(t, target.ports.ingest).catch(() => null);
  if (connection === null) return false;
  connection.write(anyRequest);
  await until(() => connection.ended || connection.received.includes('\r\n\r\n'), 'an answer or a close');
  const served = connection.received.includes('HTTP/1.1 200');
  return served ? connection : false;
}

for (const option of ['--max-connections', '--max-connections-per-address']) {
  test(`${option} refuses what is too much, and serves again when one has gone`, async (t) => {
    const small = await startServer({ t, args: [option, '3'] });
    const look = await rawConnection(t, small.ports.extras);
    const held = [];
    for (let i = 0; i < 2; ++i) held.push(await isServed(t, small));
    assert.ok(held.every((connection) => connection));
    for (let i = 0; i < 5; ++i) assert.equal(await isServed(t, small), false);
    // Those inside are served on.
    held[1].received = Buffer.alloc(0);
    held[1].write(anyRequest);
    await until(() => held[1].received.includes('HTTP/1.1 200'), 'the answer');
    held[0].destroy();
    await until(() => isServed(t, small), 'a free place');
    look.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => /_refused\S* [5-9]/.test(look.received.toString()), 'the refusals in the metrics');
  });
}

test('the limit of connections counts all ports together', async (t) => {
  const small = await startServer({ t, args: ['--max-connections', '2'] });
  await rawConnection(t, small.ports.extras);
  const second = await rawConnection(t, small.ports.output);
  await until(async () => (await isServed(t, small)) === false, 'a refusal');
  second.destroy();
  await until(() => isServed(t, small), 'a free place');
});

test('per-address limits count each address for itself', async (t) => {
  const small = await startServer({ t, args: ['--max-connections-per-address', '1'] });
  assert.ok(await isServed(t, small));
  assert.equal(await isServed(t, small), false);
  const other = await rawConnection(t, small.ports.ingest, { localAddress: '127.0.0.2' });
  other.write(anyRequest);
  await until(() => other.received.includes('HTTP/1.1 200'), 'the answer');
});

test('a head that is too long is answered 431', async (t) => {
  for (const port of ['ingest', 'output', 'extras']) {
    const said = await answerTo(
      t,
      server.ports[port],
      `GET /status HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(5000)}\r\n\r\n`,
    );
    assert.match(said, /^HTTP\/1\.1 431 /);
    const url = await answerTo(t, server.ports[port], `GET /${'x'.repeat(5000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    assert.match(url, /^HTTP\/1\.1 (414|431) /);
  }
});

test('a body that is too long is answered 413, announced or chunked', async (t) => {
  const open = await request(server, 'output', '/socket.io/?EIO=4&transport=polling');
  const { sid } = JSON.parse(open.body.slice(1));
  const path = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
  const announced = await answerTo(
    t,
    server.ports.output,
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20001\r\n\r\n`,
  );
  assert.match(announced, /^HTTP\/1\.1 413 /);
  const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`;
  const chunked = await answerTo(
    t,
    server.ports.output,
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(6)}`,
  );
  assert.match(chunked, /^HTTP\/1\.1 413 /);
});

test('a message that is too long ends its client alone', async (t) => {
  const code = groupCode();
  const player = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  for (const transport of ['websocket', 'polling']) {
    const client = await connect(t, server, 'ingest', { transport });
    client.socket.emit('obs_logon', 'x'.repeat(30_000));
    await client.disconnected();
  }
  player.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
});

const times = [
  ['--first-byte-timeout', 'nothing is said', async () => {}],
  ['--header-timeout', 'a head does not end', async (connection) => connection.write('GET /status HTTP/1.1\r\nHost')],
  [
    '--body-timeout',
    'a body does not come',
    async (connection) => connection.write('PUT /createPreview HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab'),
  ],
  ['--idle-timeout', 'nothing follows an answer', async (connection) => connection.write(statusRequest)],
];
for (const [option, what, begin] of times) {
  test(`${option}: a connection is closed when ${what}`, async (t) => {
    const quick = await startServer({ t, args: [option, '300'] });
    const connection = await rawConnection(t, quick.ports.extras);
    const begun = performance.now();
    await begin(connection);
    await within(connection.closed, 'the server to close');
    assert.ok(performance.now() - begun >= 250, 'not before its time');
  });
}

test('a head that drips in is cut off in time', async (t) => {
  const quick = await startServer({ t, args: ['--header-timeout', '400'] });
  const connection = await rawConnection(t, quick.ports.output);
  connection.write('GET / HTTP/1.1\r\n');
  const drip = setInterval(() => connection.write('X: y\r\n'), 50);
  t.after(() => clearInterval(drip));
  await within(connection.closed, 'the server to close');
});

test('a Socket.IO client that joins no namespace is closed', async (t) => {
  const quick = await startServer({ t, args: ['--connect-timeout', '300'] });
  const said = await exchange(
    t,
    quick.ports.output,
    [
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
      'Host: x',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
      '',
      '',
    ].join('\r\n'),
  );
  assert.match(said, /^HTTP\/1\.1 101 /);
});

test('a client that answers no heartbeat is closed', async (t) => {
  const quick = await startServer({ t, args: ['--ping-interval', '200', '--ping-timeout', '200'] });
  const code = groupCode();
  await observer(t, quick, code);
  const overlay = await viewer(t, quick, code, { transport: 'websocket' });
  // It hears nothing and says nothing from now on.
  overlay.socket.io.engine.transport.ws._socket.pause();
  overlay.socket.io.engine.transport.ws.send = () => {};
  await until(
    async () => [...(await metrics(quick))].some(([name, value]) => /ping_timeouts/.test(name) && value >= 1),
    'the timeout',
  );
});

test('--max-matches refuses one more, and serves those that are', async (t) => {
  const small = await startServer({ t, args: ['--max-matches', '2'] });
  const players = [await observer(t, small, groupCode()), await observer(t, small, groupCode())];
  await assert.rejects(observer(t, small, groupCode()), /logon refused/);
  players[0].send('round_info', { roundPhase: 'game_end', roundNumber: 1 });
  await until(
    () =>
      observer(t, small, groupCode()).then(
        () => true,
        () => false,
      ),
    'a free place',
    30_000,
  );
});

test('a limit of 0 is no limit', async (t) => {
  const open = await startServer({
    t,
    args: ['--max-connections', '0', '--max-connections-per-address', '0', '--max-matches', '0', '--idle-timeout', '0'],
  });
  await Promise.all(Array.from({ length: 20 }, () => observer(t, open, groupCode())));
});
