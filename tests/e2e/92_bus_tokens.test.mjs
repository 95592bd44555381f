// Tokens as strangers make them, over the socket; keys as operators make them, with openssl; and their exchange.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac, createPrivateKey, sign } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { api, busEnv, es256, inSeconds, openPlayer, Player, player, publish, rs256, secret, token } from '../support/bus.mjs';
import { metrics } from '../support/http.mjs';
import { Server, startServer, stopServer, temporaryDirectory } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const directory = temporaryDirectory();
const path = (name) => join(directory, name);
const openssl = (...args) => execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
function makeKey(name, ...args) {
  openssl('genpkey', '-out', `${name}.key`, ...args);
  openssl('pkey', '-in', `${name}.key`, '-pubout', '-out', `${name}.pem`);
  return { file: path(`${name}.pem`), pem: readFileSync(path(`${name}.pem`), 'utf8'), key: createPrivateKey(readFileSync(path(`${name}.key`))) };
}
const rsa = makeKey('rsa', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048');
const otherRsa = makeKey('other-rsa', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048');
const ec = makeKey('ec', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256');
const otherEc = makeKey('other-ec', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256');

const server = await startServer({ env: { ...busEnv, JWT_AUDIENCE: 'bus', JWT_ISSUER: 'game' } });
after(() => stopServer(server));

const good = { sub: 'u', aud: 'bus', iss: 'game' };
const base64url = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const signed = (header, payload, key = secret) => {
  const text = `${base64url(header)}.${base64url(payload)}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
};
// The token with its signature's last bytes cut off, and others behind it.
const cut = (text, bytes, more = '') => {
  const [header, payload, signature] = text.split('.');
  const raw = Buffer.from(signature, 'base64url');
  return `${header}.${payload}.${Buffer.concat([raw.subarray(0, raw.length - bytes), Buffer.from(more)]).toString('base64url')}`;
};
const hs256 = { alg: 'HS256', typ: 'JWT' };

// What becomes of a token: "in", or the reason of the close, which must be 4401.
async function fate(text, { at = server, header = false, path: door } = {}) {
  const client = new Player(at, { ...(header ? { headers: { Authorization: `Bearer ${text}` } } : { query: { token: text } }), path: door });
  try {
    await until(() => client.closed || client.refused || client.messages.length, 'an answer');
    if (client.messages.length) return 'in';
    assert.equal(client.closed?.code, 4401, `${client.refused}`);
    return client.closed.reason;
  } finally {
    client.socket.terminate();
  }
}

const cases = {
  'bad signature': {
    'alg none': token(good, { header: { alg: 'none' } }),
    'alg none without a signature': `${token(good, { header: { alg: 'none' } }).split('.').slice(0, 2).join('.')}.`,
    'alg None': token(good, { header: { alg: 'None' } }),
    'alg hs256': token(good, { header: { alg: 'hs256' } }),
    'another secret': token(good, { key: `${secret}x` }),
    'no signature': `${token(good).split('.').slice(0, 2).join('.')}.`,
    'half a signature': cut(token(good), 16),
    'a longer signature': `${token(good)}AAAA`,
    'HS512 of the secret': (() => {
      const text = `${base64url({ alg: 'HS512' })}.${base64url({ ...good, exp: inSeconds(60) })}`;
      return `${text}.${createHmac('sha512', secret).update(text).digest('base64url')}`;
    })(),
    'another payload': (() => {
      const [header, , signature] = token(good).split('.');
      return `${header}.${base64url({ ...good, sub: 'king', exp: inSeconds(600) })}.${signature}`;
    })(),
    'an empty secret': token(good, { key: '' }),
    'a key of its own': token(good, { header: { jwk: { kty: 'oct', k: base64url('mine') } }, key: 'mine' }),
    'a key by its name': token(good, { header: { kid: '../../dev/null' }, key: '' }),
  },
  malformed: {
    'one part': 'x',
    'two parts': token(good).split('.').slice(0, 2).join('.'),
    'four parts': `${token(good)}.x`,
    'empty parts': '..',
    padding: `${token(good)}=`,
    'trailing space': `${token(good)} `,
    'a line break': `${token(good)}\n`,
    'standard base64': token(good).replace(/\.(.)/, '.+'),
    'no JSON': signed('x', good),
    'header is an array': signed([hs256], { ...good, exp: inSeconds(60) }),
    'payload is an array': signed(hs256, [{ ...good, exp: inSeconds(60) }]),
    'no alg': signed({ typ: 'JWT' }, { ...good, exp: inSeconds(60) }),
    crit: signed({ ...hs256, crit: ['exp'] }, { ...good, exp: inSeconds(60) }),
    'no exp': signed(hs256, good),
    'exp is a text': signed(hs256, { ...good, exp: `${inSeconds(60)}` }),
    'exp is null': signed(hs256, { ...good, exp: null }),
    'exp is true': signed(hs256, { ...good, exp: true }),
    'exp is infinite': signed(hs256, `{"sub":"u","aud":"bus","iss":"game","exp":1e999}`),
    'nbf is a text': signed(hs256, { ...good, exp: inSeconds(60), nbf: '0' }),
    'no sub': signed(hs256, { ...good, sub: undefined, exp: inSeconds(60) }),
    'sub is empty': signed(hs256, { ...good, sub: '', exp: inSeconds(60) }),
    'sub is a number': signed(hs256, { ...good, sub: 7, exp: inSeconds(60) }),
    'sub is too long': signed(hs256, { ...good, sub: 'x'.repeat(257), exp: inSeconds(60) }),
    'sub twice': signed(hs256, `{"sub":"u","sub":"king","aud":"bus","iss":"game","exp":${inSeconds(60)}}`),
    'exp twice': signed(hs256, `{"sub":"u","exp":1,"aud":"bus","iss":"game","exp":${inSeconds(60)}}`),
    'role twice, once escaped': signed(hs256, `{"sub":"u","role":"player","r\\u006fle":"admin","aud":"bus","iss":"game","exp":${inSeconds(60)}}`),
    'trailing garbage in the payload': signed(hs256, `{"sub":"u","aud":"bus","iss":"game","exp":${inSeconds(60)}}x`),
    'alg twice': signed('{"alg":"none","alg":"HS256"}', { ...good, exp: inSeconds(60) }),
  },
  expired: {
    'a second ago': token({ ...good, exp: inSeconds(-1) }),
    'in the year 0': token({ ...good, exp: 0 }),
  },
  'not yet valid': { 'in a minute': token({ ...good, nbf: inSeconds(60) }), 'in 3000 years': token({ ...good, nbf: 1e11 }) },
  'wrong audience': {
    'another audience': token({ ...good, aud: 'web' }),
    'none': token({ ...good, aud: undefined }),
    'a part of it': token({ ...good, aud: 'bu' }),
    'a list without it': token({ ...good, aud: ['web', 'BUS'] }),
    'another issuer': token({ ...good, iss: 'game ' }),
  },
};
for (const [reason, tokens] of Object.entries(cases)) {
  test(`4401 ${reason}`, async () => {
    const seen = {};
    for (const [name, text] of Object.entries(tokens)) seen[name] = await fate(text);
    assert.deepEqual(seen, Object.fromEntries(Object.keys(tokens).map((name) => [name, reason])));
  });
}

test('4401 token missing, at all doors and in both places', async () => {
  for (const door of ['/api/v1/ws', '/api/v1/ws/connect', '/api/v1/ws/admin']) {
    assert.deepEqual(await new Player(server, { path: door }).end(), { code: 4401, reason: 'token missing' });
    assert.deepEqual(await new Player(server, { path: door, headers: { Authorization: 'Bearer ' } }).end(), { code: 4401, reason: 'token missing' });
    assert.deepEqual(await new Player(server, { path: door, headers: { Authorization: 'Basic dTpw' } }).end(), { code: 4401, reason: 'token missing' });
  }
});

test('tokens that look odd but are good', async () => {
  for (const text of [
    token(good),
    token({ ...good, aud: ['web', 'bus'] }),
    token({ ...good, nbf: inSeconds(-1), iat: inSeconds(-1) }),
    token({ ...good, exp: 253_402_300_799 }),
    token({ ...good, exp: Date.now() / 1000 + 60.5 }),
    token(good, { header: { typ: undefined, kid: 'x' } }),
    token({ ...good, nested: { a: [1, { b: 2 }] } }),
  ]) {
    assert.equal(await fate(text), 'in');
    assert.equal(await fate(text, { header: true }), 'in');
  }
});

// Invariant 2: no room holds a socket that is not authenticated.
test('who is refused is in no room, and hears nothing', async (t) => {
  const inside = await player(t, server, { ...good, sector_id: 'inv2' });
  const outside = [token({ ...good, sub: 'x', sector_id: 'inv2' }, { key: 'wrong' }), token({ ...good, sub: 'y', sector_id: 'inv2', exp: 1 })].map(
    (text) => new Player(server, { query: { token: text } }),
  );
  // It speaks before it knows that it was refused.
  for (const client of outside) client.socket.on('open', () => client.send({ type: 'subscribe', topics: ['market:x'] }).send({ type: 'chat_message', target_type: 'sector', content: 'x' }));
  for (const client of outside) assert.equal((await client.end()).code, 4401);
  for (const room of ['global', 'sector:inv2', 'personal:x', 'personal:y']) {
    const { body } = await api(server, 'GET', `/presence?room=${room}`);
    assert.ok(body.users.every(({ user_id }) => user_id === 'u'), room);
  }
  assert.equal((await publish(server, { topic: 'market:x', message: { type: 'x' } })).body.receivers, 0);
  await inside.settled();
  assert.deepEqual(inside.types, ['connected', 'heartbeat_ack']);
  assert.deepEqual(outside.flatMap(({ messages }) => messages), []);
});

test('a token that expires while its player is in: 4401 on the next message', async (t) => {
  const short = await startServer({ t, env: busEnv });
  const watcher = await player(t, short, { sub: 'w', sector_id: 's' });
  const exp = inSeconds(3);
  const a = await player(t, short, { sub: 'a', sector_id: 's', exp });
  await a.settled();
  await until(() => Date.now() / 1000 >= exp, 'the time');
  await publish(short, { room: 'sector:s', message: { type: 'still' } });
  await a.next('still');
  a.send({ type: 'chat_message', target_type: 'sector', content: 'too late' });
  assert.deepEqual(await a.end(), { code: 4401, reason: 'expired' });
  await watcher.next('player_left_sector');
  assert.equal(watcher.all('chat_message').length, 0);
  assert.equal((await metrics(short)).get('matchbus_bus_closed_total{reason="expired"}'), 1);
});

test('a token that expires while its player is silent: 4401 at the sweep', async (t) => {
  const short = await startServer({ t, env: { ...busEnv, PRESENCE_SWEEP: '100' } });
  const exp = inSeconds(2);
  const a = await player(t, short, { sub: 'a', exp });
  assert.deepEqual(await a.end(), { code: 4401, reason: 'expired' });
  assert.ok(Date.now() / 1000 >= exp);
});

for (const [alg, mine, other, signer, wrong] of [
  ['RS256', rsa, otherRsa, rs256, 'ES256'],
  ['ES256', ec, otherEc, es256, 'RS256'],
]) {
  test(`${alg} with keys of openssl`, async (t) => {
    const at = await startServer({ t, env: { JWT_PUBLIC_KEY: mine.file } });
    const make = (claims, key = mine.key, header = {}) => token(claims, { header: { alg, ...header }, signer: signer(key) });
    const of = (text) => fate(text, { at });
    assert.equal(await of(make({ sub: 'u' })), 'in');
    assert.equal(await of(make({ sub: 'u' }, other.key)), 'bad signature');
    assert.equal(await of(make({ sub: 'u', exp: inSeconds(-1) })), 'expired');
    assert.equal(await of(make({ sub: 'u' }, mine.key, { alg: wrong })), 'bad signature');
    assert.equal(await of(make({ sub: 'u' }, mine.key, { alg: 'none' })), 'bad signature');
    // The public key is public: it must not serve as a secret, in whatever form.
    const der = createPrivateKey(readFileSync(mine.file.replace('.pem', '.key')));
    for (const key of [mine.pem, mine.pem.trim(), mine.pem.replaceAll('\n', ''), mine.pem.split('\n').slice(1, -2).join('\n'), der.export({ type: 'pkcs8', format: 'der' })])
      assert.equal(await of(token({ sub: 'u' }, { key })), 'bad signature', 'HS256');
    const text = make({ sub: 'u' });
    assert.equal(await of(cut(text, 1)), 'bad signature');
    assert.equal(await of(cut(text, 32)), 'bad signature');
    assert.equal(await of(cut(text, 0, 'more')), 'bad signature');
    assert.equal(await of(`${text.split('.').slice(0, 2).join('.')}.`), 'bad signature');
    const zeros = Buffer.alloc(alg === 'ES256' ? 64 : 256).toString('base64url');
    assert.equal(await of(`${text.split('.').slice(0, 2).join('.')}.${zeros}`), 'bad signature');
    if (alg === 'ES256') assert.equal(await of(token({ sub: 'u' }, { header: { alg }, signer: (t_) => sign('sha256', Buffer.from(t_), mine.key) })), 'bad signature', 'DER');
    if (alg === 'RS256') {
      const pss = { key: mine.key, padding: 6, saltLength: 32 };
      assert.equal(await of(token({ sub: 'u' }, { header: { alg }, signer: (t_) => sign('sha256', Buffer.from(t_), pss) })), 'bad signature', 'PSS');
      assert.equal(await of(token({ sub: 'u' }, { header: { alg }, signer: (t_) => sign('sha1', Buffer.from(t_), mine.key) })), 'bad signature', 'SHA-1');
    }
  });
}

test('keys that are none, too small, or private keep the server from starting', async (t) => {
  openssl('genpkey', '-out', 'small.key', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024');
  openssl('pkey', '-in', 'small.key', '-pubout', '-out', 'small.pem');
  openssl('genpkey', '-out', 'p384.key', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384');
  openssl('pkey', '-in', 'p384.key', '-pubout', '-out', 'p384.pem');
  openssl('genpkey', '-out', 'ed.key', '-algorithm', 'ED25519');
  openssl('pkey', '-in', 'ed.key', '-pubout', '-out', 'ed.pem');
  writeFileSync(path('empty.pem'), '');
  for (const name of ['small.pem', 'p384.pem', 'ed.pem', 'empty.pem', 'rsa.key', 'missing.pem']) {
    const refused = new Server({ env: { JWT_PUBLIC_KEY: path(name) } });
    t.after(() => refused.stop());
    await until(() => refused.result || existsSync(refused.portsFile), 'an end');
    assert.equal(refused.result?.code, 2, name);
    assert.match(refused.output, /JWT_PUBLIC_KEY/, name);
  }
  const pemAsSecret = new Server({ env: { JWT_SECRET: rsa.pem } });
  assert.equal((await pemAsSecret.ended).code, 2);
  const short = new Server({ env: { JWT_SECRET: 'x'.repeat(31) } });
  assert.equal((await short.ended).code, 2);
});

test('keys are exchanged on SIGHUP; who is in stays in, and the old one goes in the end', async (t) => {
  copyFileSync(rsa.file, path('current.pem'));
  copyFileSync(rsa.file, path('previous.pem'));
  const at = await startServer({ t, env: { JWT_PUBLIC_KEY: path('current.pem'), JWT_PUBLIC_KEY_PREVIOUS: path('previous.pem') } });
  const first = token({ sub: 'first' }, { header: { alg: 'RS256' }, signer: rs256(rsa.key) });
  const second = token({ sub: 'second' }, { header: { alg: 'ES256' }, signer: es256(ec.key) });
  let reloads = 0;
  const reload = async () => {
    at.signal('SIGHUP');
    reloads += 1;
    await until(() => (at.output.match(/read the keys of the bus again/g) ?? []).length === reloads, 'the reload');
  };
  const stays = openPlayer(t, at, {}, { query: { token: first } });
  await stays.next('connected');
  assert.equal(await fate(second, { at }), 'bad signature');
  copyFileSync(ec.file, path('current.pem'));
  await reload();
  assert.equal(await fate(second, { at }), 'in');
  assert.equal(await fate(first, { at, path: '/api/v1/ws/connect' }), 'in'); // supersedes: the same device
  assert.deepEqual(await stays.end(), { code: 4001, reason: 'superseded' });
  const again = openPlayer(t, at, {}, { query: { token: first } });
  await again.next('connected');
  copyFileSync(ec.file, path('previous.pem'));
  await reload();
  assert.equal(await fate(first, { at }), 'bad signature');
  assert.equal(await fate(second, { at }), 'in');
  await again.settled();
});

test('an empty key file on SIGHUP: the old keys are kept', async (t) => {
  copyFileSync(ec.file, path('truncated.pem'));
  const at = await startServer({ t, env: { JWT_PUBLIC_KEY: path('truncated.pem') } });
  const text = token({ sub: 'u' }, { header: { alg: 'ES256' }, signer: es256(ec.key) });
  assert.equal(await fate(text, { at }), 'in');
  writeFileSync(path('truncated.pem'), '');
  at.signal('SIGHUP');
  await at.said(/keys/);
  assert.equal(await fate(text, { at }), 'in');
});
