// What the operator learns of refusals: each cause has a line of its own with the address, and a counter.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';

import { connect } from '../support/client.mjs';
import { metrics, rawConnection, request } from '../support/http.mjs';
import { groupCode, leftTeam, observer, observerLogon } from '../support/match.mjs';
import { startServer, stopServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const server = await startServer({ keyless: false, args: ['--auth-key', 'right', '--allow-short-keys', '--max-connections-per-address', '50'] });
after(() => stopServer(server));

const polling = '/socket.io/?EIO=4&transport=polling';

test('refused logons: no cause hides another, and an invalid packet says what is wrong with it', async (t) => {
  const logons = [
    [{ key: 'wrong' }, /refused a logon from 127\.0\.0\.1: Invalid Key/],
    [{ key: 'right', leftTeam: { ...leftTeam, name: undefined } }, /\(a team lacks its name, tricode, url or attackStart\)/],
    [{ key: 'right', groupCode: 5 }, /\(groupCode is not 1 to 64 characters without control characters\)/],
    [{ key: 'right', clientVersion: '9.9.9' }, /: Client version 9\.9\.9 is not compatible/],
  ];
  const reasons = await Promise.all(
    logons.map(async ([changes]) => {
      const client = await connect(t, server, 'ingest', { transport: 'websocket' });
      client.emit('obs_logon', observerLogon(groupCode(), changes));
      return (await client.next('obs_logon_ack')).reason;
    }),
  );
  assert.deepEqual(reasons.slice(0, 3), ['Invalid Key', 'Invalid packet.', 'Invalid packet.']);
  for (const [, line] of logons) await server.said(line);
  assert.equal((await metrics(server)).get('matchbus_logons_refused_total'), logons.length);
});

test('a logon that is taken without a part says which', async (t) => {
  const picture = randomBytes(50_000).toString('base64');
  const parts = [
    [{ leftTeam: { ...leftTeam, url: picture.slice(0, 32_769) } }, /is taken without a part: a team's url is over 32 KiB/],
    [{ toolsData: { x: picture, y: 1 } }, /is taken without a part: toolsData takes over 64 KiB: as many of its members/],
    [{ toolsData: [] }, /is taken without a part: toolsData is no object/],
  ];
  for (const [changes, line] of parts) {
    await observer(t, server, groupCode(), { logon: { key: 'right', ...changes } });
    await server.said(line);
  }
});

test('a viewer without a usable group code is counted and logged, and may try again', async (t) => {
  const client = await connect(t, server, 'output', { transport: 'websocket' });
  client.emit('logon', { groupCode: '' });
  client.emit('logon', { groupCode: 'x'.repeat(300) });
  client.emit('logon', { groupCode: 'GOOD' });
  assert.equal((await client.next('logon_success')).groupCode, 'GOOD');
  await server.said(/ignored a logon without a usable group code from 127\.0\.0\.1/);
  assert.equal((await metrics(server)).get('matchbus_viewer_logons_refused_total'), 2);
});

test('refused requests name the address and the cause', async () => {
  for (const path of ['/socket.io/?EIO=3&transport=polling', `${polling}&sid=nobody`]) {
    assert.equal((await request(server, 'output', path)).status, 400);
  }
  await server.said(/a request of 127\.0\.0\.1 was refused: .*[Ss]ession/);
  await server.said(/a request of 127\.0\.0\.1 was refused: .*[Pp]rotocol/);
});

test('refused HTTP: one cause does not hide the other', async (t) => {
  for (const head of ['GET / HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n']) {
    const connection = await rawConnection(t, server.ports.extras);
    connection.write(head);
    await until(() => connection.received.includes('HTTP/1.1 400'), 'the refusal');
  }
  const lines = new Set(server.output.match(/http: refused a request from 127\.0\.0\.1: 400 .*/g));
  assert.equal(lines.size, 2, server.output);
});

test('a refused connection says which limit it was', async (t) => {
  for (const [option, line] of [
    ['--max-connections', /connection from 127\.0\.0\.1 refused: too many connections \(all together: 1\)/],
    ['--max-connections-per-address', /refused: too many connections of this address \(each: 1\)/],
  ]) {
    const small = await startServer({ t, args: [option, '1'] });
    await rawConnection(t, small.ports.output);
    await rawConnection(t, small.ports.output);
    await small.said(line);
  }
  assert.equal((await metrics(server)).get('matchbus_connections_refused_total{limit="files"}'), 0);
});

test('a session that joins no namespace is named', async (t) => {
  const quick = await startServer({ t, args: ['--connect-timeout', '100'] });
  assert.equal((await request(quick, 'output', polling)).status, 200);
  await quick.said(/a session of 127\.0\.0\.1 that joined no namespace was closed/);
});

test('a viewer for whom too much waits is counted and named', async (t) => {
  const small = await startServer({ t, args: ['--max-pending', '1000'] });
  const code = groupCode();
  await observer(t, small, code, { transport: 'websocket' });
  const { sid } = JSON.parse((await request(small, 'output', polling)).body.slice(1));
  const session = `${polling}&sid=${sid}`;
  await request(small, 'output', session, { method: 'POST', body: '40' });
  await request(small, 'output', session);
  // It fetches the answer to its logon, but not the state behind it.
  const poll = request(small, 'output', session);
  const logon = `42${JSON.stringify(['logon', JSON.stringify({ groupCode: code })])}`;
  await request(small, 'output', session, { method: 'POST', body: logon });
  assert.match((await poll).body, /logon_success/);
  await small.said(/a session was closed: 127\.0\.0\.1 does not take what is sent/);
  assert.equal((await metrics(small)).get('matchbus_output_overflows_total'), 1);
});
