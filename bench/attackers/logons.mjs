// Senders that log on and drop, again and again: each leaves a session that may come back.
import { upgradeRequest } from '../../tests/support/frames.mjs';
import { auxiliaryLogon, matchOf } from './match_of.mjs';
import { address, drop, lanes, open, text } from './wire.mjs';

export async function attack({ ports, until, code, connections = 32 }) {
  const who = await matchOf(ports, code, until);
  const path = '/socket.io/?EIO=4&transport=websocket';
  const all = Buffer.concat([Buffer.from(upgradeRequest(path)), text('40'), text(auxiliaryLogon(who))]);
  const said = { who, logons: 0, failed: 0 };
  await lanes(connections, until, async () => {
    const socket = await open(ports.ingest, { from: address(said.logons) });
    if (!socket) return false;
    socket.write(all);
    const answered = await new Promise((done) => {
      let received = '';
      socket.on('data', (bytes) => {
        received += bytes.toString('latin1');
        if (received.includes('aux_logon_ack')) done(received.includes('\\"value\\":true'));
      });
      socket.on('close', () => done(false));
      setTimeout(() => done(false), Math.max(0, until - performance.now())).unref();
    });
    answered ? ++said.logons : ++said.failed;
    drop(socket);
  });
  return said;
}
