// Players who all talk at once in a sector of many, each as fast as the server lets them.
import { createHmac } from 'node:crypto';

import { delay, isOver, openWebSocket, text, write } from './wire.mjs';

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(secret, number) {
  const claims = { sub: `player-${number}`, username: `Player ${number}`, sector_id: 'crowded', exp: Math.floor(Date.now() / 1000) + 600 };
  const head = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(claims)}`;
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`;
}

export async function attack({ ports, until, secret, players = 1_000, talkers = 30, burst = 100 }) {
  const sockets = [];
  for (let i = 0; i < players && !isOver(until); i += 50) {
    const some = Array.from({ length: 50 }, (_, n) => openWebSocket(ports.output, `/api/v1/ws?token=${token(secret, i + n)}`));
    sockets.push(...(await Promise.all(some)).filter(Boolean));
  }
  const words = text(JSON.stringify({ type: 'chat_message', target_type: 'sector', content: 'x'.repeat(200) }));
  const bursts = Buffer.concat(Array(burst).fill(words));
  const said = { players: sockets.length, messages: 0 };
  // What is beyond a player's rate is dropped by the server, and costs it little.
  while (!isOver(until)) {
    const talking = sockets.slice(0, talkers);
    await Promise.all(talking.map((socket) => Promise.race([write(socket, bursts), delay(500)])));
    said.messages += talking.length * burst;
    await delay(250);
  }
  sockets.forEach((socket) => socket.destroy());
  return said;
}
