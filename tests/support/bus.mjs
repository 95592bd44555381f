// The realtime bus as its users see it: tokens, players over plain WebSocket, and services over the HTTP API.

import { createHmac, sign } from 'node:crypto';

import WebSocket from 'ws';

import { request } from './http.mjs';
import { until } from './wait.mjs';

export const secret = 'a secret of more than thirty-two bytes';
export const apiKey = 'key of the services';
export const busEnv = { JWT_SECRET: secret, BUS_API_KEY: apiKey };
// For tests that look at the server's memory: AddressSanitizer keeps 256 MB of what was freed otherwise.
export const leanEnv = { ASAN_OPTIONS: 'quarantine_size_mb=1' };

const base64url = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
export const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

// A token. `sign`: the signature of a text as a Buffer, for anything but HS256 with `secret`.
export function token(claims, { header = {}, key = secret, signer } = {}) {
  const text = `${base64url({ alg: 'HS256', typ: 'JWT', ...header })}.${base64url({ exp: inSeconds(600), ...claims })}`;
  const signature = signer ? signer(text) : createHmac('sha256', key).update(text).digest();
  return `${text}.${signature.toString('base64url')}`;
}
export const rs256 = (privateKey) => (text) => sign('sha256', Buffer.from(text), privateKey);
export const es256 = (privateKey) => (text) =>
  sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });

// A client with a memory. `messages` is all that arrived, parsed; `closed` is {code, reason} once it is so.
export class Player {
  constructor(server, { path = '/api/v1/ws', query = {}, headers = {}, deflate = false } = {}) {
    const search = new URLSearchParams(query).toString();
    this.messages = [];
    this.closed = undefined;
    this.refused = undefined; // status of an answer that is no upgrade
    this.socket = new WebSocket(`ws://127.0.0.1:${server.ports.output}${path}${search && `?${search}`}`, {
      headers,
      perMessageDeflate: deflate,
    });
    this.socket.on('message', (data) => this.messages.push(JSON.parse(data.toString())));
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    this.socket.on('unexpected-response', (_, answer) => {
      this.refused = answer.statusCode;
      answer.resume();
    });
    this.socket.on('error', () => {});
  }

  send(message) {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    return this;
  }

  all(type) {
    return this.messages.filter((message) => message.type === type);
  }

  // The message number `count` of a type, arrived already or yet to come.
  async next(type, count = 1) {
    await until(
      () => this.all(type).length >= count || this.closed,
      `${count} of ${type}`,
    );
    const message = this.all(type)[count - 1];
    if (!message) throw new Error(`closed with ${JSON.stringify(this.closed)} before ${type}`);
    return message;
  }

  // Waits until all that was sent to it before has arrived: a message of its own comes behind it.
  async settled() {
    const count = this.all('heartbeat_ack').length;
    this.send({ type: 'heartbeat' });
    await this.next('heartbeat_ack', count + 1);
    return this;
  }

  async end() {
    await until(() => this.closed, 'a close');
    return this.closed;
  }

  get types() {
    return this.messages.map(({ type }) => type);
  }
}

// A client with a good token, closed with the test.
export function openPlayer(t, server, claims, { query = {}, ...options } = {}) {
  const player = new Player(server, { ...options, query: { token: token(claims), ...query } });
  t.after(() => player.socket.terminate());
  return player;
}

// The same once it is in.
export async function player(t, server, claims, options) {
  const opened = openPlayer(t, server, claims, options);
  await opened.next('connected');
  return opened;
}

// A request to the services' API: {status, body}.
export async function api(server, method, path, body, { key = apiKey, headers = {} } = {}) {
  const answer = await request(server, 'extras', `/api/v1/bus${path}`, {
    method,
    headers: { ...(key && { Authorization: `Bearer ${key}` }), ...headers },
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
  });
  const isJson = /json/.test(answer.headers['content-type'] ?? '');
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(answer.body) : answer.body };
}

export const publish = (server, entry, options) => api(server, 'POST', '/publish', entry, options);
