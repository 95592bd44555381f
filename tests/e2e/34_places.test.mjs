// Places for lost senders: whoever can connect can also drop, and takes none of an observer's.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { test } from 'node:test';

import { Client } from '../support/client.mjs';
import { frame, opcode } from '../support/frames.mjs';
import { metrics } from '../support/http.mjs';
import { groupCode, observer, observerLogon, rosterEntry, viewer } from '../support/match.mjs';
import { proxy } from '../support/proxy.mjs';
import { startServer } from '../support/server.mjs';
import { until, within } from '../support/wait.mjs';

// Connects, says `packets`, and resets the connection once `expected` has come.
function hitAndRun(server, packets, expected) {
  return within(
    new Promise((done, fail) => {
      const socket = net.connect(server.ports.ingest, '127.0.0.1');
      let received = '';
      socket.on('error', fail);
      socket.on('data', (bytes) => {
        received += bytes.toString('latin1');
        if (!received.includes(expected)) return;
        socket.removeAllListeners('error').on('error', () => {}).resetAndDestroy();
        done();
      });
      socket.write(Buffer.concat([
        Buffer.from('GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n'
          + 'Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n'),
        ...packets.map((packet) => frame(opcode.text, packet)),
      ]));
    }),
    'the answer to an intruder',
  );
}

// More of them than there are places for lost senders that are no observers.
test('auxiliary clients that log on and drop by the thousand do not cost an observer its recovery', async (t) => {
  const server = await startServer({ t });
  const code = groupCode();
  const matchId = randomUUID();
  const relay = await proxy(t, server.ports.ingest);
  const sender = new Client(`http://127.0.0.1:${relay.port}`, {
    transport: 'websocket', reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 50,
  });
  t.after(() => sender.close());
  await sender.connected();
  sender.send = (type, data) => sender.emit('obs_data', { obsName: 'O', groupCode: code, type, data });
  sender.emit('obs_logon', observerLogon(code));
  await sender.next('obs_logon_ack');
  sender.send('match_start', matchId);
  // Theirs are spread over several matches, since those of one have few places together.
  const others = [];
  for (let i = 0; i < 3; ++i) {
    const id = randomUUID();
    const other = await observer(t, server, groupCode());
    other.send('match_start', id);
    others.push(id);
  }
  const figure = async (name) => (await metrics(server)).get(name);
  await until(async () => (await figure('matchbus_events_total{result="applied"}')) === 4, 'the ids of all matches');

  const ids = [matchId, ...others];
  const intrude = (number) => hitAndRun(server, ['40', `42["aux_logon",${JSON.stringify(JSON.stringify({
    type: 'aux_authenticate', clientVersion: '0.3.20', name: 'x', matchId: ids[number % ids.length], playerId: `${number}`,
  }))}]`], 'aux_logon_ack');
  for (let number = 0; number < 10_050; number += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, i) => intrude(number + i)));
  }
  assert.equal(await figure('matchbus_logons_total'), 10_054);

  relay.cut();
  await until(() => sender.socket.connected && relay.accepted === 2, 'the observer to be back');
  assert.equal(sender.socket.recovered, true);
  sender.send('roster', rosterEntry(0, 1));
  const overlay = await viewer(t, server, code);
  await overlay.state((state) => state.teams[0].players.length === 1);
  assert.ok((await figure('matchbus_ingest_sockets_suspended')) <= 32 * ids.length);
  const lines = server.output.split('\n').length;
  assert.ok(lines < 200, `${lines} lines of 20,100 logons and drops`);
});
