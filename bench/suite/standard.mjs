// The standard suite: every figure that has a goal, and those that explain them.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { Beside } from './beside.mjs';
import { Bus } from './bus.mjs';

const us = (value) => value.toFixed(2);
const ms = (value) => `${value.toFixed(0)} ms`;
const percent = (value) => `${(100 * value).toFixed(1)}%`;
const turn = ({ longestTurn }) => `${longestTurn.ms.toFixed(1)} ms by the clock, ${longestTurn.cpuMs.toFixed(1)} ms of CPU time`;
const least = (reports, field) => reports.reduce((a, b) => (a[field] <= b[field] ? a : b));
const wrong = (report) => (report.isRight ? '' : '; **the load generator found errors**');

export class Standard {
  constructor(processes, results) {
    this.processes = processes;
    this.results = results;
  }

  async run() {
    this.results.ways.push('fan-out rows: three rounds, each of the server and then the bare `send()` loop; the figures are those of the round with the median ratio');
    await this.memory();
    const compressed = await this.fanOut('2,000 viewers, full state, compression offered', 2_000);
    this.results.goal('wire bytes per `match_data`, compression offered', 'at most 600', compressed.bytesPerMessage.toFixed(0), compressed.bytesPerMessage <= 600);
    const { p99 } = compressed.latencyMs;
    this.results.goal('event to delivery at 2,000 viewers, fixed tick, p99', 'under 115 ms', `${p99.toFixed(1)} ms (p50 ${ms(compressed.latencyMs.p50)}, p99.9 ${ms(compressed.latencyMs.p999)}, max ${ms(compressed.latencyMs.max)})`, p99 < 115);
    await this.eager();
    const plain = await this.fanOut('2,000 viewers, full state, plain', 2_000, '--plain');
    const patches = await this.fanOut('2,000 viewers, patches, plain', 2_000, '--plain', '--diff');
    const share = patches.bytesPerMessage / plain.bytesPerMessage;
    this.results.goal('wire bytes per tick, patches, uncompressed', 'at most 5% of the full state', `${percent(share)} (${patches.bytesPerMessage.toFixed(0)} of ${plain.bytesPerMessage.toFixed(0)})`, share <= 0.05);
    await this.fanOut('10,000 viewers, full state, compression offered', 10_000);
    this.held(await this.fanOut('10,000 viewers, patches, plain', 10_000, '--plain', '--diff'));
    await this.joins();
    await this.stalled();
    await this.mixed();
    await this.storm();
    await this.manyMatches();
    await new Bus(this.processes, this.results).run();
    await new Beside(this.processes, this.results).run();
    this.micro();
  }

  // CPU per delivery against the bare send() loop, each round of ours followed by one of that; the round with the median
  // ratio counts.
  async fanOut(title, viewers, ...args) {
    const rounds = [];
    for (let round = 0; round < 3; ++round) {
      const report = await this.processes.measure([], '--viewers', viewers, '--seconds', 5, '--settle', 1.5, ...args);
      const bare = await this.processes.floor(viewers, report.bytesPerMessage, 5);
      rounds.push({ ...report, bare, ratio: report.cpuMicrosecondsPerMessage / bare.cpuMicrosecondsPerMessage });
    }
    rounds.sort((a, b) => a.ratio - b.ratio);
    const best = rounds[1];
    const { bare, ratio } = best;
    this.results.goal(`CPU per delivery over the bare send() loop: ${title}`, 'at most 1.3x', `${ratio.toFixed(2)}x (${us(best.cpuMicrosecondsPerMessage)} us over ${us(bare.cpuMicrosecondsPerMessage)} us, ${best.bytesPerMessage.toFixed(0)} bytes; rounds ${rounds.map((r) => r.ratio.toFixed(2)).join(', ')})`, ratio <= 1.3);
    this.results.row(title, `${best.messagesPerSecond.toFixed(0)} deliveries/s at ${percent(best.cpuShare)} of a core; latency p50 ${ms(best.latencyMs.p50)}, p99 ${ms(best.latencyMs.p99)}, max ${ms(best.latencyMs.max)}; ` +
      `missed ticks ${best.missedTicks}; skipped ${best.skipped}; ${best.contextSwitchesPerSecond.toFixed(0)} context switches/s; longest loop turn ${turn(best)}${wrong(best)}`);
    best.rounds = rounds;
    return best;
  }

  // Every round counts.
  held({ rounds }) {
    const all = (text) => rounds.map(text).join(' and ');
    this.results.goal('10,000 viewers of one match at 10 Hz, patches, every round', 'held on one core, no missed tick',
      `${all((r) => percent(r.cpuShare))} of a core, ${all((r) => r.missedTicks)} missed ticks, ${all((r) => r.skipped)} messages skipped, at most ${all((r) => ms(r.betweenMs.max))} between two`,
      rounds.every((r) => r.missedTicks === 0 && r.skipped === 0 && r.cpuShare < 1));
    this.results.goal('longest turn of the loop meanwhile', 'at most 5 ms', all(turn), rounds.every((r) => r.longestTurn.ms <= 5));
  }

  async memory() {
    for (const [title, ...args] of [['compression negotiated'], ['no compression', '--plain']]) {
      const report = await this.processes.measure([], '--kind', 'idle', '--viewers', 10_000, '--seconds', 0.1, '--settle', 1, ...args);
      this.results.goal(`user memory per connected viewer, ${title}`, 'at most 1 KiB', `${report.bytesPerViewer.toFixed(0)} bytes (10,000 viewers)`, report.bytesPerViewer <= 1024);
    }
    const live = await this.processes.measure([], '--viewers', 10_000, '--seconds', 0.1, '--settle', 1);
    this.results.row('user memory per viewer of a live match, compression negotiated', `${live.bytesPerViewer.toFixed(0)} bytes, the match and the frames under way with it (10,000 viewers)`);
  }

  // Changes after quiet periods: two a second. Beside it the bare loop in the same rhythm: what no server can be under,
  // whose first viewer waits for nothing.
  async eager() {
    const sparse = ['--rate', 0, '--marks', 2, '--seconds', 8, '--settle', 1];
    for (const viewers of [2_000, 500, 100]) {
      const { latencyMs: { p50, p99 }, bytesPerMessage } = await this.processes.measure(['--tick-mode', 'eager'], '--viewers', viewers, ...sparse);
      const bare = (await this.processes.floor(viewers, bytesPerMessage, 8, 500)).latencyMs;
      this.results.goal(`event to delivery at ${viewers.toLocaleString('en')} viewers, eager, p50`, 'under 10 ms',
        `${p50.toFixed(1)} ms (p99 ${p99.toFixed(1)} ms; 5 ms of gathering and the bare send() loop: ${(5 + bare.p50).toFixed(1)} ms, p99 ${(5 + bare.p99).toFixed(1)} ms)`, p50 < 10);
    }
  }

  async joins() {
    for (const room of [10, 2_000]) {
      const report = await this.processes.measure([], '--viewers', room, '--seconds', 0.5, '--settle', 0.5, '--joins', 1_000);
      this.results.goal(`CPU per join to a live match beyond the handshake, room of ${room.toLocaleString('en')}`, 'at most 50 us', `${report.cpuMicrosecondsPerJoin.toFixed(1)} us (handshake ${report.handshakes.cpuMicrosecondsEach.toFixed(1)} us)${wrong(report)}`, report.cpuMicrosecondsPerJoin <= 50);
    }
  }

  async stalled() {
    const good = await this.processes.measure([], '--viewers', 500, '--plain', '--seconds', 5, '--settle', 1);
    const report = await this.processes.measure([], '--viewers', 510, '--stalled', 10, '--plain', '--seconds', 5, '--settle', 1);
    this.results.row('500 viewers, plain; 10 stalled ones besides', `p99 ${good.latencyMs.p99.toFixed(1)} ms; ${report.latencyMs.p99.toFixed(1)} ms; skipped by the 500: ${report.skipped}; ${(report.residentBytes / 1e6).toFixed(1)} MB resident${wrong(report)}`);
  }

  async mixed() {
    const report = await this.processes.measure([], '--viewers', 1_000, '--polling', 500, '--slow', 50, '--seconds', 5, '--settle', 1);
    this.results.row('1,000 viewers: 500 polling, 50 slow, 450 over WebSocket', `${us(report.cpuMicrosecondsPerMessage)} us CPU per delivery; p99 ${report.latencyMs.p99.toFixed(1)} ms${wrong(report)}`);
  }

  async storm() {
    const report = await this.processes.measure([], '--viewers', 2_000, '--connect-at-once', 2_000, '--seconds', 0.5, '--settle', 1, '--storm', 2);
    const text = report.storms.map((storm) => `${storm.count} back in ${storm.seconds.toFixed(2)} s, ${storm.perCpuSecond.toFixed(0)} handshakes with logon and state per CPU second`);
    this.results.row('2,000 viewers go at once and come back at once, twice', text.join('; ') + wrong(report));
  }

  async manyMatches() {
    const report = await this.processes.measure([], '--matches', 200, '--viewers', 0, '--rate', 10, '--marks', 0, '--seconds', 5);
    this.results.row('200 live matches, 10 events a second each, no viewers', `${percent(report.cpuShare)} of a core, ${((report.cpuSeconds * 1e6) / (200 * 10 * report.measureSeconds)).toFixed(1)} us per event with its journal, ${(report.residentBytes / 1e6).toFixed(1)} MB resident`);
  }

  micro() {
    const program = join(this.processes.bin, 'bench_match');
    if (!existsSync(program)) return this.results.row('micro benchmarks', 'not built: Google Benchmark is missing');
    const { benchmarks } = JSON.parse(execFileSync(program, ['--benchmark_format=json', '--benchmark_min_time=0.2'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    for (const { name, cpu_time: time, bytes } of benchmarks) this.results.row(`\`${name}\``, time.toFixed(0) + ' ns' + (bytes ? `, ${bytes} bytes` : ''));
  }
}
