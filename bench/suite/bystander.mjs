// The observer of a small match that is neither the victim's nor the attacker's.
import { randomUUID } from 'node:crypto';

import { drop, openWebSocket, text } from '../attackers/wire.mjs';
import { key } from './processes.mjs';

const team = (name, attackStart) => ({ name, tricode: name.slice(0, 3).toUpperCase(), url: '', attackStart });
const logon = { type: 'authenticate', clientVersion: '0.3.20', obsName: 'Bystander', key, leftTeam: team('Left', true), rightTeam: team('Right', false), toolsData: {} };
const roster = { name: 'Player', tagline: 'ONE', startTeam: 0, agentInternal: 'Clay', playerId: 'player-0-1', position: 0, locked: true, rank: 0 };

export class Bystander {
  constructor({ ingest }) {
    this.port = ingest;
    this.code = 'BYSTND';
  }

  async begin() {
    this.emit = (name, value) => this.socket.write(text(`42${JSON.stringify([name, JSON.stringify(value)])}`));
    const say = (type, data) => this.emit('obs_data', { obsName: 'Bystander', groupCode: this.code, type, data });
    this.socket = await openWebSocket(this.port, '/socket.io/?EIO=4&transport=websocket', { first: ['40'] });
    this.emit('obs_logon', { ...logon, groupCode: this.code });
    say('match_start', randomUUID());
    say('roster', roster);
    let credits = 0;
    this.events = setInterval(() => say('scoreboard', { ...roster, isAlive: true, money: ++credits, kills: 0, deaths: 0, assists: 0 }), 100);
    return this;
  }

  end() {
    clearInterval(this.events);
    drop(this.socket);
  }
}
