// Tokens with ES256 signatures that somebody made up: each costs the server an elliptic curve and the attacker nothing. So many connections say
// theirs at once, and then again.
import { randomBytes } from 'node:crypto';

import { upgradeRequest } from '../../tests/support/frames.mjs';
import { drop, isOver, open, turn } from './wire.mjs';

const base64url = (value) => Buffer.from(value).toString('base64url');

export function forged(number) {
  const head = base64url(JSON.stringify({ alg: 'ES256', typ: 'JWT' }));
  const claims = base64url(JSON.stringify({ sub: `nobody-${number}`, exp: Math.floor(Date.now() / 1000) + 600 }));
  // Numbers under the order of the curve, so that they are not refused for their size.
  const signature = randomBytes(64);
  signature[0] = signature[32] = 0x7f;
  return `${head}.${claims}.${signature.toString('base64url')}`;
}

export async function attack({ ports, until, atOnce = 500 }) {
  const said = { signatures: 0, rounds: 0 };
  while (!isOver(until)) {
    const sockets = (await Promise.all(Array.from({ length: atOnce }, () => open(ports.output)))).filter(Boolean);
    for (const socket of sockets) socket.write(upgradeRequest(`/api/v1/ws?token=${forged(++said.signatures)}`));
    ++said.rounds;
    const all = Promise.all(sockets.map((socket) => new Promise((done) => socket.once('data', done).once('close', done))));
    const late = new Promise((done) => setTimeout(done, Math.max(0, until - performance.now())).unref());
    await Promise.race([all, late]);
    sockets.forEach(drop);
    await turn();
  }
  return said;
}
