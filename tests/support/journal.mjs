// Journals as files.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export function journalDirectory(server) {
  return join(server.dataDir, 'journals');
}

// Names of the files, of those with the suffix.
export function journalFiles(server, suffix = '') {
  const directory = journalDirectory(server);
  return existsSync(directory)
    ? readdirSync(directory)
        .filter((name) => name.endsWith(suffix))
        .sort()
    : [];
}

// The entries of the one journal of `code`: header, then events. Between brackets it must be JSON.
export function readJournal(server, code, suffix = '.replay') {
  const names = journalFiles(server, suffix).filter((name) => name.startsWith(`Match_${code}_`));
  if (names.length !== 1) throw new Error(`${names.length} journals of ${code} in ${journalFiles(server)}`);
  return JSON.parse(`[${readFileSync(join(journalDirectory(server), names[0]), 'utf8')}]`);
}
