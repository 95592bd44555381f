// Engine.IO heartbeats: the server pings, and sessions that do not answer end.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { delay } from '../support/wait.mjs';
import { Echo, pingInterval, pingTimeout } from './echo.mjs';

let echo;
before(async () => {
  echo = await Echo.start();
});
after(() => echo.stop());

describe('polling', () => {
  it('pings and pongs', async () => {
    const sid = await echo.open();
    for (let i = 0; i < 3; ++i) {
      const start = performance.now();
      assert.deepEqual(await echo.pollText(sid), { status: 200, text: '2' });
      assert.ok(performance.now() - start > pingInterval / 2, 'a ping came too early');
      assert.equal((await echo.post(sid, '3')).status, 200);
    }
  });

  it('ends a session without pongs', async () => {
    const sid = await echo.open();
    await delay(pingInterval + pingTimeout);
    assert.equal((await echo.pollText(sid)).status, 400);
  });

  it('tells a poll that waits', async () => {
    const sid = await echo.open();
    assert.equal((await echo.pollText(sid)).text, '2');
    assert.equal((await echo.pollText(sid)).text, '1');
    assert.equal((await echo.pollText(sid)).status, 400);
  });
});

describe('websocket', () => {
  it('pings and pongs', async () => {
    const wire = await echo.session();
    for (let i = 0; i < 3; ++i) {
      assert.equal(await wire.next(), '2');
      wire.send('3');
    }
    assert.ok(wire.isOpen);
    wire.close();
  });

  it('ends a session without pongs', async () => {
    const start = performance.now();
    const wire = await echo.session();
    await wire.end();
    assert.ok(performance.now() - start >= pingInterval + pingTimeout - 20, 'it ended too early');
  });

  it('messages are no pongs', async () => {
    const wire = await echo.session();
    assert.equal(await wire.next(), '2');
    const timer = setInterval(() => wire.isOpen && wire.send('4busy'), 20);
    await wire.end();
    clearInterval(timer);
  });
});
