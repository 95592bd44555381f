// A logon that the server has said yes to outlives the server, whatever moment it is killed at; a disk that does not
// answer delays that yes, but not for ever.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { Client, urlOf } from '../support/client.mjs';
import { groupCode, observer, observerLogon } from '../support/match.mjs';
import { binDir, startServer } from '../support/server.mjs';
import { delay } from '../support/wait.mjs';

const lives = 8;
const observers = 12;

test('every acknowledged logon survives a kill in the moment of its acknowledgement', async (t) => {
  let server = await startServer();
  t.after(() => server.stop('SIGKILL'));
  let acknowledged = 0;
  let unanswered = 0;
  for (let life = 0; life < lives; ++life) {
    const clients = await Promise.all(
      Array.from({ length: observers }, () =>
        new Client(urlOf(server, 'ingest'), { transport: 'websocket' }).connected(),
      ),
    );
    const secrets = new Map();
    // Killed by the first, the third, ... of the acknowledgements, while the others are on their way.
    const lastOne = 1 + 2 * (life % (observers / 2));
    const killed = new Promise((done) => {
      for (const client of clients) {
        client.code = groupCode();
        client.socket.on('obs_logon_ack', (text) => {
          const answer = JSON.parse(text);
          assert.equal(answer.value, true, answer.reason);
          secrets.set(client.code, answer.reason);
          if (secrets.size === lastOne) {
            server.signal('SIGKILL');
            done();
          }
        });
      }
    });
    for (const client of clients) {
      client.emit('obs_logon', observerLogon(client.code));
      if (life % 2 === 1) await delay(3);
    }
    await killed;
    await server.ended;
    await delay(20); // what was under way counts as acknowledged
    for (const client of clients) client.close();
    acknowledged += secrets.size;
    unanswered += observers - secrets.size;

    server = await startServer({ cwd: server.cwd, dataDir: server.dataDir });
    for (const [code, secret] of secrets) {
      const sender = await observer(t, server, code, { logon: { groupSecret: secret } });
      assert.equal(sender.secret, 'reconnected', `${code} of life ${life} is not known any more`);
      sender.close();
    }
  }
  assert.ok(acknowledged >= lives, `${acknowledged} acknowledged, ${unanswered} not`);
});

test('a disk that takes 2 seconds for a write holds no logon for longer', async (t) => {
  const env = {
    LD_PRELOAD: join(binDir, 'slow_disk.so'),
    SLOW_DISK_MS: '2000',
    ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0`,
  };
  const server = await startServer({ t, env });
  const start = performance.now();
  // The second batch starts when the first is done.
  await observer(t, server, groupCode());
  await observer(t, server, groupCode());
  assert.ok(performance.now() - start < 3_500, `${performance.now() - start} ms`);
  assert.match(server.output, /acknowledged before/);
});
