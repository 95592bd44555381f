// A small stand-in for the services outside (backend, supporter check, stats, player cams) that answers as each test
// says, and misbehaves as each test says.

import http from 'node:http';
import https from 'node:https';

import { until } from './wait.mjs';

export class Services {
  constructor({ tls } = {}) {
    this.requests = []; // {method, path, headers, body, at}, in order of arrival
    this.answers = new Map(); // "METHOD path" or "METHOD path*" to an answer, or to a list of them, the last of which stays
    this.connections = 0;
    this.secure = tls !== undefined;
    const take = (request, response) => this.take(request, response);
    this.server = this.secure ? https.createServer(tls, take) : http.createServer(take);
    this.server.on(this.secure ? 'secureConnection' : 'connection', () => ++this.connections);
    this.server.on('clientError', (_, socket) => socket.destroy());
    this.server.on('tlsClientError', () => {});
  }

  async start(t, host = '127.0.0.1') {
    await new Promise((done) => this.server.listen(0, host, done));
    t.after(() => this.stop());
    const { port } = this.server.address();
    this.url = `${this.secure ? 'https' : 'http'}://${this.secure ? 'localhost' : host}:${port}`;
    return this;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(done));
  }

  // An answer is {status, json} or {status, text}, or a function of (request, response) that does what it likes.
  answer(route, ...answers) {
    this.answers.set(route, answers);
    return this;
  }

  find(route) {
    if (this.answers.has(route)) return this.answers.get(route);
    for (const [pattern, answers] of this.answers) {
      if (pattern.endsWith('*') && route.startsWith(pattern.slice(0, -1))) return answers;
    }
    return [{ status: 404, json: { error: 'no such thing' } }];
  }

  async take(request, response) {
    const entry = { method: request.method, path: request.url, headers: request.headers, at: Date.now() };
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    const text = Buffer.concat(chunks).toString();
    entry.body = text === '' ? undefined : JSON.parse(text);
    this.requests.push(entry);
    const answers = this.find(`${entry.method} ${entry.path}`);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (typeof answer === 'function') return answer(entry, response);
    response.writeHead(answer.status ?? 200, { 'Content-Type': 'application/json' });
    response.end(answer.text ?? JSON.stringify(answer.json ?? {}));
  }

  // The requests to a route, "METHOD path" or "METHOD path*".
  to(route) {
    return this.requests.filter(({ method, path }) => {
      const name = `${method} ${path}`;
      return route.endsWith('*') ? name.startsWith(route.slice(0, -1)) : name === route;
    });
  }

  async next(route, count = 1) {
    await until(() => this.to(route).length >= count, `${count} of ${route} (got ${this.requests.map(({ method, path }) => `${method} ${path}`).join(', ')})`);
    return this.to(route)[count - 1];
  }
}

// ---- misbehaviour

export const hang = () => {};
export const closeEarly = (_, response) => response.destroy();
export const closeHalfway = (_, response) => {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1000 });
  response.write('{"id":');
  setTimeout(() => response.destroy(), 20);
};
export const hugeBody = (_, response) => {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.on('error', () => {});
  response.end(`{"id":"org","name":"${'x'.repeat(4_000_000)}"}`);
};
export const noHttp = (_, response) => response.socket.end('220 smtp.example.org ready\r\n');
