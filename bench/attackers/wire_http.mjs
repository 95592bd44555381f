// HTTP for attackers: requests as text, and the answers of one connection in their order.
import { ended } from './wire.mjs';

export * from './wire.mjs';

export function requestText(method, path, body = '', { length = Buffer.byteLength(body), headers = {} } = {}) {
  const all = { Host: 'localhost', ...headers, ...(method === 'GET' ? {} : { 'Content-Length': length }) };
  return `${method} ${path} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

// A function that waits for the next whole answer on the socket, as text; null once it has ended.
export function answers(socket) {
  let received = '';
  let wake = () => {};
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1');
    wake();
  });
  socket.on('close', () => wake());
  return async () => {
    for (;;) {
      const head = received.indexOf('\r\n\r\n') + 4;
      const whole = head < 4 ? Infinity : head + Number(/^content-length: *(\d+)/im.exec(received.slice(0, head))?.[1] ?? 0);
      if (received.length >= whole) {
        const answer = received.slice(0, whole);
        received = received.slice(whole);
        return answer;
      }
      if (ended(socket)) return null;
      await new Promise((done) => (wake = done));
    }
  };
}
