// Puts the program's table of options into README.md and its list into man/matchbus.8 (make docs).
//   node tests/support/write-documents.mjs
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { binDir, sourceDir } from './server.mjs';

const printed = (option) => execFileSync(join(binDir, 'matchbus'), [option], { encoding: 'utf8' });

function replace(path, pattern, text) {
  const old = readFileSync(join(sourceDir, path), 'utf8');
  if (!pattern.test(old)) throw new Error(`${path}: the place of the options is not there`);
  writeFileSync(
    join(sourceDir, path),
    old.replace(pattern, () => text),
  );
}

replace('README.md', /^\| option \| environment \|[^]*?\n(?=\n)/m, printed('--options-markdown'));
replace('man/matchbus.8', /(?<=^The options are:\n)\.Bl[^]*?^\.El\n/m, printed('--options-mdoc'));
