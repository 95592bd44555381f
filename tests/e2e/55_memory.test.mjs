// A machine of 256 MB, and one anonymous client that wants all of it: the server lives, those who watch a match notice nothing, and others
// come in afterwards.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { kinds } from '../../bench/attackers/kinds.mjs';
import { attack } from '../support/attack.mjs';
import { busEnv, leanEnv } from '../support/bus.mjs';
import { groupCode, observer, rosterEntry, scoreboardEntry, viewer } from '../support/match.mjs';
import { peakOf, startSmallServer } from '../support/small_memory.mjs';

// Sanitizers take several times as much themselves.
const scale = process.env.MATCHBUS_SANITIZED === '1' ? 6 : 1;
const machine = scale * 256 * 1024 * 1024;
const seconds = 4;
const bounds = ['--max-memory', String(scale * 100_000_000)];

async function startMatch(t, server) {
  const code = groupCode();
  const sender = await observer(t, server, code, { transport: 'websocket' });
  sender.send('match_start', `match-${code}`);
  sender.send('roster', rosterEntry(0, 1));
  const overlay = await viewer(t, server, code, { transport: 'websocket' });
  return { code, sender, overlay };
}

for (const [name, settings] of [
  ['unpolled', {}],
  ['unpolled', { port: 'ingest' }],
  ['unreadPackets', {}],
  ['unfinished', {}],
  ['bodies', {}],
  ['bodiesIngest', {}],
  ['bodiesExtras', {}],
  ['pipelined', { connections: 2_500, path: '/metrics' }],
  ['pipelined', { connections: 2_500, port: 'output', path: '/nothing' }],
  ['events', {}],
  ['hellosHalf', {}],
]) {
  const more = Object.entries(settings).map(([key, value]) => `, ${key} ${value}`).join('');
  test(`${kinds[name].title}${more}`, async (t) => {
    const server = await startSmallServer(t, machine, { env: { ...busEnv, ...leanEnv }, args: bounds, insecure: !kinds[name].tls });
    const { sender, overlay } = await startMatch(t, server);
    // Another's match, where the attacker needs one.
    const other = kinds[name].match ? await startMatch(t, server) : undefined;
    let kills = 0;
    const events = setInterval(() => sender.send('scoreboard', scoreboardEntry(0, 1, { kills: ++kills })), 100);
    t.after(() => clearInterval(events));
    const said = await attack(t, name, server, seconds, { ...(other && { code: other.code }), ...settings });
    clearInterval(events);
    t.diagnostic(`${said}; peak of ${(peakOf(server) / 1e6).toFixed(0)} MB resident, limited by ${server.how}`);
    assert.equal(server.result, undefined, server.output.slice(-2_000));
    assert.deepEqual([...sender.disconnects, ...overlay.disconnects], []);
    const last = (state) => state.teams[0].players[0]?.kills === kills;
    await overlay.state(last);
    const { overlay: late } = await startMatch(t, server);
    await late.state();
  });
}
