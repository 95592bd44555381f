// Starts the built programs as a user would, on free ports and in a fresh directory, and ends them by their process id.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { until } from './wait.mjs';

const here = dirname(fileURLToPath(import.meta.url));
export const sourceDir = resolve(here, '../..');
export const binDir = process.env.MATCHBUS_BIN ?? join(sourceDir, 'build/bin');

// Sanitizers and slow machines are given time; nothing waits that long unless it fails.
const startTimeoutMs = 20_000;
const stopTimeoutMs = 20_000;

const running = new Set();
const directories = [];
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const path of directories) rmSync(path, { recursive: true, force: true });
});

// A directory that is removed when the test file ends.
export function temporaryDirectory() {
  const path = mkdtempSync(join(tmpdir(), 'matchbus-test-'));
  directories.push(path);
  return path;
}

// A started program: what it printed, and how it ended.
export class Program {
  // `under`: a command that becomes the program, as `prlimit` does.
  constructor(name, args, { env = {}, cwd = temporaryDirectory(), under = [] } = {}) {
    this.name = name;
    this.cwd = cwd;
    this.output = '';
    this.stdout = '';
    // Only what a program needs to run at all: settings of the machine's user must not reach a test.
    const { PATH, HOME, ASAN_OPTIONS, UBSAN_OPTIONS, LSAN_OPTIONS } = process.env;
    const [command, ...rest] = [...under, join(binDir, name), ...args];
    this.child = spawn(command, rest, {
      cwd,
      env: { PATH, HOME, ASAN_OPTIONS, UBSAN_OPTIONS, LSAN_OPTIONS, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.child);
    this.child.stdout.setEncoding('utf8').on('data', (text) => {
      this.output += text;
      this.stdout += text;
    });
    this.child.stderr.setEncoding('utf8').on('data', (text) => {
      this.output += text;
    });
    // {code, signal} once it has ended and all it printed is here.
    this.ended = new Promise((done) => {
      const end = (code, signal) => {
        running.delete(this.child);
        this.result = { code, signal };
        done(this.result);
      };
      this.child.on('error', (error) => {
        this.output += `${error}\n`;
        end(-1, null);
      });
      this.child.on('close', end);
    });
  }

  get pid() {
    return this.child.pid;
  }

  signal(name) {
    this.child.kill(name);
  }

  // Waits until it has printed what `pattern` matches. Other traffic may overtake a line of the log.
  said(pattern) {
    return until(() => pattern.exec(this.output), `${pattern} in what ${this.name} says`);
  }

  // Ends it with SIGTERM (or another signal); says how it ended. Kills it, and fails, if it does not end.
  async stop(signal = 'SIGTERM') {
    if (this.result === undefined) this.signal(signal);
    try {
      await until(() => this.result !== undefined, `${this.name} to end after ${signal}`, stopTimeoutMs);
    } catch (error) {
      this.signal('SIGKILL');
      await this.ended;
      throw error;
    }
    return this.result;
  }
}

// A running server. `ports` is {ingest, output, extras} once it is ready. Options are set on top of the ones every test
// needs: {'--bind': '::1'}, or {'--data-dir': null} to leave one out.
export class Server extends Program {
  constructor({ args = [], set = {}, cwd = temporaryDirectory(), dataDir = join(cwd, 'data'), env, under } = {}) {
    const portsFile = join(cwd, `ports-${process.hrtime.bigint()}.json`);
    const options = {
      '--bind': '127.0.0.1',
      '--ingest-port': '0',
      '--output-port': '0',
      '--extras-port': '0',
      '--ports-file': portsFile,
      '--data-dir': dataDir,
      ...set,
    };
    super(
      'matchbus',
      [
        ...Object.entries(options)
          .filter(([, value]) => value !== null)
          .flat(),
        ...args,
      ],
      { cwd, env, under },
    );
    this.dataDir = dataDir;
    this.portsFile = portsFile;
  }

  async ready() {
    await until(() => existsSync(this.portsFile) || this.result !== undefined, 'the server to listen', startTimeoutMs);
    if (this.result !== undefined) throw new Error(`the server ended: ${JSON.stringify(this.result)}\n${this.output}`);
    this.ports = JSON.parse(readFileSync(this.portsFile, 'utf8'));
    return this;
  }
}

// Starts a server and waits until it listens. `insecure: false` leaves TLS to the other options. Give the test's
// context as `t` to have it stopped, and its clean end checked, when the test is over.
export async function startServer({ t, args = [], insecure = true, keyless = true, ...options } = {}) {
  const all = [...(insecure ? ['--insecure'] : []), ...(keyless ? ['--require-auth-key', 'false'] : []), ...args];
  const server = new Server({ ...options, args: all });
  t?.after(() => stopServer(server));
  return server.ready();
}

// Stops a server and insists on a clean end: no crash, no sanitizer report, no leak.
export async function stopServer(server) {
  const { code, signal } = await server.stop();
  if (code !== 0) throw new Error(`the server ended with ${code ?? signal}:\n${server.output.slice(-20_000)}`);
}
