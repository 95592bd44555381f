// Engine.IO over WebSocket: messages both ways, and what ends a session.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Echo, maxPayload } from './echo.mjs';

let echo;
before(async () => {
  echo = await Echo.start(['--max-payload', maxPayload]);
});
after(() => echo.stop());

describe('messages', () => {
  it('carries text', async () => {
    const wire = await echo.session();
    wire.send('4hello');
    assert.equal(await wire.next(), '4hello');
    wire.close();
  });

  it('carries binary', async () => {
    const wire = await echo.session();
    wire.send(Uint8Array.from([1, 2, 3, 4]));
    assert.deepEqual(await wire.next(), Buffer.from([1, 2, 3, 4]));
    wire.close();
  });

  // As clients with forceBase64 send them.
  it('carries binary in base64', async () => {
    const wire = await echo.session();
    wire.send('bAQIDBA==');
    assert.deepEqual(Buffer.from(await wire.next()), Buffer.from([1, 2, 3, 4]));
    wire.close();
  });

  it('carries empty messages', async () => {
    const wire = await echo.session();
    wire.send('4', Buffer.alloc(0));
    assert.equal(await wire.next(), '4');
    assert.equal((await wire.next()).length, 0);
    wire.close();
  });

  it('carries text and binary of any size in order', async () => {
    const wire = await echo.session();
    const sent = [];
    for (const size of [1, 125, 126, 1024, 65_535, 65_536, 300_000, maxPayload - 1]) {
      sent.push(`4${'\u00e9'.repeat(Math.floor((size - 1) / 2))}`, Buffer.alloc(size, size % 251));
    }
    wire.send(...sent);
    for (const message of sent) assert.deepEqual(await wire.next(), message);
    wire.close();
  });

  it('answers a message that came with the handshake', async () => {
    const wire = echo.socket();
    wire.ws.on('open', () => wire.send('4early'));
    assert.equal((await wire.next())[0], '0');
    assert.equal(await wire.next(), '4early');
    wire.close();
  });

  it('lets a noop and a pong that nobody asked for pass', async () => {
    const wire = await echo.session();
    wire.send('6', '3', '3probe', '4still here');
    assert.equal(await wire.next(), '4still here');
    wire.close();
  });

  it('closes over maxPayload with 1009', async () => {
    const wire = await echo.session();
    wire.send(`4${'x'.repeat(maxPayload)}`);
    assert.equal(await wire.end(), 1009);
  });
});

describe('malformed packets close the session', () => {
  for (const packet of ['abc', '', '7', ' 4', '0{}', '2', '2probe', '5', 'b!']) {
    it(JSON.stringify(packet), async () => {
      const wire = await echo.session();
      wire.send(packet);
      await wire.end();
    });
  }
  it('and other sessions go on', async () => {
    const [good, bad] = [await echo.session(), await echo.session()];
    bad.send('abc');
    await bad.end();
    good.send('4here');
    assert.equal(await good.next(), '4here');
    good.close();
  });
});

describe('close', () => {
  it('a close packet closes the connection', async () => {
    const wire = await echo.session();
    wire.send('1');
    await wire.end();
  });
  it('a closed connection ends the session', async () => {
    const wire = await echo.session();
    wire.close();
    await wire.end();
    assert.equal((await echo.pollText(wire.handshake.sid)).status, 400);
  });
});
