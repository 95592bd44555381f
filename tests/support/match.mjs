// What observers and overlays say: logons and events of the match pipeline, and clients that have logged on.

import { randomInt } from 'node:crypto';

import { connect } from './client.mjs';

export function groupCode() {
  return Array.from({ length: 6 }, () => 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789'[randomInt(34)]).join('');
}

export const leftTeam = { name: 'Alpha Wolves', tricode: 'ALW', url: 'https://example.org/a.webp', attackStart: true };
export const rightTeam = { name: 'Beta Bears', tricode: 'BBR', url: 'https://example.org/b.webp', attackStart: false };

export function observerLogon(code, changes = {}) {
  return {
    type: 'authenticate',
    clientVersion: '0.3.20',
    obsName: 'Observer One',
    key: 'testkey',
    groupCode: code,
    leftTeam,
    rightTeam,
    toolsData: {},
    ...changes,
  };
}

// Connects an observer and logs it on. It has `secret`, and `send(type, data)` for events.
export async function observer(t, server, code, { logon = {}, ...options } = {}) {
  const client = await connect(t, server, 'ingest', options);
  client.send = (type, data) => client.emit('obs_data', { obsName: 'Observer One', groupCode: code, type, data });
  client.emit('obs_logon', observerLogon(code, logon));
  const answer = await client.next('obs_logon_ack');
  if (answer.value !== true) throw new Error(`logon refused: ${answer.reason}`);
  client.secret = answer.reason;
  return client;
}

// Connects an overlay and logs it on; `prepare` is called with it in between.
export async function viewer(t, server, code, options = {}) {
  const client = await connect(t, server, 'output', options);
  options.prepare?.(client);
  client.emit('logon', { groupCode: code, ...options.logon });
  await client.next('logon_success');
  return client;
}

export function rosterEntry(team, number, changes = {}) {
  return {
    name: `${team === 0 ? 'Lefty' : 'Righty'} ${number}`,
    tagline: `T${team}${number}`,
    startTeam: team,
    agentInternal: 'Clay',
    playerId: `player-${team}-${number}`,
    position: number,
    locked: true,
    rank: 0,
    ...changes,
  };
}

export function scoreboardEntry(team, number, changes = {}) {
  return {
    name: `${team === 0 ? 'Lefty' : 'Righty'} ${number}`,
    tagline: `T${team}${number}`,
    playerId: `player-${team}-${number}`,
    startTeam: team,
    agentInternal: 'Clay',
    isAlive: true,
    initialArmor: 0,
    scoreboardWeaponInternal: '',
    currUltPoints: 0,
    maxUltPoints: 7,
    hasSpike: false,
    money: 800,
    kills: 0,
    deaths: 0,
    assists: 0,
    ...changes,
  };
}
