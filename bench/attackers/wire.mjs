// What attackers have in common: raw sockets to loopback, buffers made beforehand that are written as fast as the server takes them,
// and an end in time. Nothing here throws over a connection that breaks: the next one follows.
import { connect } from 'node:net';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';

import { frame, opcode, upgradeRequest } from '../../tests/support/frames.mjs';

export { delay, turn };
export const isOver = (until) => performance.now() >= until;

// Connections may come from any address of 127.0.0.0/8: one address has only so many ports.
export const address = (number) => `127.0.${1 + Math.floor(number / 250) % 250}.${1 + (number % 250)}`;

// A connection, or null. What arrives is dropped unless somebody listens for it.
export function open(port, { from } = {}) {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: from, noDelay: true });
    socket.on('error', () => done(null));
    socket.on('close', () => done(null));
    socket.once('connect', () => done(socket.resume()));
  });
}

// Ends it without leaving a port in TIME_WAIT on this side.
export const drop = (socket) => socket?.resetAndDestroy();

export const ended = (socket) => socket.destroyed || socket.closed || socket.readableEnded || !socket.writable;

// Writes once; resolves when the kernel has it all, or the socket has ended.
export function write(socket, bytes) {
  if (ended(socket)) return Promise.resolve(false);
  return new Promise((done) => {
    const end = () => done(false);
    socket.once('close', end);
    socket.write(bytes, (error) => {
      socket.off('close', end);
      done(!error);
    });
  });
}

// Writes the same bytes again and again until the time is over or the connection is; tells how many went out.
export async function pump(socket, bytes, until) {
  const stop = setTimeout(() => drop(socket), Math.max(0, until - performance.now()));
  let sent = 0;
  while (!isOver(until) && (await write(socket, bytes))) sent += bytes.length;
  clearTimeout(stop);
  return sent;
}

// A connection past the WebSocket handshake, or null. `first`: text messages, sent right behind the request.
export async function openWebSocket(port, path, { from, deflate = false, headers = {}, first = [] } = {}) {
  const socket = await open(port, { from });
  if (!socket) return null;
  const offer = deflate ? { 'Sec-WebSocket-Extensions': 'permessage-deflate' } : {};
  socket.write(Buffer.concat([Buffer.from(upgradeRequest(path, { ...offer, ...headers })), ...first.map(text)]));
  const answer = await new Promise((done) => {
    socket.once('data', (bytes) => done(bytes.toString('latin1', 0, 12)));
    socket.once('close', () => done(''));
  });
  if (answer === 'HTTP/1.1 101') return socket;
  drop(socket);
  return null;
}

export const text = (message, options) => frame(opcode.text, message, options);

// As many lanes at once, each of which does `one(lane)` again and again until the time is over.
export async function lanes(count, until, one) {
  const lane = async (number) => {
    while (!isOver(until)) {
      // Refused at once, it must not keep the program from everything else.
      if ((await one(number)) === false) await delay(2);
      else await turn();
    }
  };
  await Promise.all(Array.from({ length: count }, (_, number) => lane(number)));
}
