// A TCP relay between client and server that can fail as networks do.

import net from 'node:net';

export class Proxy {
  constructor(targetPort) {
    this.targetPort = targetPort; // may be changed: new connections go there
    this.pairs = new Set();
    this.blocked = false;
    this.accepted = 0;
    this.listener = net.createServer((near) => {
      this.accepted += 1;
      if (this.blocked) {
        near.destroy();
        return;
      }
      const far = net.connect(this.targetPort, '127.0.0.1');
      const pair = { near, far };
      this.pairs.add(pair);
      const drop = () => {
        near.destroy();
        far.destroy();
        this.pairs.delete(pair);
      };
      for (const socket of [near, far]) socket.on('error', drop).on('close', drop);
      near.pipe(far);
      far.pipe(near);
    });
  }

  async listen() {
    await new Promise((done) => this.listener.listen(0, '127.0.0.1', done));
    this.port = this.listener.address().port;
    return this;
  }

  // Resets every connection, on both sides. With `block`, new ones are refused until unblock().
  cut({ block = false } = {}) {
    this.blocked = block;
    for (const { near, far } of this.pairs) {
      near.resetAndDestroy?.() ?? near.destroy();
      far.resetAndDestroy?.() ?? far.destroy();
    }
  }

  // From now on bytes get lost silently in both directions, as behind a pulled cable: nobody is told.
  swallow() {
    for (const { near, far } of this.pairs) {
      near.unpipe(far);
      far.unpipe(near);
      near.resume();
      far.resume();
    }
  }

  unblock() {
    this.blocked = false;
  }

  close() {
    this.cut();
    this.listener.close();
  }
}

export async function proxy(t, targetPort) {
  const relay = await new Proxy(targetPort).listen();
  t.after(() => relay.close());
  return relay;
}
