// Unmodified Socket.IO clients with a memory of what arrived.

import { io } from 'socket.io-client';

import { patienceMs, until, within } from './wait.mjs';

export const transportsOf = {
  polling: ['polling'],
  websocket: ['websocket'],
  default: ['polling', 'websocket'],
};

export class Client {
  constructor(url, { transport = 'default', reconnection = false, ...options } = {}) {
    this.events = []; // everything that arrived: {event, args, at}
    this.disconnects = []; // reasons
    this.socket = io(url, {
      transports: transportsOf[transport],
      reconnection,
      forceNew: true,
      rejectUnauthorized: false,
      ...options,
    });
    this.socket.onAny((event, ...args) => this.events.push({ event, args, at: Date.now() }));
    this.socket.on('disconnect', (reason) => this.disconnects.push(reason));
  }

  // Waits for the connection; fails with the refusal.
  connected() {
    if (this.socket.connected) return this;
    return within(
      new Promise((done, fail) => {
        this.socket.once('connect', () => done(this));
        this.socket.once('connect_error', (error) => fail(error));
      }),
      'a connection',
    );
  }

  // Waits until a polling client that may upgrade has done so.
  upgraded() {
    return until(() => this.socket.io.engine?.transport?.name === 'websocket', 'the upgrade to websocket');
  }

  // Sends one event whose argument is JSON inside a string, as all events of this protocol are.
  emit(event, payload) {
    this.socket.emit(event, JSON.stringify(payload));
    return this;
  }

  // Parsed arguments of all arrivals of `event`.
  all(event) {
    return this.events.filter((entry) => entry.event === event).map((entry) => parse(entry.args[0]));
  }

  last(event) {
    return this.all(event).at(-1);
  }

  // Waits for an arrival of `event` that `matches`, arrived already or yet to come; returns its parsed argument.
  async next(event, matches = () => true, timeoutMs = patienceMs) {
    let seen = 0;
    let found;
    await until(
      () => {
        for (; seen < this.events.length; ++seen) {
          if (this.events[seen].event !== event) continue;
          const value = parse(this.events[seen].args[0]);
          if (!matches(value)) continue;
          found = { value };
          return true;
        }
        return false;
      },
      `${event} (got ${
        this.events
          .map((entry) => entry.event)
          .slice(-5)
          .join(', ') || 'nothing'
      })`,
      timeoutMs,
    );
    return found.value;
  }

  // Waits for a state that `matches`.
  state(matches = () => true) {
    return this.next('match_data', matches);
  }

  disconnected() {
    return until(() => this.disconnects.at(-1) ?? false, 'a disconnect');
  }

  close() {
    this.socket.disconnect();
  }
}

function parse(text) {
  return typeof text === 'string' ? JSON.parse(text) : text;
}

// The URL of one of a server's ports.
export function urlOf(server, port, tls = false) {
  return `${tls ? 'https' : 'http'}://127.0.0.1:${server.ports[port]}`;
}

// Connects a client to `port` of the server; it is closed when the test is over.
export async function connect(t, server, port, { tls = false, ...options } = {}) {
  const client = new Client(urlOf(server, port, tls), options);
  t.after(() => client.close());
  await client.connected();
  return client;
}
