// A Socket.IO server as today's servers of the match protocol are built: every viewer of a room gets the whole state as
// one string, compressed per viewer. It takes observers and viewers on one port and broadcasts every 100 ms.
//   socketio_server.mjs FILE    prints the port
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, {
  cors: { origin: '*' },
  perMessageDeflate: { zlibDeflateOptions: { chunkSize: 1024, level: 3 }, zlibInflateOptions: { chunkSize: 10 * 1024 }, threshold: 1024 },
});
// What it broadcasts: the state of a match in FILE, with what observers change in it.
const state = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const matches = new Map();

io.on('connection', (socket) => {
  socket.on('obs_logon', (text) => {
    const { groupCode } = JSON.parse(text);
    matches.set(groupCode, { state: { ...structuredClone(state), groupCode }, changed: false });
    socket.emit('obs_logon_ack', JSON.stringify({ type: 'authenticate', value: true, reason: 'BENCHBENCH12' }));
  });
  socket.on('obs_data', (text) => {
    const { groupCode, type, data } = JSON.parse(text);
    const match = matches.get(groupCode);
    if (match === undefined) return;
    match.changed = true;
    if (type === 'game_mode') match.state.matchType = data;
    if (type === 'scoreboard') Object.assign(match.state.teams[data.startTeam].players[0], { money: data.money, kills: data.kills, deaths: data.deaths, isAlive: data.isAlive });
  });
  socket.on('logon', (text) => {
    const { groupCode } = JSON.parse(text);
    socket.join(groupCode);
    socket.emit('logon_success', JSON.stringify({ groupCode, msg: `Logon succeeded for group code ${groupCode}` }));
    // To this viewer alone, where today's servers send to the whole room: so connecting costs less than theirs.
    if (matches.has(groupCode)) socket.emit('match_data', JSON.stringify(matches.get(groupCode).state));
  });
});
setInterval(() => {
  for (const [code, match] of matches) {
    if (!match.changed) continue;
    match.changed = false;
    io.to(code).emit('match_data', JSON.stringify(match.state));
  }
}, 100);
http.listen(0, '127.0.0.1', () => console.log(http.address().port));
