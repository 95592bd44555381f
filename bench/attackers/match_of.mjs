// What every viewer of a match is told of it: its id, and its players'.
import { delay } from './wire.mjs';

export async function matchOf(ports, code, until) {
  const polling = `http://127.0.0.1:${ports.output}/socket.io/?EIO=4&transport=polling`;
  const get = async (url) => (await fetch(url)).text();
  while (performance.now() < until) {
    const url = `${polling}&sid=${JSON.parse((await get(polling)).slice(1)).sid}`;
    await fetch(url, { method: 'POST', body: '40' });
    await get(url);
    await fetch(url, { method: 'POST', body: `42${JSON.stringify(['logon', JSON.stringify({ groupCode: code })])}` });
    let packet;
    while (!packet) packet = (await get(url)).split('\x1e').find((one) => one.startsWith('42["match_data"'));
    await fetch(url, { method: 'POST', body: '41' });
    const state = JSON.parse(JSON.parse(packet.slice(2))[1]);
    const player = state.teams?.flatMap((team) => team.players)[0];
    if (state.matchId && player) return { matchId: state.matchId, playerId: player.riotId };
    await delay(100);
  }
  return null;
}

// A logon as an auxiliary client's, as a packet.
export function auxiliaryLogon({ matchId, playerId }) {
  const logon = { type: 'aux_authenticate', clientVersion: '0.3.20', name: 'Aux', matchId, playerId };
  return `42${JSON.stringify(['aux_logon', JSON.stringify(logon)])}`;
}
