// An overlay that follows changes: its state after every event that arrived, as an overlay author would keep it.

import fastJsonPatch from 'fast-json-patch';

import { viewer } from './match.mjs';

// The same text for equal values, whatever the order of their keys.
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
    .join(',')}}`;
}

// Connects a viewer with `diff:true`. It has `states` (canonical texts) and `kinds` (what brought each), in order, and
// `problems`: patches that did not fit.
export async function follower(t, server, code, options = {}) {
  let state;
  let seq;
  const seen = { states: [], kinds: [], seqs: [], problems: [], sizes: [] };
  const take = (kind, text, numbers) => {
    if (kind === 'match_data') {
      state = JSON.parse(text);
    } else {
      if (numbers.base !== seq) seen.problems.push(`base ${numbers.base} after ${seq}`);
      state = fastJsonPatch.applyPatch(state, JSON.parse(text)).newDocument;
    }
    if (seq !== undefined && !(numbers.seq > seq)) seen.problems.push(`${numbers.seq} after ${seq}`);
    seq = numbers.seq;
    seen.states.push(canonical(state));
    seen.kinds.push(kind);
    seen.seqs.push(seq);
    seen.sizes.push(text.length);
  };
  const client = await viewer(t, server, code, {
    ...options,
    logon: { diff: true },
    prepare: (made) => {
      for (const kind of ['match_data', 'match_patch']) {
        made.socket.on(kind, (...args) => {
          try {
            take(kind, ...args);
          } catch (error) {
            seen.problems.push(`${error}`);
          }
        });
      }
    },
  });
  return Object.assign(client, seen);
}
