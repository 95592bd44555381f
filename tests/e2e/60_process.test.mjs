// The program as an operator sees it: options, environment, files, signals, exit codes.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { busEnv } from '../support/bus.mjs';
import { connect } from '../support/client.mjs';
import { getJson, rawConnection, request } from '../support/http.mjs';
import { groupCode, observer, observerLogon, viewer } from '../support/match.mjs';
import { Program, Server, startServer, stopServer, temporaryDirectory } from '../support/server.mjs';
import { delay, until, within } from '../support/wait.mjs';

// Runs a program to its end.
async function run(name, args, options) {
  const program = new Program(name, args, options);
  const { code, signal } = await within(program.ended, `${name} to end`);
  return { code, signal, output: program.output, stdout: program.stdout };
}

// What a logon with `key` is answered.
async function logon(t, server, key) {
  const client = await connect(t, server, 'ingest', { transport: 'websocket' });
  client.emit('obs_logon', observerLogon(groupCode(), { key }));
  return (await client.next('obs_logon_ack')).value;
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`${signal} ends the server cleanly, clients and all`, async (t) => {
    const server = await startServer();
    const code = groupCode();
    const clients = [
      await observer(t, server, code, { transport: 'websocket' }),
      await viewer(t, server, code, { transport: 'websocket' }),
      await viewer(t, server, code, { transport: 'polling' }),
    ];
    await rawConnection(t, server.ports.extras);
    assert.deepEqual(await server.stop(signal), { code: 0, signal: null });
    for (const client of clients) await client.disconnected();
  });
}

// Signals at every moment of the end: each of the program's threads is there to take one, until the last has gone. Those of
// libuv's pool are there from the start when a host's name is looked up, else when the journal is first written.
for (const [what, env] of [
  ['', {}],
  [' and a pool from the start', { ...busEnv, DIRECTORY: 'redis', REDIS_URL: 'redis://localhost:1' }],
]) {
  test(`signals that come all the time during the end change nothing: a match${what}`, async (t) => {
    const server = await startServer({ env });
    const player = await observer(t, server, groupCode());
    player.send('map', 'Jam');
    await viewer(t, server, groupCode());
    while (server.result === undefined) {
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) server.signal(signal);
      await delay(1);
    }
    assert.deepEqual(server.result, { code: 0, signal: null });
  });
}

test('a second signal ends the wait for clients that do not go, and loses nothing', async (t) => {
  const patient = { '--drain-timeout': '600000' };
  const server = await startServer({ set: patient });
  const code = groupCode();
  const player = await observer(t, server, code, { transport: 'websocket' });
  const idler = await rawConnection(t, server.ports.extras, { allowHalfOpen: true });
  idler.write('GET /status HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => idler.received.length > 0, 'an answer');
  player.send('map', 'Jam');
  await (await viewer(t, server, code)).state((state) => state.map === 'Lotus');

  server.signal('SIGTERM');
  await player.disconnected();
  await until(() => idler.socket.readableEnded, 'the server to close its side');
  assert.equal(server.result, undefined, 'it waits for the other side');
  server.signal('SIGTERM');
  assert.deepEqual(await within(server.ended, 'the server to end'), { code: 0, signal: null });

  const next = await startServer({ t, dataDir: server.dataDir });
  await (await viewer(t, next, code)).state((state) => state.map === 'Lotus');
});

test('SIGHUP ends nothing', async (t) => {
  const server = await startServer({ t });
  const code = groupCode();
  const player = await observer(t, server, code);
  const overlay = await viewer(t, server, code);
  server.signal('SIGHUP');
  player.send('map', 'Jam');
  await overlay.state((state) => state.map === 'Lotus');
});

test('the ports in use are printed and written', async (t) => {
  const server = await startServer({ t });
  assert.deepEqual(Object.keys(server.ports).sort(), ['extras', 'ingest', 'output']);
  for (const port of Object.values(server.ports)) {
    assert.ok(port > 0);
    await server.said(new RegExp(`\\b${port}\\b`));
  }
  assert.deepEqual(await getJson(server, 'extras', '/status'), { status: 'UP', matchesRunning: 0 });
});

test('the file of ports is there while the server listens, and only then', async () => {
  const server = await startServer();
  assert.ok(existsSync(server.portsFile));
  await stopServer(server);
  assert.ok(!existsSync(server.portsFile), 'it is removed at the end');
});

test('an old file of ports is gone before a server that cannot listen says so', async (t) => {
  const holder = net.createServer().listen(0, '127.0.0.1');
  await new Promise((done) => holder.once('listening', done));
  t.after(() => holder.close());
  const old = join(temporaryDirectory(), 'ports');
  writeFileSync(old, '{"ingest":1,"output":2,"extras":3}\n');
  const server = new Server({
    args: ['--insecure'],
    set: { '--ports-file': old, '--output-port': String(holder.address().port) },
  });
  assert.notEqual((await within(server.ended, 'the server to end')).code, 0);
  assert.ok(!existsSync(old));
});

test('of an option given twice the last one wins', async (t) => {
  const server = await startServer({ t, args: ['--log-level', 'debug', '--log-level', 'info', '--journal', 'false'] });
  const other = join(temporaryDirectory(), 'elsewhere');
  const second = await startServer({ t, args: ['--data-dir', other] });
  assert.ok(existsSync(other) && !existsSync(second.dataDir));
  assert.deepEqual(await getJson(server, 'extras', '/status'), { status: 'UP', matchesRunning: 0 });
});

test('a port that is taken is named, and the start fails', async (t) => {
  const holder = net.createServer().listen(0, '127.0.0.1');
  await new Promise((done) => holder.once('listening', done));
  t.after(() => holder.close());
  const taken = String(holder.address().port);
  const server = new Server({ args: ['--insecure'], set: { '--output-port': taken } });
  const { code } = await within(server.ended, 'the server to end');
  const { output } = server;
  assert.notEqual(code, 0);
  assert.ok(output.includes(taken), output);
});

test('wrong options end with status 2, a reason and a hint', async () => {
  for (const [args, word] of [
    [['--no-such-option'], '--no-such-option'],
    [['--ingest-port', 'abc'], '--ingest-port'],
    [['--ingest-port', '70000'], '--ingest-port'],
    [['--ingest-tls', 'maybe'], '--ingest-tls'],
    [['--max-connections', '-1'], '--max-connections'],
    [['surplus'], 'surplus'],
  ]) {
    const { code, output, stdout } = await run('matchbus', ['--insecure', '--bind', '192.0.2.1', ...args]);
    assert.equal(code, 2, `${args}: ${output}`);
    assert.ok(output.includes(word), `${args}: ${output}`);
    assert.equal(stdout, '');
  }
});

test('--help and --version go to standard output', async () => {
  const help = await run('matchbus', ['--help']);
  assert.equal(help.code, 0);
  for (const name of [
    '--bind',
    '--ingest-port',
    '--output-port',
    '--extras-port',
    '--ports-file',
    '--insecure',
    '--max-connections',
    '--max-connections-per-address',
    '--data-dir',
    '--ingest-tls',
    '--output-tls',
    '--extras-tls',
    'SERVER_KEY',
    'SERVER_CERT',
    'INSECURE',
    'REQUIRE_AUTH_KEY',
    'AUTH_KEY',
  ])
    assert.ok(help.stdout.includes(name), name);
  const version = await run('matchbus', ['--version']);
  assert.equal(version.code, 0);
  assert.match(version.stdout, /^matchbus \d+\.\d+\.\d+\n$/);
});

test('names of existing installations are read from the environment', async (t) => {
  const server = await startServer({
    t,
    insecure: false,
    keyless: false,
    env: { INSECURE: 'true', REQUIRE_AUTH_KEY: 'true', AUTH_KEY: 'from-environment' },
  });
  assert.equal((await request(server, 'extras', '/status')).status, 200);
  await assert.rejects(request(server, 'extras', '/status', { secure: true }));
  assert.equal(await logon(t, server, 'from-environment'), true);
  assert.equal(await logon(t, server, 'other'), false);
});

test('REQUIRE_AUTH_KEY=false lets every key in', async (t) => {
  const server = await startServer({ t, keyless: false, env: { REQUIRE_AUTH_KEY: 'false' } });
  assert.equal(await logon(t, server, 'anything'), true);
  assert.equal(await logon(t, server, undefined), true);
});

test('an empty AUTH_KEY fits no key', async (t) => {
  const server = await startServer({ t, keyless: false, env: { REQUIRE_AUTH_KEY: 'true', AUTH_KEY: '' } });
  assert.equal(await logon(t, server, ''), false);
  assert.equal(await logon(t, server, undefined), false);
});

test('a .env file is read; the environment wins over it, and the command line over both', async (t) => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, '.env'), '# a comment\nexport INSECURE=true\nAUTH_KEY="from the whole file"\nREQUIRE_AUTH_KEY=true\n');
  // The flags that tests use otherwise are left out.
  const start = (options) =>
    startServer({ t, insecure: false, keyless: false, cwd, dataDir: temporaryDirectory(), ...options });
  const env = { AUTH_KEY: 'from environment' };
  const file = await start();
  await assert.rejects(request(file, 'extras', '/status', { secure: true }));
  assert.equal(await logon(t, file, 'from the whole file'), true);
  const environment = await start({ env });
  assert.equal(await logon(t, environment, 'from environment'), true);
  assert.equal(await logon(t, environment, 'from the whole file'), false);
  const flag = await start({ env, args: ['--auth-key', 'from the very flag'] });
  assert.equal(await logon(t, flag, 'from the very flag'), true);
  assert.equal(await logon(t, flag, 'from environment'), false);
});

test('files are kept in $STATE_DIRECTORY, else in ./matchbus-data', async () => {
  const cwd = temporaryDirectory();
  const state = join(cwd, 'state');
  mkdirSync(state);
  for (const [env, expected] of [
    [{ STATE_DIRECTORY: state }, state],
    [{}, join(cwd, 'matchbus-data')],
  ]) {
    const server = await startServer({ cwd, env, set: { '--data-dir': null } });
    assert.ok(existsSync(expected), `${expected}\n${server.output}`);
    await stopServer(server);
  }
});

test('a data directory that cannot be made ends the start with its name', async () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'file'), '');
  const { code, output } = await run(
    'matchbus',
    ['--insecure', '--bind', '127.0.0.1', '--data-dir', join(cwd, 'file', 'below')],
    { cwd },
  );
  assert.notEqual(code, 0);
  assert.ok(output.includes(join(cwd, 'file')), output);
});

test('all addresses are listened on by default', async (t) => {
  const program = await startServer({ t, set: { '--bind': null } });
  for (const host of ['127.0.0.1', ...(hasIpv6() ? ['::1'] : [])]) {
    for (const port of Object.values(program.ports)) {
      const socket = net.connect({ host, port });
      await within(new Promise((done, fail) => socket.once('connect', done).once('error', fail)), `${host}:${port}`);
      socket.destroy();
    }
  }
});

function hasIpv6() {
  try {
    return /^0{31}1 /m.test(readFileSync('/proc/net/if_inet6', 'utf8'));
  } catch {
    return false;
  }
}

test('a data directory that others can write to is refused', async (t) => {
  const cwd = temporaryDirectory();
  const dataDir = join(cwd, 'data');
  const journals = join(dataDir, 'journals');
  mkdirSync(journals, { recursive: true, mode: 0o700 });
  for (const [path, mode] of [
    [dataDir, 0o1777],
    [dataDir, 0o770],
    [journals, 0o777],
  ]) {
    chmodSync(path, mode);
    const server = new Server({ cwd, dataDir, args: ['--insecure'] });
    assert.deepEqual(await within(server.ended, 'the server to end'), { code: 1, signal: null });
    assert.match(server.output, new RegExp(`error others can write to '${path}'.*chmod go-w`));
    chmodSync(path, 0o700);
  }
  await startServer({ t, cwd, dataDir });
});

test('no file of the server is written through a link', async (t) => {
  const cwd = temporaryDirectory();
  const victim = join(cwd, 'victim');
  writeFileSync(victim, 'precious');
  const portsFile = join(cwd, 'ports.json');
  symlinkSync(victim, portsFile);
  symlinkSync(victim, `${portsFile}.new`);
  const server = new Server({ cwd, set: { '--ports-file': portsFile }, args: ['--insecure'] });
  t.after(() => stopServer(server));
  await until(() => existsSync(portsFile) && lstatSync(portsFile).isFile(), 'the ports');
  assert.ok(JSON.parse(readFileSync(portsFile, 'utf8')).ingest > 0);
  assert.equal(readFileSync(victim, 'utf8'), 'precious');
});

test('secrets given as arguments are warned of and cannot be seen', async (t) => {
  const server = await startServer({
    t,
    args: ['--auth-key', 's3cret-of-many-characters-one', '--bus-api-key=s3cret-of-many-characters-two', '--redis-url', 'redis://:s3cret-of-many-characters-three@127.0.0.1:1'],
  });
  const line = readFileSync(`/proc/${server.pid}/cmdline`, 'utf8');
  assert.match(line, /--auth-key/);
  assert.doesNotMatch(line, /s3cret/);
  for (const name of ['AUTH_KEY', 'BUS_API_KEY', 'REDIS_URL'])
    assert.match(server.output, new RegExp(`warning .*set ${name} in the environment`));
  assert.doesNotMatch(server.output, /s3cret/);
  assert.equal(await logon(t, server, 's3cret-of-many-characters-one'), true);
});
