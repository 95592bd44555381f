// Engine.IO upgrades from polling to WebSocket: nothing lost, nothing doubled, and no second transport beside the one.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { delay } from '../support/wait.mjs';
import { Echo, pingInterval, pingTimeout } from './echo.mjs';

let echo;
let calm;
before(async () => {
  echo = await Echo.start();
  calm = await Echo.start([]);
});
after(() => Promise.all([echo.stop(), calm.stop()]));

async function probe(server, sid) {
  const wire = await server.socket('/engine.io/', { sid }).ready();
  wire.send('2probe');
  assert.equal(await wire.next(), '3probe');
  return wire;
}

async function upgraded(server) {
  const sid = await server.open();
  const wire = await probe(server, sid);
  wire.send('5');
  return { sid, wire };
}

describe('upgrade', () => {
  it('goes on over the WebSocket', async () => {
    const { wire } = await upgraded(echo);
    wire.send('4hello');
    assert.equal(await wire.nextBeyondPings(), '4hello');
    wire.close();
  });

  it('answers a poll that waits with a noop', async () => {
    const sid = await calm.open();
    const poll = calm.pollText(sid);
    await delay(20);
    const wire = await probe(calm, sid);
    assert.deepEqual(await poll, { status: 200, text: '6' });
    wire.send('5', '4hello');
    assert.equal(await wire.next(), '4hello');
    wire.close();
  });

  it('answers a poll that comes after the probe with a noop', async () => {
    const sid = await calm.open();
    const wire = await probe(calm, sid);
    assert.deepEqual(await calm.pollText(sid), { status: 200, text: '6' });
    wire.send('5', '4hello');
    assert.equal(await wire.next(), '4hello');
    wire.close();
  });

  it('takes everything in one go', async () => {
    const sid = await calm.open();
    const wire = await calm.socket('/engine.io/', { sid }).ready();
    wire.send('2probe', '5', '4hello', Buffer.from([7]));
    assert.equal(await wire.next(), '3probe');
    assert.equal(await wire.next(), '4hello');
    assert.deepEqual(await wire.next(), Buffer.from([7]));
    wire.close();
  });

  it('sends what was queued over the WebSocket, in order and once', async () => {
    const sid = await calm.open();
    const wire = await probe(calm, sid);
    await calm.post(sid, '4one\x1ebAQID\x1e4two');
    wire.send('5', '4three');
    assert.equal(await wire.next(), '4one');
    assert.deepEqual(await wire.next(), Buffer.from([1, 2, 3]));
    assert.equal(await wire.next(), '4two');
    assert.equal(await wire.next(), '4three');
    wire.close();
  });

  it('keeps the heartbeat going', async () => {
    const { wire } = await upgraded(echo);
    for (let i = 0; i < 3; ++i) {
      assert.equal(await wire.next(), '2');
      wire.send('3');
    }
    wire.close();
  });

  it('ends a session that does not answer pings any more', async () => {
    const { wire } = await upgraded(echo);
    await wire.end();
  });
});

describe('afterwards', () => {
  it('polls and posts with the same sid are refused', async () => {
    const { sid, wire } = await upgraded(calm);
    wire.send('4sync');
    assert.equal(await wire.next(), '4sync');
    assert.equal((await calm.pollText(sid)).status, 400);
    assert.equal((await calm.post(sid, '4hello')).status, 400);
    wire.send('4hello');
    assert.equal(await wire.next(), '4hello');
    wire.close();
  });

  it('another WebSocket with the same sid is closed', async () => {
    const { sid, wire } = await upgraded(calm);
    wire.send('4sync');
    assert.equal(await wire.next(), '4sync');
    const second = calm.socket('/engine.io/', { sid });
    await second.end();
    wire.send('4hello');
    assert.equal(await wire.next(), '4hello');
    wire.close();
  });

  it('a WebSocket with the sid of a WebSocket session is closed', async () => {
    const wire = await calm.session();
    await calm.socket('/engine.io/', { sid: wire.handshake.sid }).end();
    wire.send('4hello');
    assert.equal(await wire.next(), '4hello');
    wire.close();
  });
});

describe('upgrades that come to nothing', () => {
  it('a second one beside the first is closed', async () => {
    const sid = await calm.open();
    const first = await probe(calm, sid);
    await calm.socket('/engine.io/', { sid }).end();
    first.send('5', '4hello');
    assert.equal(await first.next(), '4hello');
    first.close();
  });

  for (const packet of ['4hello', '5', '2', '2probing', 'abc', Buffer.from('2probe')]) {
    it(`polling goes on after ${JSON.stringify(packet.toString())} (${typeof packet}) instead of a probe`, async () => {
      const sid = await calm.open();
      const wire = await calm.socket('/engine.io/', { sid }).ready();
      wire.send(packet);
      await wire.end();
      await calm.post(sid, '4hello');
      assert.equal((await calm.pollText(sid)).text, '4hello');
    });
  }

  it('polling goes on with what was queued when the WebSocket goes away', async () => {
    const sid = await calm.open();
    const wire = await probe(calm, sid);
    await calm.post(sid, '4queued');
    wire.close();
    await wire.end();
    assert.equal((await calm.pollText(sid)).text, '4queued');
    const again = await probe(calm, sid);
    again.send('5', '4hello');
    assert.equal(await again.next(), '4hello');
    again.close();
  });

  it('the WebSocket is closed when the session ends', async () => {
    const sid = await echo.open();
    const wire = await echo.socket('/engine.io/', { sid }).ready();
    await delay(pingInterval + pingTimeout);
    await wire.end();
  });
});

it('loses and doubles nothing while messages keep coming', async () => {
  for (let round = 0; round < 20; ++round) {
    const sid = await calm.open();
    const received = [];
    const sent = [];
    const post = async () => {
      const message = `4${round}-${sent.length}`;
      sent.push(message);
      assert.equal((await calm.post(sid, message)).status, 200);
    };
    let polling = true;
    const poller = (async () => {
      while (polling) {
        const { status, text } = await calm.pollText(sid);
        assert.equal(status, 200);
        received.push(...text.split('\x1e').filter((packet) => packet !== '6'));
      }
    })();
    for (let i = 0; i < round; ++i) await post();
    const wire = await calm.socket('/engine.io/', { sid }).ready();
    wire.send('2probe');
    await post();
    await wire.next();
    polling = false; // the poll under way ends with a noop or with messages
    await post();
    await poller;
    wire.send('5');
    for (let i = 0; i < 5; ++i) {
      sent.push(`4ws-${i}`);
      wire.send(sent.at(-1));
    }
    while (received.length < sent.length) received.push(await wire.next());
    assert.deepEqual(received, sent);
    wire.close();
  }
});
