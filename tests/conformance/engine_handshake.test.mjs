// Engine.IO: which handshakes open a session, and how the others are refused.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Echo, maxPayload, pingInterval, pingTimeout } from './echo.mjs';

let echo;
before(async () => {
  echo = await Echo.start();
});
after(() => echo.stop());

function assertHandshake(value, upgrades) {
  assert.deepEqual(Object.keys(value).sort(), ['maxPayload', 'pingInterval', 'pingTimeout', 'sid', 'upgrades']);
  assert.equal(typeof value.sid, 'string');
  assert.ok(value.sid.length >= 20);
  assert.deepEqual(value.upgrades, upgrades);
  assert.equal(value.pingInterval, pingInterval);
  assert.equal(value.pingTimeout, pingTimeout);
  assert.equal(value.maxPayload, maxPayload);
}

async function assertRefused(request, status, code, message) {
  const response = await request;
  assert.equal(response.status, status);
  assert.match(response.headers.get('content-type'), /^application\/json/);
  assert.deepEqual(await response.json(), { code, message });
}

describe('polling handshake', () => {
  it('opens a session', async () => {
    const response = await echo.poll();
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/plain; charset=UTF-8');
    const text = await response.text();
    assert.equal(text[0], '0');
    assertHandshake(JSON.parse(text.slice(1)), ['websocket']);
  });

  it('gives every session an id of its own', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => echo.open()));
    assert.equal(new Set(ids).size, 20);
  });

  it('allows every origin', async () => {
    const response = await echo.poll({}, { headers: { origin: 'http://example.org' } });
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
  });

  for (const EIO of [undefined, 'abc', '3', '5', '']) {
    it(`refuses EIO ${EIO}`, () => assertRefused(echo.poll({ EIO }), 400, 5, 'Unsupported protocol version'));
  }
  for (const transport of [undefined, 'abc', 'webtransport', 'Polling']) {
    it(`refuses transport ${transport}`, () => assertRefused(echo.poll({ transport }), 400, 0, 'Transport unknown'));
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    it(`refuses ${method}`, () => assertRefused(echo.poll({}, { method }), 400, 2, 'Bad handshake method'));
  }

  it('refuses transport websocket without an upgrade', () =>
    assertRefused(echo.poll({ transport: 'websocket' }), 400, 3, 'Bad request'));
  it('refuses an unknown session', () =>
    assertRefused(echo.poll({ sid: 'AAAAAAAAAAAAAAAAAAAA' }), 400, 1, 'Session ID unknown'));
  it('refuses an unknown session whose id is no id at all', async () => {
    for (const sid of ['a', 'a'.repeat(5000), '../../etc/passwd', '\0\0']) {
      await assertRefused(echo.poll({ sid }), 400, 1, 'Session ID unknown');
    }
  });
  it('refuses to post to an unknown session', () =>
    assertRefused(echo.post('AAAAAAAAAAAAAAAAAAAA', '4hello'), 400, 1, 'Session ID unknown'));
});

describe('websocket handshake', () => {
  it('opens a session', async () => {
    const wire = echo.socket();
    const text = await wire.next();
    assert.equal(text[0], '0');
    assertHandshake(JSON.parse(text.slice(1)), []);
    wire.close();
  });

  const refused = [
    ['no EIO', { EIO: undefined }],
    ['a wrong EIO', { EIO: 'abc' }],
    ['no transport', { transport: undefined }],
    ['a wrong transport', { transport: 'abc' }],
    ['transport polling', { transport: 'polling' }],
    ['an unknown session', { sid: 'AAAAAAAAAAAAAAAAAAAA' }],
  ];
  for (const [what, query] of refused) {
    it(`refuses ${what} with 400`, async () => {
      const wire = echo.socket('/engine.io/', query);
      await wire.end();
      assert.match(wire.error.message, /400/);
    });
  }
});
