// The plain WebSocket echo, as WebSocket conformance suites use it.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';

import { Echo, Wire } from './echo.mjs';

let echo;
before(async () => {
  echo = await Echo.start([]);
});
after(() => echo.stop());

const open = (options) => new Wire(`ws://127.0.0.1:${echo.port}/echo`, options).ready();

for (const perMessageDeflate of [false, true, { clientNoContextTakeover: true }, { serverMaxWindowBits: 9 }]) {
  it(`echoes with permessage-deflate ${JSON.stringify(perMessageDeflate)}`, async () => {
    const wire = await open({ perMessageDeflate });
    assert.equal(wire.ws.extensions.includes('permessage-deflate'), perMessageDeflate !== false);
    for (const size of [0, 1, 125, 126, 65_536, 1_000_000]) {
      wire.send('x'.repeat(size), Buffer.alloc(size, 255));
      assert.equal(await wire.next(), 'x'.repeat(size));
      assert.deepEqual(await wire.next(), Buffer.alloc(size, 255));
    }
    wire.close();
    assert.equal(await wire.end(), 1005);
  });
}

it('echoes 16 MB', async () => {
  const wire = await open({ perMessageDeflate: false, maxPayload: 32 * 1024 * 1024 });
  const large = Buffer.alloc(16 * 1024 * 1024, 'abcdefghij');
  wire.send(large);
  assert.ok(large.equals(await wire.next()));
  wire.close();
});

it('echoes fragments and answers pings among them', async () => {
  const wire = await open();
  const pong = new Promise((done) => {
    wire.ws.on('pong', (data) => done(data.toString()));
  });
  wire.ws.send('one ', { fin: false });
  wire.ws.ping('between');
  wire.ws.send('two', { fin: true });
  assert.equal(await wire.next(), 'one two');
  assert.equal(await pong, 'between');
  wire.close();
});

it('refuses other paths', async () => {
  const wire = new Wire(`ws://127.0.0.1:${echo.port}/nothing`);
  await wire.end();
  assert.match(wire.error.message, /404/);
});
