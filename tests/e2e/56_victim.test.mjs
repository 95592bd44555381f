// What somebody else's match notices of anonymous clients who ask for as much of the server's time as they can: its states go on coming. How many
// and how evenly is a benchmark's to say ("beside an attacker"); without turns and bounds one in ten came, or none.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { kinds } from '../../bench/attackers/kinds.mjs';
import { attack } from '../support/attack.mjs';
import { busEnv } from '../support/bus.mjs';
import { groupCode, observer, rosterEntry, scoreboardEntry, viewer } from '../support/match.mjs';
import { startServer, temporaryDirectory } from '../support/server.mjs';

const seconds = 3;
const least = seconds * 4; // of ten a second

for (const name of ['bombsIngestMany', 'bombsViewerMany', 'bombsBusMany', 'busyViewers', 'signatures', 'chat']) {
  test(`${kinds[name].title}`, async (t) => {
    const file = join(temporaryDirectory(), 'tokens.pem');
    writeFileSync(file, generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }));
    const env = kinds[name].es256 ? { ...busEnv, JWT_SECRET: '', JWT_PUBLIC_KEY: file } : busEnv;
    const server = await startServer({ t, env });
    const code = groupCode();
    const sender = await observer(t, server, code, { transport: 'websocket' });
    const overlay = await viewer(t, server, code, { transport: 'websocket' });
    sender.send('roster', rosterEntry(0, 1));
    await overlay.state((state) => state.teams[0].players.length === 1);
    let kills = 0;
    const events = setInterval(() => sender.send('scoreboard', scoreboardEntry(0, 1, { kills: ++kills })), 50);
    t.after(() => clearInterval(events));
    const before = overlay.all('match_data').length;
    const said = await attack(t, name, server, seconds);
    const got = overlay.all('match_data').length - before;
    clearInterval(events);
    t.diagnostic(`${got} states of ${10 * seconds}; ${said}`);
    assert.ok(got >= least, `${got} states of ${10 * seconds}`);
    assert.deepEqual([...sender.disconnects, ...overlay.disconnects], []);
    await overlay.state((state) => state.teams[0].players[0]?.kills === kills);
  });
}
