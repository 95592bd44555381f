// TLS: modes of the ports, certificates made and given, reloading, and what a handshake offers.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import tls from 'node:tls';

import { connect } from '../support/client.mjs';
import { rawConnection, request } from '../support/http.mjs';
import { groupCode, observer, viewer } from '../support/match.mjs';
import { Server, startServer, stopServer, temporaryDirectory } from '../support/server.mjs';
import { until, within } from '../support/wait.mjs';

const server = await startServer({ insecure: false });
after(() => stopServer(server));

// Makes a certificate and its key; says where.
function makeCertificate(directory, name, curve = 'prime256v1') {
  const pair = { certificate: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      `ec_paramgen_curve:${curve}`,
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      pair.key,
      '-out',
      pair.certificate,
    ],
    { stdio: 'ignore' },
  );
  return pair;
}

// Connects with TLS and says what was agreed on.
async function handshake(t, target, port = 'output', options = {}) {
  const socket = tls.connect({ host: '127.0.0.1', port: target.ports[port], rejectUnauthorized: false, ...options });
  t.after(() => socket.destroy());
  await within(new Promise((done, fail) => socket.once('secureConnect', done).once('error', fail)), 'the handshake');
  return socket;
}

const fingerprint = async (t, target) => (await handshake(t, target)).getPeerCertificate().fingerprint256;

const status = (target, port, secure) =>
  request(target, port, port === 'extras' ? '/status' : '/socket.io/?EIO=4&transport=polling', { secure });

test('a port takes TLS and plain connections alike', async () => {
  for (const port of ['ingest', 'output', 'extras']) {
    for (const secure of [false, true])
      assert.equal((await status(server, port, secure)).status, 200, `${port} ${secure}`);
  }
});

for (const port of ['ingest', 'output', 'extras']) {
  test(`--${port}-tls required and off`, async (t) => {
    const required = await startServer({ t, insecure: false, args: [`--${port}-tls`, 'required'] });
    assert.equal((await status(required, port, true)).status, 200);
    await assert.rejects(status(required, port, false));
    const off = await startServer({ t, insecure: false, args: [`--${port}-tls`, 'off'] });
    assert.equal((await status(off, port, false)).status, 200);
    await assert.rejects(status(off, port, true));
    // The other ports are as they were.
    const other = port === 'extras' ? 'output' : 'extras';
    for (const secure of [false, true]) {
      assert.equal((await status(required, other, secure)).status, 200);
      assert.equal((await status(off, other, secure)).status, 200);
    }
  });
}

test('--insecure is plain only and makes no certificate', async (t) => {
  const plain = await startServer({ t });
  for (const port of ['ingest', 'output', 'extras']) {
    assert.equal((await status(plain, port, false)).status, 200);
    await assert.rejects(status(plain, port, true));
  }
  assert.ok(readdirSync(plain.dataDir).every((name) => !/pem|crt|key/.test(name)));
});

test('a certificate is made on first start, for its owner only, and kept', async (t) => {
  const first = await startServer({ insecure: false });
  const print = await fingerprint(t, first);
  const secret = readdirSync(first.dataDir).filter((name) => /key/.test(name));
  assert.equal(secret.length, 1);
  assert.equal(statSync(join(first.dataDir, secret[0])).mode & 0o777, 0o600);
  await stopServer(first);
  const second = await startServer({ t, insecure: false, dataDir: first.dataDir });
  assert.equal(await fingerprint(t, second), print);
  const socket = await handshake(t, second);
  const certificate = socket.getPeerCertificate();
  assert.match(certificate.subjectaltname ?? '', /DNS:localhost/);
  assert.ok(Date.parse(certificate.valid_from) <= Date.now());
  assert.ok(Date.parse(certificate.valid_to) > Date.now() + 365 * 86_400_000);
});

test('certificate and key are given by SERVER_CERT and SERVER_KEY, and read again on SIGHUP', async (t) => {
  const directory = temporaryDirectory();
  const pair = makeCertificate(directory, 'first');
  const given = await startServer({ t, insecure: false, env: { SERVER_CERT: pair.certificate, SERVER_KEY: pair.key } });
  const old = await handshake(t, given, 'extras');
  assert.equal(old.getPeerCertificate().subject.CN, 'first');

  const player = await observer(t, given, groupCode(), { tls: true, transport: 'websocket' });
  const second = makeCertificate(directory, 'second');
  execFileSync('cp', [second.certificate, pair.certificate]);
  execFileSync('cp', [second.key, pair.key]);
  given.signal('SIGHUP');
  await until(
    async () => (await handshake(t, given)).getPeerCertificate().subject.CN === 'second',
    'the new certificate',
  );

  // A broken file is refused, with a line that says so, and the pair that worked stays.
  const said = given.output.length;
  writeFileSync(pair.certificate, 'no certificate');
  given.signal('SIGHUP');
  await until(() => given.output.length > said, 'a line in the log');
  assert.equal((await handshake(t, given)).getPeerCertificate().subject.CN, 'second');

  // Connections from before go on.
  old.write('GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  const answer = await within(new Promise((done) => old.once('data', done)), 'the answer');
  assert.match(answer.toString(), /^HTTP\/1\.1 200 /);
  assert.equal(player.disconnects.length, 0);
});

for (const [what, files] of [
  [
    'that do not belong together',
    (directory) => ({
      certificate: makeCertificate(directory, 'a').certificate,
      key: makeCertificate(directory, 'b').key,
    }),
  ],
  ['that are not there', (directory) => ({ certificate: join(directory, 'no.crt'), key: join(directory, 'no.key') })],
  [
    'that are no PEM',
    (directory) => {
      writeFileSync(join(directory, 'x'), 'rubbish');
      return { certificate: join(directory, 'x'), key: join(directory, 'x') };
    },
  ],
]) {
  test(`certificate and key ${what} end the start with a clear message`, async (t) => {
    const cwd = temporaryDirectory();
    const { certificate, key } = files(cwd);
    const program = new Server({ cwd, args: ['--cert', certificate, '--key', key] });
    t.after(() => program.stop('SIGKILL'));
    const { code } = await within(program.ended, 'the program to end');
    assert.notEqual(code, 0);
    assert.match(program.output, /certificate|key/i);
  });
}

test('a self-made certificate that is broken does not stop the start: it is made anew', async (t) => {
  const cwd = temporaryDirectory();
  const first = await startServer({ insecure: false, cwd });
  const before = await fingerprint(t, first);
  await stopServer(first);
  writeFileSync(join(first.dataDir, 'self-signed.crt'), '');
  const second = await startServer({ t, insecure: false, cwd });
  assert.match(second.output, /warning .*made anew.*self-signed\.crt/);
  assert.notEqual(await fingerprint(t, second), before);
});

test('a handshake that the server gives up is not laid on the peer', async (t) => {
  const quick = await startServer({ t, insecure: false, args: ['--header-timeout', '200', '--first-byte-timeout', '200'] });
  const slow = await rawConnection(t, quick.ports.output);
  slow.write(Buffer.from([0x16, 3, 1]));
  await within(slow.closed, 'the server to close');
  await quick.said(/TLS with 127\.0\.0\.1 failed: closed by this server/);
  assert.doesNotMatch(quick.output, /peer closed/);
});

test('TLS 1.2 is spoken, older versions are not, and HTTP/1.1 is agreed on', async (t) => {
  const socket = await handshake(t, server, 'output', { maxVersion: 'TLSv1.2', ALPNProtocols: ['h2', 'http/1.1'] });
  assert.equal(socket.getProtocol(), 'TLSv1.2');
  assert.equal(socket.alpnProtocol, 'http/1.1');
  await assert.rejects(
    handshake(t, server, 'output', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
  );
  const plain = await handshake(t, server);
  assert.equal(plain.alpnProtocol, false);
});

test('a session is resumed', async (t) => {
  const first = await handshake(t, server, 'extras', { maxVersion: 'TLSv1.2' });
  first.write('GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await within(new Promise((done) => first.once('data', done)), 'the answer');
  const session = first.getSession();
  first.end();
  const second = await handshake(t, server, 'extras', { maxVersion: 'TLSv1.2', session });
  assert.equal(second.isSessionReused(), true);
});

test('broken handshakes are dropped and disturb nobody', async (t) => {
  const code = groupCode();
  const player = await observer(t, server, code, { tls: true });
  const overlay = await viewer(t, server, code, { tls: true });
  const rubbish = [
    Buffer.from([0x16]),
    Buffer.concat([Buffer.from([0x16, 3, 1, 0xff, 0xff]), Buffer.alloc(2000, 0xff)]),
    Buffer.concat([Buffer.from([0x16, 3, 1, 0, 5]), Buffer.from('hello')]),
    Buffer.from([0x16, 0x16, 0x16, 0x16, 0x16, 0x16]),
  ];
  for (const bytes of rubbish) {
    const connection = await rawConnection(t, server.ports.output);
    connection.write(bytes);
    if (bytes.length === 1) connection.socket.end();
    await until(() => connection.ended || connection.received.length > 0 || bytes.length < 16, 'the server to drop it');
    connection.destroy();
  }
  // A handshake that is cut in its middle.
  const half = await rawConnection(t, server.ports.output);
  const capture = await rawConnection(t, server.ports.output);
  capture.destroy();
  half.write(Buffer.from([0x16, 3, 1, 1, 0, 1, 0, 0, 0xfc, 3, 3]));
  half.socket.resetAndDestroy();
  player.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
});

test('many clients handshake at once', async (t) => {
  const code = groupCode();
  const player = await observer(t, server, code, { tls: true });
  const viewers = await Promise.all(
    Array.from({ length: 60 }, () => connect(t, server, 'output', { tls: true, transport: 'websocket' })),
  );
  for (const one of viewers) one.emit('logon', { groupCode: code });
  player.send('map', 'Jam');
  await Promise.all(viewers.map((one) => one.state((state) => state.map === 'Lotus')));
});
