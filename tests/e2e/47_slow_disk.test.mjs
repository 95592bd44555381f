// A disk slower than a tick costs the order, journal first and then viewers; never the states.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { metrics } from '../support/http.mjs';
import { groupCode, observer, rosterEntry, scoreboardEntry, viewer } from '../support/match.mjs';
import { binDir, startServer } from '../support/server.mjs';
import { until } from '../support/wait.mjs';

const library = join(binDir, 'slow_disk.so');
// A sanitizer wants to be the first library.
const sanitizers = `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0`;

for (const mode of ['fixed', 'eager']) {
  for (const delay of [50, 120, 300, 2000]) {
    test(`${mode}: viewers get states while every write takes ${delay} ms`, async (t) => {
      assert.ok(existsSync(library));
      const env = { LD_PRELOAD: library, SLOW_DISK_MS: String(delay), ASAN_OPTIONS: sanitizers, TICK_MODE: mode };
      const server = await startServer({ t, env });
      const code = groupCode();
      const sender = await observer(t, server, code);
      const whole = await viewer(t, server, code);
      const changes = await viewer(t, server, code, { logon: { diff: true } });
      sender.send('roster', rosterEntry(0, 1));
      let kills = 0;
      const events = setInterval(() => sender.send('scoreboard', scoreboardEntry(0, 1, { kills: ++kills })), 20);
      t.after(() => clearInterval(events));
      await until(() => whole.all('match_data').length >= 12, 'states of a viewer');
      await until(() => changes.all('match_patch').length >= 12, 'patches of a viewer');
      const late = await viewer(t, server, code);
      await until(() => late.all('match_data').length >= 4, 'states of a viewer that came meanwhile');
      const seen = late.all('match_data').at(-1).teams[0].players[0].kills;
      assert.ok(kills - seen < 50, `${kills - seen} events behind`);
      clearInterval(events);
      const last = kills;
      await late.state((state) => state.teams[0].players[0].kills === last);
      if (delay > 100) assert.ok((await metrics(server)).get('matchbus_journal_late_total') > 0);
    });
  }
}
