// Plays a test vector (tests/vectors/README.md) against a running server over real connections.

import { randomInt, randomUUID } from 'node:crypto';

import { Client, urlOf } from './client.mjs';
import { differences, Timeline, valueAt } from './expectation.mjs';
import { request } from './http.mjs';
import { delay, until } from './wait.mjs';

const quietMs = 350; // a checkpoint waits until nothing arrived for so long
const settleMs = 60; // between messages on different connections, whose order is certain only so
const awaitMs = 4000;
const patienceMs = 10_000; // for what is still missing at a checkpoint: the machine may be busy with something else

function randomText(letters, length) {
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
}

// The vector with fresh values for its identifiers, so that it can be played beside others and again.
export function withFreshIdentifiers(text) {
  let fresh = text;
  for (const { value, kind } of JSON.parse(text).identifiers) {
    const old = String(value);
    const replacement = {
      'group code': () => randomText('ABCDEFGHJKLMNPQRSTUVWXYZ0123456789', old.length),
      'numeric group code': () => randomText('123456789', old.length),
      'match id': () => randomUUID(),
    }[kind]();
    fresh = fresh.replaceAll(old, replacement);
  }
  return JSON.parse(fresh);
}

// One connection of the vector, and what it got since the last checkpoint.
class Player {
  constructor(url, transport) {
    this.events = []; // since the last checkpoint, without match_data
    this.seen = []; // names of all arrivals ever: {event, at}
    this.states = []; // every match_data ever: {text, at}
    this.statesNow = 0; // of those, since the last checkpoint
    this.lastArrival = 0;
    this.client = new Client(url, { transport });
    const { socket } = this.client;
    socket.onAny((event, ...args) => this.arrived(event, args));
    socket.on('disconnect', (reason) => {
      // Only the server's closing counts, not a `disconnect` step's.
      if (reason !== 'io client disconnect') this.happened('(disconnect)', reason);
    });
    this.settled = new Promise((done) => {
      socket.once('connect', done);
      socket.once('connect_error', (error) => {
        this.happened('(connect_error)', error.message);
        done();
      });
    });
  }

  arrived(event, args) {
    this.lastArrival = performance.now();
    this.seen.push({ event, at: this.lastArrival });
    if (event === 'match_data') {
      this.states.push({ text: args[0], at: Date.now() });
      this.statesNow += 1;
    } else {
      this.events.push({ event, data: JSON.parse(args[0]) });
      if (event === 'obs_logon_ack') this.noteSecret(JSON.parse(args[0]));
    }
  }

  noteSecret(answer) {
    if (answer.value === true) this.secret = answer.reason;
  }

  happened(event, data) {
    this.lastArrival = performance.now();
    this.events.push({ event, data });
  }

  // The first number that ever stood at `path` of its states.
  firstNumber(path) {
    for (const { text } of this.states) {
      const value = valueAt(JSON.parse(text), path);
      if (typeof value === 'number') return value;
    }
    return undefined;
  }

  // When `value` first stood there.
  seenAt(path, value) {
    return this.states.find(({ text }) => valueAt(JSON.parse(text), path) === value)?.at;
  }

  // Whether all that it was to send is with the system, or, over polling, with the server.
  hasSent() {
    return (this.client.socket.io.engine?.writeBuffer.length ?? 0) === 0;
  }
}

// Plays one vector; `transport` is for the connections that do not choose one. Returns the differences found, but for those
// of rates.
export class Exchange {
  constructor(server, vector, transport) {
    this.server = server;
    this.vector = vector;
    this.transport = transport;
    this.timeline = new Timeline();
    this.players = new Map();
    this.marks = new Map();
    this.answers = []; // of HTTP requests since the last checkpoint
    this.mistakes = [];
    this.rates = []; // mistakes, too, but perhaps of a machine that was too busy
    this.lastSender = undefined;
    this.lastEmit = 0;
  }

  async play() {
    try {
      for (const step of this.vector.steps) await this[step.do](step);
      this.endMatches();
      return this.mistakes;
    } finally {
      for (const { client } of this.players.values()) client.close();
    }
  }

  async connect({ client, port, transport = this.transport }) {
    const player = new Player(urlOf(this.server, port), transport);
    this.players.set(client, player);
    await player.settled;
  }

  async emit(step) {
    if (this.lastSender !== undefined && this.lastSender !== step.client) await this.settle();
    this.lastSender = step.client;
    this.sectionBegan ??= performance.now();
    this.lastEmit = performance.now();
    this.timeline.message();
    this.players.get(step.client).client.socket.emit(step.event, this.argument(step));
  }

  argument(step) {
    const filled = (text) => text.replace(/\{\{secret:(\w+)\}\}/g, (_, name) => this.players.get(name).secret);
    if ('payloadText' in step) return filled(step.payloadText);
    if ('payloadValue' in step) return JSON.parse(filled(JSON.stringify(step.payloadValue)));
    return filled(JSON.stringify(step.payload));
  }

  async await({ client, event, fresh }) {
    const player = this.players.get(client);
    const since = fresh ? this.lastEmit : 0;
    // If it never comes, the next checkpoint tells more than this step could.
    await until(() => player.seen.some((entry) => entry.event === event && entry.at >= since), event, awaitMs).catch(
      () => {},
    );
  }

  async wait({ ms }) {
    await delay(ms);
  }

  mark({ name }) {
    this.marks.set(name, performance.now());
  }

  async waitUntil({ mark, ms }) {
    await delay(Math.max(0, this.marks.get(mark) + ms - performance.now()));
  }

  async http({ port, method, path, headers = {}, json, text }) {
    if (this.lastSender !== undefined) await this.settle();
    this.lastSender = undefined;
    const body = json === undefined ? text : JSON.stringify(json);
    const type = json === undefined ? {} : { 'Content-Type': 'application/json' };
    this.answers.push(await request(this.server, port, path, { method, headers: { ...type, ...headers }, body }));
  }

  disconnect({ client }) {
    this.players.get(client).client.close();
  }

  // Until the server has taken what was sent, however busy the machine is: it answers a request that came later.
  async taken() {
    await until(() => [...this.players.values()].every((player) => player.hasSent()), 'the messages to leave');
    await request(this.server, 'extras', '/status');
  }

  async settle() {
    await this.taken();
    await delay(settleMs);
  }

  async checkpoint() {
    const tookMs = performance.now() - (this.sectionBegan ?? performance.now());
    await this.taken();
    this.timeline.taken();
    await this.quiet();
    const expected = this.vector.checkpoints[this.timeline.section];
    let mistakes = this.compare(expected);
    // What is missing may be on its way. Once something is wrong, though, nobody is waited for any more.
    const end = performance.now() + (this.mistakes.length === 0 ? patienceMs : 0);
    while (mistakes.length > 0 && performance.now() < end) {
      await delay(quietMs);
      mistakes = this.compare(expected);
    }
    this.mistakes.push(...mistakes);
    this.compareRates(expected, tookMs);
    this.timeline.checkpoint();
    for (const player of this.players.values()) Object.assign(player, { events: [], statesNow: 0 });
    this.answers = [];
    this.sectionBegan = undefined;
  }

  // The differences between what was expected of a section and what has come until now.
  compare(expected) {
    return [
      ...Object.entries(expected.clients).flatMap(([name, wanted]) =>
        this.compareClient(expected.label, name, wanted),
      ),
      ...(expected.http ?? []).flatMap((wanted, i) => this.compareAnswer(expected.label, wanted, this.answers[i])),
    ];
  }

  async quiet() {
    const begun = performance.now();
    for (;;) {
      const last = Math.max(begun, ...[...this.players.values()].map((player) => player.lastArrival));
      const left = last + quietMs - performance.now();
      if (left <= 0) return;
      await delay(left);
    }
  }

  compareClient(label, name, wanted) {
    const player = this.players.get(name);
    const context = {
      timeline: this.timeline,
      first: (path) => player.firstNumber(path),
      seenAt: (path, value) => player.seenAt(path, value),
    };
    const lines = differences(wanted.events ?? [], player.events, context).map((line) => `events${line}`);
    if (player.client.socket.connected !== wanted.connected) lines.push(`connected: expected ${wanted.connected}`);
    if (wanted.matchData === undefined) {
      if (player.statesNow > 0) lines.push(`match_data: expected none, got ${player.statesNow}`);
    } else if (player.states.length === 0) {
      lines.push('match_data: expected one, got none');
    } else {
      // The last one, new or not: a state that did not change need not be sent.
      lines.push(...differences(wanted.matchData, JSON.parse(player.states.at(-1).text), context));
    }
    return lines.map((line) => `"${label}", ${name}: ${line}`);
  }

  // Waits never end early, but often late, and all the time messages come: more of them in as much more time.
  compareRates({ label, clients }, tookMs) {
    const waitedMs = this.waitedFor();
    for (const [name, { rate }] of Object.entries(clients)) {
      if (rate === undefined) continue;
      const [low, high] = /^(\d+) to (\d+) messages$/.exec(rate).slice(1).map(Number);
      const count = this.players.get(name).statesNow;
      if (count >= low && count <= high * Math.max(1, tookMs / waitedMs)) continue;
      this.rates.push(`"${label}", ${name}: ${rate} expected in ${waitedMs} ms, got ${count} in ${tookMs.toFixed(0)} ms`);
    }
  }

  // What the `wait` steps of this section come to.
  waitedFor() {
    let section = 0;
    let ms = 0;
    for (const step of this.vector.steps) {
      if (step.do === 'checkpoint') section += 1;
      if (step.do === 'wait' && section === this.timeline.section) ms += step.ms;
    }
    return ms;
  }

  compareAnswer(label, { request: asked, status, contentType, body, ...headers }, answer) {
    const type = (answer.headers['content-type'] ?? '').toLowerCase().replaceAll(' ', '');
    const isJson = type.startsWith('application/json');
    const actual = { status: answer.status, contentType: type, body: isJson ? JSON.parse(answer.body) : answer.body };
    for (const name of Object.keys(headers)) actual[name] = answer.headers[name];
    const context = { timeline: this.timeline, first: () => undefined, seenAt: () => undefined };
    return differences({ status, contentType, body, ...headers }, actual, context).map(
      (line) => `"${label}", ${asked}: ${line}`,
    );
  }

  // Ends the matches that the vector began, so that they do not stay on the server.
  endMatches() {
    const codes = this.vector.identifiers.filter(({ kind }) => kind.endsWith('group code')).map(({ value }) => value);
    for (const { client, secret } of this.players.values()) {
      if (secret === undefined || !client.socket.connected) continue;
      for (const groupCode of codes) {
        client.emit('obs_data', {
          obsName: 'x',
          groupCode,
          type: 'round_info',
          data: { roundNumber: 1, roundPhase: 'game_end' },
        });
      }
    }
  }
}
