// The official clients against the echo server, over every way of connecting.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Socket as EngineSocket } from 'engine.io-client';
import { io } from 'socket.io-client';

import { delay, until, within } from '../support/wait.mjs';
import { Echo } from './echo.mjs';

let echo;
before(async () => {
  echo = await Echo.start();
});
after(() => echo.stop());

const ways = [['polling'], ['websocket'], ['polling', 'websocket']];

function event(emitter, name) {
  return within(new Promise((done) => {
    emitter.once(name, (...args) => done(args));
  }), `event ${name}`);
}

describe('engine.io-client', () => {
  for (const transports of ways) {
    it(`echoes over ${transports.join(' then ')}, through heartbeats`, async () => {
      const socket = new EngineSocket(`http://127.0.0.1:${echo.port}`, { transports });
      const received = [];
      socket.on('message', (data) => received.push(data));
      await event(socket, 'open');
      const sent = [];
      for (let i = 0; i < 100; ++i) {
        sent.push(`message ${i} \u00e9`);
        socket.send(sent.at(-1));
        await delay(10);
      }
      await until(() => received.length >= sent.length, 'all echoes');
      assert.deepEqual(received, sent);
      assert.equal(socket.transport.name, transports.at(-1));
      const closed = event(socket, 'close');
      socket.close();
      await closed;
    });
  }
});

describe('connection state recovery', () => {
  for (const transports of ways) {
    it(`gives a lost connection its socket and its events back over ${transports.join(' then ')}`, async () => {
      const own = await Echo.start(['--recovery-window', 5000]);
      const socket = io(`http://127.0.0.1:${own.port}`, { transports, forceNew: true, reconnectionDelay: 10 });
      const received = [];
      socket.on('message-back', (i) => received.push(i));
      await event(socket, 'connect');
      const { id } = socket;
      for (let round = 0; round < 5; ++round) {
        for (let i = 0; i < 10; ++i) {
          socket.emit('message', 10 * round + i);
          await delay(2);
        }
        await until(() => received.length === 10 * (round + 1), 'all echoes');
        const again = event(socket, 'connect');
        // The connection breaks; the client has not said good-bye.
        const { engine } = socket.io;
        if (engine.transport.name === 'websocket') engine.transport.ws.terminate();
        else engine._onClose('transport error');
        await again;
        assert.equal(socket.recovered, true);
        assert.equal(socket.id, id);
      }
      assert.deepEqual(received, Array.from({ length: 50 }, (_, i) => i));
      socket.disconnect();
      await own.stop();
    });
  }
});

describe('socket.io-client', () => {
  for (const transports of ways) {
    const connect = (namespace = '', options = {}) =>
      io(`http://127.0.0.1:${echo.port}${namespace}`, { transports, forceNew: true, ...options });

    describe(transports.join(' then '), () => {
      it('connects with auth', async () => {
        const socket = connect('', { auth: { token: 'abc' } });
        assert.deepEqual(await event(socket, 'auth'), [{ token: 'abc' }]);
        assert.ok(!socket.recovered);
        socket.disconnect();
      });

      it('echoes events with attachments and acks', async () => {
        const socket = connect();
        await event(socket, 'connect');
        const args = ['text', 1.5, null, { deep: [Buffer.from([1, 2, 3])] }, Buffer.alloc(70_000, 7)];
        socket.emit('message', ...args);
        assert.deepEqual(await event(socket, 'message-back'), args);
        const answer = await within(new Promise((done) => {
          socket.emit('message-with-ack', ...args, (...back) => done(back));
        }), 'an ack');
        assert.deepEqual(answer, args);
        socket.disconnect();
      });

      it('keeps order through an upgrade and heartbeats', async () => {
        const socket = connect();
        const received = [];
        socket.on('message-back', (i) => received.push(i));
        await event(socket, 'connect');
        for (let i = 0; i < 200; ++i) {
          socket.emit('message', i);
          await delay(5);
        }
        await until(() => received.length >= 200, 'all echoes');
        assert.deepEqual(received, Array.from({ length: 200 }, (_, i) => i));
        assert.equal(socket.io.engine.transport.name, transports.at(-1));
        socket.disconnect();
      });

      it('joins two namespaces over one connection', async () => {
        const main = connect();
        const custom = main.io.socket('/custom', { auth: { of: 'custom' } });
        custom.connect();
        assert.deepEqual(await event(custom, 'auth'), [{ of: 'custom' }]);
        custom.emit('message', 'c');
        assert.deepEqual(await event(custom, 'message-back'), ['c']);
        main.emit('message', 'm');
        assert.deepEqual(await event(main, 'message-back'), ['m']);
        main.io._close();
      });

      it('is refused by an unknown namespace', async () => {
        const socket = connect('/nowhere');
        const [error] = await event(socket, 'connect_error');
        assert.equal(error.message, 'Invalid namespace');
        socket.disconnect();
      });

      it('comes back after the server has gone', async () => {
        const own = await Echo.start([]);
        const socket = io(`http://127.0.0.1:${own.port}`, { transports, forceNew: true, reconnectionDelay: 10 });
        await event(socket, 'connect');
        const gone = event(socket, 'disconnect');
        await own.stop();
        const [reason] = await gone;
        assert.match(reason, /^transport/);
        // Waited for from here on: the client may be back before the test has read that the server listens.
        const back = event(socket, 'connect');
        const again = await Echo.start([], own.port);
        await back;
        socket.disconnect();
        await again.stop();
      });
    });
  }
});
