// Socket.IO: joining and leaving namespaces.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { connectTimeout, Echo } from './echo.mjs';

let echo;
let calm;
before(async () => {
  echo = await Echo.start();
  calm = await Echo.start([]);
});
after(() => Promise.all([echo.stop(), calm.stop()]));

const open = (server = calm) => server.session('/socket.io/');

describe('connect', () => {
  const cases = [
    ['the main namespace', '40', '40', '42["auth",{}]'],
    ['the main namespace with a payload', '40{"token":"123"}', '40', '42["auth",{"token":"123"}]'],
    ['the main namespace with an empty payload', '40{}', '40', '42["auth",{}]'],
    ['the main namespace by name', '40/,', '40', '42["auth",{}]'],
    ['a custom namespace', '40/custom,', '40/custom,', '42/custom,["auth",{}]'],
    ['a custom namespace without a comma', '40/custom', '40/custom,', '42/custom,["auth",{}]'],
    ['a custom namespace with a payload', '40/custom,{"token":"abc"}', '40/custom,', '42/custom,["auth",{"token":"abc"}]'],
  ];
  for (const [what, packet, prefix, auth] of cases) {
    it(what, async () => {
      const wire = await open();
      wire.send(packet);
      const answer = await wire.next();
      assert.ok(answer.startsWith(`${prefix}{`), answer);
      const payload = JSON.parse(answer.slice(prefix.length));
      assert.deepEqual(Object.keys(payload), ['sid']);
      assert.equal(payload.sid.length, 20);
      assert.notEqual(payload.sid, wire.handshake.sid);
      assert.equal(await wire.next(), auth);
      wire.close();
    });
  }

  it('several namespaces over one connection', async () => {
    const wire = await open();
    wire.send('40', '40/custom,');
    assert.match(await wire.next(), /^40\{/);
    assert.equal(await wire.next(), '42["auth",{}]');
    assert.match(await wire.next(), /^40\/custom,\{/);
    assert.equal(await wire.next(), '42/custom,["auth",{}]');
    wire.send('42/custom,["message",1]', '42["message",2]');
    assert.equal(await wire.next(), '42/custom,["message-back",1]');
    assert.equal(await wire.next(), '42["message-back",2]');
    wire.close();
  });

  it('an unknown namespace is refused, and the connection stays', async () => {
    const wire = await open();
    wire.send('40/random');
    assert.equal(await wire.next(), '44/random,{"message":"Invalid namespace"}');
    wire.send('40/cus"tom,{}');
    assert.equal(await wire.next(), '44/cus"tom,{"message":"Invalid namespace"}');
    wire.send('40');
    assert.match(await wire.next(), /^40\{/);
    wire.close();
  });

  for (const packet of ['4abc', '4', '47', '4{}', '40[]', '40"a"', '40{', '40null', '401', '40{}x', '44{"message":"x"}']) {
    it(`an invalid handshake closes the connection: ${packet}`, async () => {
      const wire = await open();
      wire.send(packet);
      await wire.end();
    });
  }

  for (const packet of ['42["message"]', '42/custom,["message"]', '431[]', '41', '451-["message",{"_placeholder":true,"num":0}]']) {
    it(`packets before CONNECT close the connection: ${packet}`, async () => {
      const wire = await open();
      wire.send(packet);
      await wire.end();
    });
  }

  it('connecting twice closes the connection', async () => {
    const wire = await open();
    wire.send('40', '40');
    await wire.end();
  });

  it('a connection that joins nothing is closed', async () => {
    const wire = await echo.socket('/socket.io/').ready();
    const start = performance.now();
    const timer = setInterval(() => wire.isOpen && wire.send('3'), 100);
    await wire.end();
    clearInterval(timer);
    assert.ok(performance.now() - start >= connectTimeout - 100, 'it was closed too early');
  });

  it('one that was refused everywhere is closed, too', async () => {
    const wire = await open(echo);
    wire.send('40/random,');
    const timer = setInterval(() => wire.isOpen && wire.send('3'), 100);
    await wire.end();
    clearInterval(timer);
  });
});

describe('disconnect', () => {
  it('leaving the main namespace keeps the connection', async () => {
    const wire = await open(echo);
    wire.send('40');
    await wire.next();
    await wire.next();
    wire.send('41');
    assert.equal(await wire.next(), '2');
    wire.send('3');
    assert.equal(await wire.next(), '2');
    wire.close();
  });

  it('leaving a custom namespace leaves the main one', async () => {
    const wire = await open();
    wire.send('40', '40/custom');
    for (let i = 0; i < 4; ++i) await wire.next();
    wire.send('41/custom', '42["message","message to main namespace"]');
    assert.equal(await wire.next(), '42["message-back","message to main namespace"]');
    wire.close();
  });

  it('a namespace can be joined again', async () => {
    const wire = await open();
    const ids = [];
    for (let i = 0; i < 3; ++i) {
      wire.send('40');
      ids.push(JSON.parse((await wire.next()).slice(2)).sid);
      await wire.next();
      wire.send('41');
    }
    assert.equal(new Set(ids).size, 3);
    wire.close();
  });

  it('events after leaving close the connection', async () => {
    const wire = await open();
    wire.send('40', '41', '42["message"]');
    await wire.end();
  });

  it('a payload to DISCONNECT closes the connection', async () => {
    const wire = await open();
    wire.send('40', '41{}');
    await wire.end();
  });
});
