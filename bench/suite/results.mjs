// What was measured, as lines while it runs and as a Markdown file in the end.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

function version(command, ...args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).split('\n')[0];
  } catch {
    return `${command}: not there`;
  }
}

const load = () => loadavg().map((l) => l.toFixed(1)).join(' ');

export class Results {
  constructor(bin) {
    this.goals = [];
    this.rows = [];
    this.ways = []; // how it was measured: lines of the conditions
    this.began = load();
    this.bin = bin;
  }

  // A figure that has a goal. `met`: whether it is reached.
  goal(what, goal, measured, met) {
    console.log(`${met ? 'met   ' : 'MISSED'}  ${what}: ${measured} (goal: ${goal})`);
    this.goals.push([what, goal, measured, met ? 'yes' : '**no**']);
  }

  row(what, measured) {
    console.log(`        ${what}: ${measured}`);
    this.rows.push([what, measured]);
  }

  conditions() {
    return [
      `${cpus().length} x ${cpus()[0].model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}; load average ${this.began} at the start, ${load()} at the end (the run's own load with it)`,
      `${version(join(this.bin, 'matchbus'), '--version')}, ${version('c++', '--version')}, Node ${process.version}`,
      'server and load generator share the cores, over loopback; CPU is user and system time of the server alone, from /proc',
      ...this.ways,
      new Date().toISOString().slice(0, 10),
    ];
  }

  // `notes`: a file of what is to be said about the figures, put behind them; it need not exist.
  write(file, command, notes) {
    const table = (head, rows) => (rows.length === 0 ? [] : ['', `| ${head.join(' | ')} |`, `|${head.map(() => '---|').join('')}`, ...rows.map((row) => `| ${row.join(' | ')} |`)]);
    const text = ['# Benchmarks', '', `Written by \`${command}\`. Machines are shared and noisy: compare the ratios, each measured within one run.`, '',
      ...this.conditions().map((line) => `* ${line}`), ...table(['figure', 'goal', 'measured', 'met'], this.goals), ...table(['what', 'measured'], this.rows)];
    if (notes && existsSync(notes)) text.push('', readFileSync(notes, 'utf8').trim());
    writeFileSync(file, text.join('\n') + '\n');
  }
}
