// HTTP as a program speaks it (request) and as bytes on a socket (exchange).

import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';

import { until, within } from './wait.mjs';

// One request on a connection of its own: {status, headers, body}.
export function request(
  server,
  port,
  path,
  { method = 'GET', headers = {}, body, secure = false, agent = false } = {},
) {
  const client = secure ? https : http;
  return within(
    new Promise((done, fail) => {
      const message = client.request(
        {
          host: '127.0.0.1',
          port: server.ports[port],
          path,
          method,
          headers,
          agent,
          rejectUnauthorized: false,
        },
        (answer) => {
          const chunks = [];
          answer.on('data', (chunk) => chunks.push(chunk));
          answer.on('error', fail);
          answer.on('end', () =>
            done({
              status: answer.statusCode,
              headers: answer.headers,
              body: Buffer.concat(chunks).toString(),
            }),
          );
        },
      );
      message.on('error', fail);
      message.end(body);
    }),
    `the answer to ${method} ${path}`,
  );
}

export async function getJson(server, port, path, options) {
  const answer = await request(server, port, path, options);
  if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body);
}

// The figures of /metrics: Map of name (with labels, if any) to number.
export async function metrics(server, options) {
  const answer = await request(server, 'extras', '/metrics', options);
  if (answer.status !== 200) throw new Error(`GET /metrics: ${answer.status} ${answer.body}`);
  return parseMetrics(answer.body);
}

export function parseMetrics(text) {
  const values = new Map();
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*(?:\{[^}]*\})?) (\S+)$/.exec(line);
    if (match) values.set(match[1], Number(match[2]));
  }
  return values;
}

// A bare connection: what is written is exactly what the server gets. `received` grows as bytes arrive.
export class RawConnection {
  constructor(port, { secure = false, ...options } = {}) {
    this.received = Buffer.alloc(0);
    this.ended = false;
    const connected = secure ? 'secureConnect' : 'connect';
    this.socket = secure
      ? tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options })
      : net.connect({ host: '127.0.0.1', port, ...options });
    this.ready = within(
      new Promise((done, fail) => {
        this.socket.once(connected, done);
        this.socket.once('error', fail);
      }),
      'a connection',
    );
    this.ready.catch(() => {});
    this.socket.on('data', (bytes) => {
      this.received = Buffer.concat([this.received, bytes]);
    });
    // A reset is an end too; tests look at what was received before.
    this.socket.on('error', () => {});
    this.closed = new Promise((done) => this.socket.on('close', done));
    this.socket.on('close', () => {
      this.ended = true;
    });
  }

  write(bytes) {
    this.socket.write(bytes);
    return this;
  }

  destroy() {
    this.socket.destroy();
  }
}

export async function rawConnection(t, port, options) {
  const connection = new RawConnection(port, options);
  t.after(() => connection.destroy());
  await connection.ready;
  return connection;
}

// Writes bytes and returns what the server says until its answer is whole (head and Content-Length) or it closes.
export async function answerTo(t, port, bytes, options) {
  const connection = await rawConnection(t, port, options);
  connection.write(bytes);
  return until(() => {
    const text = connection.received.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    if (connection.ended) return text || '(closed without an answer)';
    if (end < 0) return false;
    const length = Number(/^content-length: *(\d+)/im.exec(text.slice(0, end))?.[1] ?? 0);
    return text.length >= end + 4 + length && text;
  }, 'an answer');
}

// Writes bytes, waits until the server closes, and returns all it said.
export async function exchange(t, port, bytes, options) {
  const connection = await rawConnection(t, port, options);
  connection.write(bytes);
  await within(connection.closed, 'the server to close');
  return connection.received.toString('latin1');
}
