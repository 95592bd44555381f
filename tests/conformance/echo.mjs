// The echo server as a program under test, and the raw HTTP and WebSocket exchanges that the suites are made of.

import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { WebSocket } from 'ws';

import { Program, stopServer } from '../support/server.mjs';
import { until, within } from '../support/wait.mjs';

// Short enough that heartbeats can be waited for; the public suites use the same figures.
export const pingInterval = 300;
export const pingTimeout = 200;
export const maxPayload = 1_000_000;
export const connectTimeout = 1_000;

const quick = [
  ...['--ping-interval', pingInterval, '--ping-timeout', pingTimeout],
  ...['--max-payload', maxPayload, '--connect-timeout', connectTimeout],
];

export class Echo {
  constructor(program, port) {
    this.program = program;
    this.port = port;
  }

  // Starts one for a whole test file; call `stop` in `after`.
  static async start(args = quick, wantedPort = 0) {
    const program = new Program('conformance-echo', ['--port', wantedPort, ...args].map(String), {
      cwd: tmpdir(),
    });
    const port = await until(() => {
      if (program.result !== undefined) throw new Error(`the echo server ended:\n${program.output}`);
      return /^listening on (\d+)$/m.exec(program.stdout)?.[1];
    }, 'the echo server to listen');
    return new Echo(program, Number(port));
  }

  stop() {
    return stopServer(this.program);
  }

  http(path, query) {
    return `http://127.0.0.1:${this.port}${path}?${new URLSearchParams(query)}`;
  }

  // A polling request; `query` is added to the usual parameters (undefined removes one).
  poll(query = {}, init = {}) {
    return fetch(this.http('/engine.io/', clean({ EIO: '4', transport: 'polling', ...query })), init);
  }

  async pollText(sid) {
    const response = await this.poll({ sid });
    return { status: response.status, text: await response.text() };
  }

  post(sid, body) {
    return this.poll({ sid }, { method: 'POST', body });
  }

  // A session on polling: its id.
  async open() {
    const response = await this.poll();
    return JSON.parse((await response.text()).slice(1)).sid;
  }

  // A WebSocket at `path`; nothing is awaited.
  socket(path = '/engine.io/', query = {}) {
    const all = clean({ EIO: '4', transport: 'websocket', ...query });
    return new Wire(`ws://127.0.0.1:${this.port}${path}?${new URLSearchParams(all)}`);
  }

  // A WebSocket session whose open packet has been read.
  async session(path = '/engine.io/') {
    const wire = this.socket(path);
    wire.handshake = JSON.parse((await wire.next()).slice(1));
    return wire;
  }
}

function clean(query) {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}

// A WebSocket whose messages wait until they are asked for: text as strings, binary as Buffers.
export class Wire {
  #messages = [];
  #waiting = [];

  constructor(url, options = {}) {
    this.ws = new WebSocket(url, options);
    this.opened = false;
    this.closed = new Promise((done) => {
      this.ws.on('close', (code) => done(code));
    });
    this.ws.on('open', () => {
      this.opened = true;
    });
    this.ws.on('error', (error) => {
      this.error = error;
    });
    this.ws.on('message', (data, isBinary) => {
      const message = isBinary ? data : data.toString();
      const waiter = this.#waiting.shift();
      if (waiter) waiter(message);
      else this.#messages.push(message);
    });
  }

  async ready() {
    if (this.ws.readyState === WebSocket.CONNECTING) await within(once(this.ws, 'open'), 'a WebSocket to open');
    return this;
  }

  send(...messages) {
    for (const message of messages) this.ws.send(message);
  }

  // The next message.
  next() {
    if (this.#messages.length !== 0) return Promise.resolve(this.#messages.shift());
    return within(new Promise((done) => {
      this.#waiting.push(done);
    }), 'a message');
  }

  // The next message that is no ping; pings are answered meanwhile.
  async nextBeyondPings() {
    for (;;) {
      const message = await this.next();
      if (message !== '2') return message;
      this.ws.send('3');
    }
  }

  // The close code; fails if the connection stays.
  end() {
    return within(this.closed, 'the connection to be closed');
  }

  get isOpen() {
    return this.ws.readyState === WebSocket.OPEN;
  }

  close() {
    this.ws.close();
  }
}
