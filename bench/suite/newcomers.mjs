// Genuine clients that come to a server one after another, from an address of their own, and how long each waits to be let in: for a TLS
// handshake, or for the answer to a request.
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { sleep } from './processes.mjs';

const pauseMs = 150;

export class Newcomers {
  constructor(server, { port, secure = false }) {
    this.port = server[port];
    this.name = secure ? 'genuine TLS clients' : `genuine clients at the ${port} port`;
    this.secure = secure;
    this.times = [];
    this.failed = 0;
    this.ending = false;
  }

  begin() {
    this.running = this.run();
    return this;
  }

  async run() {
    while (!this.ending) {
      this.began = performance.now();
      const came = await this.come();
      if (this.ending) break;
      if (came) this.times.push(performance.now() - this.began);
      else ++this.failed;
      this.began = undefined;
      await sleep(pauseMs);
    }
  }

  come() {
    return new Promise((done) => {
      const options = { host: '127.0.0.1', port: this.port, localAddress: '127.0.0.9', rejectUnauthorized: false };
      const socket = this.secure ? connectTls(options) : connect(options);
      this.socket = socket;
      const end = (came) => {
        socket.destroy();
        done(came);
      };
      socket.on('error', () => end(false)).on('close', () => end(false));
      if (this.secure) socket.on('secureConnect', () => end(true));
      else socket.on('connect', () => socket.write('GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n')).on('data', () => end(true));
    });
  }

  // Ends, and says how it went: as text, the longest wait in ms, and how many were refused. Whoever still waits has waited so long.
  async end() {
    this.ending = true;
    const waiting = this.began === undefined ? 0 : performance.now() - this.began;
    this.socket?.destroy();
    await this.running;
    const sorted = [...this.times].sort((a, b) => a - b);
    const middle = sorted.length > 0 ? `${sorted[Math.floor(sorted.length / 2)].toFixed(0)} ms in the middle, ` : '';
    const longest = Math.max(waiting, ...sorted);
    const text = `${this.name}: ${sorted.length} came in, ${middle}${longest.toFixed(0)} ms at most${this.failed > 0 ? `, **${this.failed} refused**` : ''}`;
    return { text, longest, failed: this.failed };
  }
}
