// Beside an attacker: what viewers of a match get while somebody else does the server harm at full speed, one kind after another.
//
// The victims are two viewers, one of whole states and one of patches, each of a match of its own with a simulated observer, so that 10 states a
// second are due. The attacker is a process of its own; it begins before the measuring and goes on beyond it.
import { generateKeyPairSync } from 'node:crypto';
import { closeSync, openSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { kinds } from '../attackers/kinds.mjs';
import { Bystander } from './bystander.mjs';
import { Newcomers } from './newcomers.mjs';
import { sleep } from './processes.mjs';

const program = join(dirname(fileURLToPath(import.meta.url)), '../attackers/attack.mjs');
const seconds = 5; // of measuring
const settle = 1.6;
const leastRate = 9.5;
const longestGapMs = 250;
const longestWaitMs = 1000; // for genuine clients to come in

const count = (value) => value.toLocaleString('en');
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

// Of /proc: bytes now and at most; null once it has ended.
function memoryOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)[1]);
    return { resident: field('VmRSS'), peak: field('VmHWM') };
  } catch {
    return null;
  }
}

function sizeOf(folder) {
  return readdirSync(folder, { recursive: true }).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

async function journalsGivenUp(server) {
  try {
    const answer = await fetch(`http://127.0.0.1:${server.extras}/metrics`, { signal: AbortSignal.timeout(5_000) });
    return Number(/^matchbus_journal_given_up_total (\d+)/m.exec(await answer.text())[1]);
  } catch {
    return 0; // it has ended, or does not answer: told by other figures
  }
}

export class Beside {
  constructor(processes, results) {
    this.processes = processes;
    this.results = results;
  }

  async run() {
    this.results.ways.push(`beside an attacker: two viewers over WebSocket (whole states; patches) of a match each, for ${seconds} s, while one attacker in Node works at full speed; the fewer states a second and the longer gap of the two count`);
    for (const name of Object.keys(kinds)) await this.measure(name);
  }

  // The server for a kind.
  async start({ tls, es256, server = [] }) {
    const args = ['--log-level', 'info', ...server];
    if (tls) args.push('--insecure=false');
    if (es256) {
      const file = join(this.processes.scratch, 'tokens.pem');
      writeFileSync(file, generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }));
      args.push('--jwt-public-key', file, '--jwt-secret', '');
    }
    const log = join(this.processes.scratch, `log-${this.processes.servers + 1}`);
    const descriptor = openSync(log, 'w');
    const child = await this.processes.startServerWith({ stdio: ['ignore', 'pipe', descriptor] }, ...args);
    closeSync(descriptor);
    return Object.assign(child, { log });
  }

  // One viewer and its observer; its report comes with `ended`.
  victim(server, ...args) {
    return this.processes.startLoad(server, '--viewers', 1, '--plain', '--seconds', seconds, '--settle', settle, '--connect-limit', 10, ...args);
  }

  async measure(name) {
    const kind = kinds[name];
    const server = await this.start(kind);
    let bystander;
    try {
      const victims = [this.victim(server), this.victim(server, '--diff')];
      const settings = [`secret=${this.processes.secret}`];
      if (kind.match) {
        bystander = await new Bystander(server).begin();
        settings.push(`code=${bystander.code}`);
      }
      await sleep(500);
      const attacker = this.processes.start(process.execPath, [program, name, server.portsFile, String(settle + seconds + 0.5), ...settings]);
      const newcomers = kind.newcomers && new Newcomers(server, kind.newcomers).begin();
      await sleep(1000 * (settle + seconds));
      const memory = memoryOf(server.pid);
      const came = await newcomers?.end();
      await Promise.all([attacker, ...victims].map(({ ended }) => ended));
      const journals = await journalsGivenUp(server);
      const lines = readFileSync(server.log, 'utf8').split('\n').length - 1;
      this.report(name, { victims, attacker, memory, after: memoryOf(server.pid), came, lines, journals, disk: sizeOf(server.dataDir) });
    } finally {
      bystander?.end();
      await this.processes.stop(server);
    }
  }

  report(name, { victims, attacker, memory, after, came, lines, journals, disk }) {
    const { title, memory: wantsMemory } = kinds[name];
    const reports = victims.map((victim) => JSON.parse(victim.lines));
    const rate = Math.min(...reports.map(({ messages, measureSeconds }) => messages / measureSeconds));
    // One that got nothing at all has no gap to be measured.
    const gap = Math.max(...reports.map(({ messages, measureSeconds, longestSilenceMs }) => (messages === 0 ? 1000 * measureSeconds : longestSilenceMs)));
    const lost = reports.reduce((sum, report) => sum + report.lost + report.failed, 0);
    const cpu = Math.max(...reports.map(({ cpuShare }) => cpuShare ?? 0));
    const parts = [`${rate.toFixed(1)} states/s, longest gap ${gap.toFixed(0)} ms`, `${(100 * cpu).toFixed(0)}% of a core`];
    if (lost > 0) parts.push(`**${lost} of 2 viewers lost**`);
    if (memory === null || after === null) parts.push('**the server has ended**');
    else if (wantsMemory) parts.push(`peak of ${megabytes(after.peak)} resident, ${megabytes(after.resident)} once it is over`);
    if (came) parts.push(came.text);
    if (lines > 100) parts.push(`${count(lines)} lines logged`);
    if (disk > 10e6) parts.push(`${megabytes(disk)} on the disk`);
    if (journals > 0) parts.push(`**${journals} journal${journals > 1 ? 's' : ''} given up**`);
    const welcome = came === undefined || (came.longest <= longestWaitMs && came.failed === 0);
    const met = rate >= leastRate && gap <= longestGapMs && lost === 0 && after !== null && welcome && journals === 0;
    this.results.goal(`beside ${title}`, `at least ${leastRate} states/s, no gap over ${longestGapMs} ms${came ? `, all in within ${longestWaitMs} ms` : ''}`, parts.join('; '), met);
    if (process.env.BENCH_VERBOSE) console.log(`        ${attacker.lines.trim() || 'the attacker said nothing'}`);
  }
}

// A part for each kind, for --only: besideBombsIngest and so on.
for (const name of Object.keys(kinds)) {
  Beside.prototype[`beside${name[0].toUpperCase()}${name.slice(1)}`] = function one() {
    return this.measure(name);
  };
}
