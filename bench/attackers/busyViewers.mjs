// Viewers that have logged on, each to a group code of its own making, and send a little, again and again: no single one is much to read.
import { delay, drop, ended, isOver, lanes, openWebSocket, text } from './wire.mjs';

const viewer = '/socket.io/?EIO=4&transport=websocket';
const logon = (code) => `42${JSON.stringify(['logon', JSON.stringify({ groupCode: code })])}`;

export async function attack({ ports, until, connections = 3_000, message = '42["x"]', atOnce = 10 }) {
  const burst = Buffer.concat(Array(atOnce).fill(text(message)));
  const said = { opened: 0, bytes: 0 };
  const sockets = [];
  // So many open at a time; each goes on to the next.
  await lanes(48, until, async () => {
    if (said.opened >= connections) return delay(50);
    const socket = await openWebSocket(ports.output, viewer, { first: ['40', logon(`nobody-${said.opened++}`)] });
    if (socket) sockets.push(socket);
    if (said.opened < connections) return true;
    for (const one of sockets.splice(0)) speak(one, burst, until, said);
    return true;
  });
  sockets.forEach(drop);
  return said;
}

// Waits for what was sent to be taken, as whoever floods has to.
async function speak(socket, burst, until, said) {
  while (!isOver(until) && !ended(socket)) {
    said.bytes += burst.length;
    if (!socket.write(burst)) await Promise.race([new Promise((done) => socket.once('drain', done)), delay(100)]);
    await delay(5);
  }
  drop(socket);
}
