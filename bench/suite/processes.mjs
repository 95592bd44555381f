// The processes of a benchmark run: servers on ephemeral loopback ports, load generators, and their end.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const key = 'key of the benchmark';
const secret = 'what the tokens of players are signed with';
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export async function until(condition) {
  for (let i = 0; i < 500; ++i) {
    const value = condition();
    if (value) return value;
    await sleep(20);
  }
  throw new Error('waited in vain');
}

export class Processes {
  constructor(bin) {
    this.bin = bin;
    this.scratch = mkdtempSync(join(tmpdir(), 'matchbus-bench-'));
    this.children = new Set();
    this.servers = 0;
    this.secret = secret;
    process.on('exit', () => {
      for (const child of this.children) child.kill('SIGKILL');
      rmSync(this.scratch, { recursive: true, force: true });
    });
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
  }

  start(command, args, options = {}) {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
    this.children.add(child);
    child.lines = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (child.lines += text));
    child.ended = new Promise((done) => child.on('close', () => (this.children.delete(child), done())));
    return child;
  }

  async stop(child) {
    child.kill('SIGTERM');
    await child.ended;
  }

  startServer(...args) {
    return this.startServerWith({}, ...args);
  }

  // `options`: more of those of the process.
  async startServerWith(options, ...args) {
    const ports = join(this.scratch, `ports-${++this.servers}`);
    const dataDir = join(this.scratch, `data-${this.servers}`);
    const child = this.start(join(this.bin, 'matchbus'), ['--insecure', '--bind', '127.0.0.1', '--ingest-port', '0', '--output-port', '0',
      '--extras-port', '0', '--ports-file', ports, '--data-dir', dataDir, '--log-level', 'error', ...args],
    { env: { PATH: process.env.PATH, AUTH_KEY: key, JWT_SECRET: secret, BUS_API_KEY: key }, ...options });
    await until(() => existsSync(ports));
    return Object.assign(child, JSON.parse(readFileSync(ports, 'utf8')), { portsFile: ports, dataDir });
  }

  // A load; its report.
  async load(...args) {
    const child = this.start(join(this.bin, 'matchbus-load'), ['--json', '--quiet', ...args.map(String)], { env: { ...process.env, JWT_SECRET: secret } });
    await child.ended;
    if (child.lines === '') throw new Error(`no report of matchbus-load ${args.join(' ')}`);
    return JSON.parse(child.lines);
  }

  // The same on a server of the match protocol, with its output port, its ingest port and its process.
  loadServer(server, ...args) {
    return this.load(...this.at(server), ...args);
  }

  // The same, but only started.
  startLoad(server, ...args) {
    return this.start(join(this.bin, 'matchbus-load'), ['--json', '--quiet', ...this.at(server), ...args].map(String));
  }

  at(server) {
    return ['--port', server.output, '--ingest', `ws://127.0.0.1:${server.ingest}`, '--key', key, '--pid', server.pid];
  }

  // Players of the bus on a server of their own.
  measureBus(serverArgs, ...args) {
    return this.measureWith((server) => this.load('--kind', 'bus', '--port', server.output, '--api', `http://127.0.0.1:${server.extras}`, '--api-key', key, '--pid', server.pid, ...args), serverArgs);
  }

  // The same on a server of its own.
  measure(serverArgs, ...args) {
    return this.measureWith((server) => this.loadServer(server, ...args), serverArgs);
  }

  // A load on a server that is started for it. The report gets `longestTurn` of the server's loop while it measured: milliseconds by the clock
  // (`ms`) and of CPU time (`cpuMs`), not necessarily of the same turn.
  async measureWith(load, serverArgs) {
    const server = await this.startServer(...serverArgs);
    try {
      const loading = load(server);
      const watch = setInterval(() => this.longestTurn(server).then((turn) => turns.push(turn)).catch(() => {}), 1000);
      const turns = [];
      const report = await loading.finally(() => clearInterval(watch));
      // While connecting the server does something else.
      const measured = turns.slice(Math.ceil(report.connectSeconds) + 1);
      const most = (figure) => Math.max(0, ...measured.map((turn) => turn[figure]));
      report.longestTurn = { ms: most('ms'), cpuMs: most('cpuMs') };
      return report;
    } finally {
      await this.stop(server);
    }
  }

  // Since it was asked last.
  async longestTurn(server) {
    const text = await (await fetch(`http://127.0.0.1:${server.extras}/metrics`)).text();
    const figure = (name) => 1000 * Number(new RegExp(`^matchbus_loop_longest_turn_${name} (\\S+)`, 'm').exec(text)[1]);
    return { ms: figure('seconds'), cpuMs: figure('cpu_seconds') };
  }

  // The bare send() loop with as many connections and bytes.
  async floor(viewers, bytes, seconds, periodMs = 100) {
    const size = Math.max(1, Math.round(bytes));
    const child = this.start(join(this.bin, 'send-floor'), [String(size), '60', String(periodMs)]);
    const port = await until(() => Number(child.lines) || 0);
    try {
      return await this.load('--kind', 'raw', '--message-size', size, '--port', port, '--pid', child.pid, '--viewers', viewers, '--seconds', seconds, '--settle', 1);
    } finally {
      await this.stop(child);
    }
  }
}
