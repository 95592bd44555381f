// Connections and nothing else: held as many as the server lets be, and tried again where it refuses; or, with `hold` false, opened and
// dropped at full speed.
import { address, drop, ended, isOver, lanes, open } from './wire.mjs';

export async function attack({ ports, until, port = 'output', hold = true, most = 8_000, atOnce = 64 }) {
  const said = { opened: 0, held: 0 };
  const held = [];
  await lanes(atOnce, until, async () => {
    if (held.length >= most) {
      held.splice(0, held.length, ...held.filter((socket) => !ended(socket)));
      if (held.length >= most) return false;
    }
    const socket = await open(ports[port], { from: address(said.opened++) });
    if (hold && socket && !isOver(until)) held.push(socket);
    else drop(socket);
    return socket !== null;
  });
  said.held = held.filter((socket) => !ended(socket)).length;
  held.forEach(drop);
  return said;
}
