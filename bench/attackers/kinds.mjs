// Every kind of attacker by its name: which idea it is made of (a file beside this one, and what it is given), and for a bench or a test what
// the server needs for it.
//
//   title        what it does, for people
//   idea, with   the file and its settings; see each
//   tls, es256   the server takes TLS, or has an EC key for tokens
//   server       more of its options
//   match        another match runs, with one player, and its group code is given as `code`
//   memory       what it wants of the server is memory
//   newcomers    genuine clients try to come in meanwhile, at this port
const socketIo = '/socket.io/?EIO=4&transport=websocket';
const bus = '/api/v1/ws';
const event = ['42["x","', '"]'];
const busMessage = ['{"type":"x","a":"', '"}'];

const ingestBomb = { port: 'ingest', path: socketIo, first: ['40'], around: event };
const viewerBomb = { port: 'output', path: socketIo, first: ['40'], around: event };
const busBomb = { port: 'output', path: bus, first: [], around: busMessage };

export const kinds = {
  nobody: { title: 'nobody: left alone', idea: 'nobody', with: {} },
  bombsIngest: { title: 'ingest without a logon: frames of 1 kB that inflate to 1 MB', idea: 'bombs', with: { ...ingestBomb, size: 990_000 } },
  bombsIngestSmall: { title: 'ingest without a logon: frames of 99 bytes that inflate to 64 kB', idea: 'bombs', with: { ...ingestBomb, size: 64_000 } },
  bombsIngestMany: { title: 'ingest without a logon, 32 connections: frames that inflate to 1 MB', idea: 'bombs', with: { ...ingestBomb, size: 990_000, connections: 32 } },
  bombsViewer: { title: 'a viewer: frames that inflate to 64 kB', idea: 'bombs', with: { ...viewerBomb, size: 64_000 } },
  bombsViewerMany: { title: '32 viewers: frames that inflate to 64 kB', idea: 'bombs', with: { ...viewerBomb, size: 64_000, connections: 32 } },
  busyViewers: { title: '3,000 viewers that have logged on to any code and send a little again and again', idea: 'busyViewers', with: {} },
  bombsBus: { title: "the bus's door without a token, and after its 4401: frames that inflate to 1 MB", idea: 'bombs', with: { ...busBomb, size: 990_000 } },
  bombsBusMany: { title: "the bus's door without a token, 32 connections: frames that inflate to 1 MB", idea: 'bombs', with: { ...busBomb, size: 990_000, connections: 32 } },
  signatures: { title: 'bogus ES256 signatures, 500 at once', idea: 'signatures', with: { atOnce: 500 }, es256: true, newcomers: { port: 'output' } },
  hellos: { title: 'recorded ClientHellos, 1,000 a second, of peers that go at once', idea: 'hellos', with: { perSecond: 1_000 }, tls: true, newcomers: { port: 'output', secure: true } },
  hellosMore: { title: 'recorded ClientHellos, 2,500 a second, of peers that go at once', idea: 'hellos', with: { perSecond: 2_500 }, tls: true, newcomers: { port: 'output', secure: true } },
  hellosStay: { title: 'recorded ClientHellos, 1,000 a second, of peers that stay', idea: 'hellos', with: { perSecond: 1_000, stay: true }, tls: true, memory: true, newcomers: { port: 'output', secure: true } },
  hellosHalf: { title: 'halves of ClientHellos, 3,000 a second, of peers that stay', idea: 'hellos', with: { perSecond: 3_000, stay: true, most: 15_000, bytes: 20 }, tls: true, memory: true, newcomers: { port: 'output', secure: true } },
  chat: { title: "thirty players' chat bursts in a sector of 1,000", idea: 'chat', with: {} },
  unpolled: { title: 'polling sessions never polled, POSTs of 9,800 `40/x,`', idea: 'unpolled', with: {}, memory: true },
  unread: { title: '60 WebSockets that ask for states and read nothing', idea: 'unread', with: {}, match: true, memory: true },
  unreadPackets: { title: '60 WebSockets that send `40/x,` and read nothing', idea: 'unread', with: { packet: '40/x,' }, memory: true },
  unfinished: { title: 'WebSocket messages of 1 MB that never end, 400 connections', idea: 'unfinished', with: {}, memory: true },
  bodies: { title: 'bodies of 1 MB under way, 400 connections, any path of the output port', idea: 'bodies', with: {}, memory: true },
  bodiesIngest: { title: 'bodies of 1 MB under way, 400 connections, any path of the ingest port', idea: 'bodies', with: { port: 'ingest' }, memory: true },
  bodiesExtras: { title: 'bodies of 1 MB under way, 400 connections, any path of the extras port', idea: 'bodies', with: { port: 'extras' }, memory: true },
  pipelined: { title: 'pipelined requests whose answers nobody reads, 500 connections', idea: 'pipelined', with: {}, memory: true },
  events: { title: "a stranger's auxiliary events with members of 1 MB", idea: 'events', with: {}, match: true, memory: true },
  logons: { title: 'auxiliary clients that log on and drop', idea: 'logons', with: {}, match: true, memory: true, newcomers: { port: 'ingest' } },
  keys: { title: 'wrong keys at PUT /createPreview', idea: 'keys', with: {}, newcomers: { port: 'extras' } },
  connections: {
    title: 'connections of viewers up to the limit, held', idea: 'connections', with: { port: 'output', most: 8_000 }, server: ['--max-connections', '5000'], memory: true,
    newcomers: { port: 'extras' },
  },
  connectionsExtras: {
    title: 'connections at the extras port up to the limit, held', idea: 'connections', with: { port: 'extras', most: 8_000 }, server: ['--max-connections', '5000'], memory: true,
    newcomers: { port: 'extras' },
  },
  connectionsChurn: { title: 'connections opened and dropped', idea: 'connections', with: { port: 'output', hold: false }, newcomers: { port: 'extras' } },
};

export async function attack(name, target) {
  const { idea, with: settings } = kinds[name];
  const module = await import(`./${idea}.mjs`);
  return module.attack({ ...settings, ...target });
}
