#!/usr/bin/env node
// One attacker, at full speed, for a limited time, against a server on loopback:
//   attack.mjs KIND PORTS_FILE [SECONDS] [NAME=VALUE ...]
// PORTS_FILE: what the server wrote for --ports-file. NAME=VALUE: settings of the kind (see kinds.mjs and the files it names), such as
// connections=8, code=GROUP or secret=TEXT. Prints what it did as JSON. Without arguments: the kinds.
import { readFileSync } from 'node:fs';

import { attack, kinds } from './kinds.mjs';

const [name, portsFile, seconds = '5', ...rest] = process.argv.slice(2);
if (!(name in kinds) || !portsFile) {
  for (const [key, { title }] of Object.entries(kinds)) console.log(`${key.padEnd(18)} ${title}`);
  process.exit(name === undefined ? 0 : 2);
}
const value = (text) => (/^(\d+|true|false)$/.test(text) ? JSON.parse(text) : text);
const settings = Object.fromEntries(rest.map((one) => [one.slice(0, one.indexOf('=')), value(one.slice(one.indexOf('=') + 1))]));
const ports = JSON.parse(readFileSync(portsFile, 'utf8'));
const until = performance.now() + 1000 * Number(seconds);
// What hangs is not waited for.
setTimeout(() => process.exit(3), 1000 * (Number(seconds) + 3)).unref();
console.log(JSON.stringify(await attack(name, { ports, until, ...settings })));
process.exit(0);
