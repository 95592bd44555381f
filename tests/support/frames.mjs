// WebSocket frames as bytes (RFC 6455 section 5.2), for what no library would send.

import { createHash, randomBytes } from 'node:crypto';

import { rawConnection } from './http.mjs';
import { until } from './wait.mjs';

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

// A frame as a client sends it: masked unless told otherwise. `length` lies about the payload's length.
export function frame(code, payload = '', { fin = true, masked = true, rsv = 0, length } = {}) {
  const data = Buffer.from(payload);
  const size = length ?? data.length;
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | code];
  const maskBit = masked ? 0x80 : 0;
  if (size < 126) head.push(maskBit | size);
  else if (size < 65536) head.push(maskBit | 126, size >> 8, size & 0xff);
  else {
    const wide = Buffer.alloc(8);
    wide.writeBigUInt64BE(BigInt(size));
    head.push(maskBit | 127, ...wide);
  }
  if (!masked) return Buffer.concat([Buffer.from(head), data]);
  const mask = randomBytes(4);
  return Buffer.concat([Buffer.from(head), mask, data.map((byte, i) => byte ^ mask[i % 4])]);
}

// The whole frames at the start of `bytes`, as a server sends them: {fin, rsv, opcode, masked, payload}.
export function parseFrames(bytes) {
  const frames = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    let size = bytes[at + 1] & 0x7f;
    let start = at + 2;
    if (size === 126) {
      if (bytes.length < at + 4) break;
      size = bytes.readUInt16BE(at + 2);
      start = at + 4;
    } else if (size === 127) {
      if (bytes.length < at + 10) break;
      size = Number(bytes.readBigUInt64BE(at + 2));
      start = at + 10;
    }
    if (bytes.length < start + size) break;
    frames.push({
      fin: (bytes[at] & 0x80) !== 0,
      rsv: (bytes[at] >> 4) & 7,
      opcode: bytes[at] & 0xf,
      masked: (bytes[at + 1] & 0x80) !== 0,
      payload: bytes.subarray(start, start + size),
    });
    at = start + size;
  }
  return frames;
}

export function upgradeRequest(path, changes = {}) {
  const headers = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...changes,
  };
  const lines = Object.entries(headers)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${value}`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

export function acceptOf(key) {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

// A raw connection past its WebSocket handshake. `frames()` are those that arrived; `closeCode()` that of the close
// frame, once there is one.
export async function rawWebSocket(t, port, path, options = {}) {
  const connection = await rawConnection(t, port, options);
  connection.write(upgradeRequest(path, options.headers));
  const end = await until(() => {
    const at = connection.received.indexOf('\r\n\r\n');
    return at >= 0 || connection.ended ? { at } : false;
  }, 'the handshake');
  connection.head = connection.received.subarray(0, end.at).toString('latin1');
  if (!connection.head.startsWith('HTTP/1.1 101')) throw new Error(`no upgrade: ${connection.received}`);
  connection.frames = () => parseFrames(connection.received.subarray(end.at + 4));
  connection.closeCode = () => {
    const close = connection.frames().find((entry) => entry.opcode === opcode.close);
    return close && (close.payload.length >= 2 ? close.payload.readUInt16BE(0) : 1005);
  };
  return connection;
}
