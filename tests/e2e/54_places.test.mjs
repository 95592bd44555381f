// Places for connections: a flood at one port leaves the others theirs, and leaves journals the descriptors they need.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { metrics, RawConnection, rawConnection } from '../support/http.mjs';
import { journalFiles, readJournal } from '../support/journal.mjs';
import { groupCode, observer, rosterEntry, viewer } from '../support/match.mjs';
import { Server, startServer } from '../support/server.mjs';
import { until, within } from '../support/wait.mjs';

const few = ['prlimit', '--nofile=200', '--'];

// Connections that are all there at once, as far as they are let in.
async function flood(t, server, port, count, say) {
  const connections = Array.from({ length: count }, () => new RawConnection(server.ports[port]));
  t.after(() => connections.forEach((connection) => connection.destroy()));
  await Promise.all(connections.map(({ ready }) => ready.catch(() => {})));
  if (say) connections.forEach((connection) => connection.write(say));
  const refused = () => connections.filter(({ ended }) => ended).length;
  return { connections, refused };
}

const figure = async (server, name) => (await metrics(server)).get(name);

test('viewers cannot lock out observers and the operator, nor keep matches from being recorded', async (t) => {
  const server = await startServer({ t, under: few });
  const [, most] = await server.said(/at most (\d+) connections: of 200 file descriptors/);
  const { refused } = await flood(t, server, 'output', 300);
  await until(() => refused() >= 300 - Number(most), 'the port to be full');
  const codes = Array.from({ length: 8 }, groupCode);
  for (const code of codes) {
    const sender = await observer(t, server, code, { transport: 'websocket' });
    sender.send('roster', rosterEntry(0, 1));
  }
  await until(() => journalFiles(server, '.live').length === codes.length, 'all journals');
  for (const code of codes) await until(() => readJournal(server, code).length >= 2, 'its event');
  const figures = await metrics(server);
  assert.equal(figures.get('matchbus_connections_limit'), Number(most));
  assert.equal(figures.get('matchbus_port_connections{port="ingest"}'), 8);
  assert.ok(figures.get('matchbus_port_connections{port="output"}') < Number(most));
  assert.ok(figures.get('matchbus_port_connections_refused_total{port="output"}') > 100);
  assert.equal(figures.get('matchbus_port_connections_refused_total{port="ingest"}'), 0);
  assert.equal(figures.get('matchbus_connections_refused_total{limit="files"}'), 0);
  assert.equal(figures.get('matchbus_journal_failed_total'), 0);
  assert.equal(figures.get('matchbus_journal_degraded'), 0);
});

test('a flood at the ingest port keeps no viewer out', async (t) => {
  const server = await startServer({ t, args: ['--max-connections', '80'] });
  const code = groupCode();
  await observer(t, server, code, { transport: 'websocket' });
  const { refused } = await flood(t, server, 'ingest', 100);
  await until(() => refused() >= 30, 'the port to be full');
  for (let i = 0; i < 5; ++i) await viewer(t, server, code, { transport: 'websocket' });
  assert.equal(await figure(server, 'matchbus_port_connections_refused_total{port="output"}'), 0);
});

for (const [what, say] of [
  ['say nothing', ''],
  ['had their answers', 'GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['send half a request', 'GET /status HTTP/1.1\r\nHo'],
  ['send half a body', 'PUT /createPreview HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{'],
]) {
  test(`/metrics answers however many connections are at its port that ${what}`, async (t) => {
    const server = await startServer({ t, args: ['--max-connections', '60', '--drain-timeout', '100'] });
    const { connections } = await flood(t, server, 'extras', 100, say);
    await until(async () => (await figure(server, 'matchbus_port_connections_displaced_total{port="extras"}')) >= 40, 'the port to be full');
    assert.equal(await figure(server, 'matchbus_port_connections_refused_total{port="extras"}'), 0);
    // The newest are still there.
    assert.equal(connections.at(-1).ended, false);
  });
}

test('who fills the extras port does so at the cost of its own connections', async (t) => {
  const server = await startServer({ t, args: ['--max-connections', '60'] });
  const other = await rawConnection(t, server.ports.extras, { localAddress: '127.0.0.2' });
  await flood(t, server, 'extras', 200);
  await until(async () => (await figure(server, 'matchbus_port_connections_displaced_total{port="extras"}')) >= 100, 'the port to be full');
  other.write('GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(() => other.received.includes('HTTP/1.1 200'), 'an answer');
});

test('a server that could serve nobody does not start', async (t) => {
  const server = new Server({ args: ['--insecure'], under: ['prlimit', '--nofile=50', '--'] });
  t.after(() => server.stop('SIGKILL'));
  const { code } = await within(server.ended, 'its end');
  assert.equal(code, 1);
  assert.match(server.output, /50 file descriptors leave none for connections \(see ulimit -n\)/);
});
