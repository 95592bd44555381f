// A Socket.IO server as today's servers of the match protocol are built: every viewer of a room gets the whole state as
// one string, compressed per viewer. It takes observers and viewers on one port and broadcasts every 100 ms.
import { createServer } from 'node:http';

import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, {
  cors: { origin: '*' },
  perMessageDeflate: { zlibDeflateOptions: { chunkSize: 1024, level: 3 }, zlibInflateOptions: { chunkSize: 10 * 1024 }, threshold: 1024 },
});
// A state as large and as changing as a match's in its second half.
const players = (team) => Array.from({ length: 5 }, (_, i) => ({
  name: `Player ${team}${i}`, tagline: 'TAG', riotId: `0000-${team}-${i}`, position: i, locked: true, agentProper: 'Omen', isAlive: true,
  health: 100, abilities: { grenade: 1, ability1: 2, ability2: 1 }, kills: i, deaths: i, assists: i, kdRatio: 1, killedPlayerNames: ['a', 'b'],
  currUltPoints: 3, maxUltPoints: 8, ultReady: false, money: 3900, moneySpent: 2900, armorName: 'Heavy', highestWeapon: 'Vandal',
  killsByWeaponsAndAbilities: { TX_Hud_Volcano: 7, TX_Hud_Rifles_Ghost: 3 }, auxiliaryAvailable: { health: false, abilities: false, scoreboard: false },
}));
const teams = [0, 1].map((team) => ({
  teamName: `Team ${team}`, isAttacking: team === 0, roundsWon: 9, players: players(team),
  roundRecord: Array.from({ length: 25 }, (_, i) => ({ type: 'kills', wasAttack: i < 12, round: i + 1 })),
}));
const matches = new Map();

io.on('connection', (socket) => {
  socket.on('obs_logon', (text) => {
    const { groupCode } = JSON.parse(text);
    matches.set(groupCode, { groupCode, teams, matchType: '', changed: false });
    socket.emit('obs_logon_ack', JSON.stringify({ type: 'authenticate', value: true, reason: 'BENCHBENCH12' }));
  });
  socket.on('obs_data', (text) => {
    const { groupCode, type, data } = JSON.parse(text);
    const match = matches.get(groupCode);
    if (match === undefined) return;
    match.changed = true;
    if (type === 'game_mode') match.matchType = data;
    if (type === 'scoreboard') teams[data.startTeam].players[0].money = data.money;
  });
  socket.on('logon', (text) => {
    const { groupCode } = JSON.parse(text);
    socket.join(groupCode);
    socket.emit('logon_success', JSON.stringify({ groupCode, msg: `Logon succeeded for group code ${groupCode}` }));
  });
});
setInterval(() => {
  for (const [code, match] of matches) {
    if (!match.changed) continue;
    match.changed = false;
    io.to(code).emit('match_data', JSON.stringify(match));
  }
}, 100);
http.listen(0, '127.0.0.1', () => console.log(http.address().port));
