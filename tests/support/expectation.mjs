// Compares what a server sent with what a test vector expects, honouring the values in vectors that are not literal
// (tests/vectors/README.md).

const offsets = { agentSelectStartTime: 0, roundTimeoutTime: 99_000, spikeDetonationTime: 45_000 };

// How far the server's clock may be from ours: both are rounded, and the server's is set only now and then. Far less than
// what lies between the messages of two sections.
const clockMs = 50;

// Moments of one exchange: when messages were sent, when the server had taken those of a section, and when checkpoints
// were passed.
export class Timeline {
  constructor() {
    this.sent = []; // {at, section}
    this.takenAt = []; // by section
    this.checkpoints = []; // at
  }

  get section() {
    return this.checkpoints.length;
  }

  message(at = Date.now()) {
    this.sent.push({ at, section: this.section });
  }

  taken(at = Date.now()) {
    this.takenAt[this.section] = at;
  }

  checkpoint(at = Date.now()) {
    this.checkpoints.push(at);
  }

  // Whether `value` is a time of the server's clock `seconds` after it took a message of `section`: not before the first
  // was sent, nor after the last was taken, nor after `seenAt`, when the value itself was here. How long a message takes
  // need not be known.
  isAfter(value, seconds, section, seenAt) {
    const cause = value - seconds * 1000;
    const first = this.sent.find((message) => message.section === section);
    return (
      first !== undefined && cause >= first.at - clockMs && cause <= Math.min(seenAt, this.takenAt[section]) + clockMs
    );
  }

  // For people: "epoch +99s section 3".
  describe(key, value) {
    const cause = value - offsets[key] + clockMs;
    const section = this.checkpoints.filter((at) => at <= cause).length;
    const origin = this.sent.filter((message) => message.section === section && message.at <= cause).at(-1);
    if (origin === undefined) return `${value}, which no message of section ${section} caused`;
    return `epoch +${((value - origin.at) / 1000).toFixed(3)}s section ${section}`;
  }
}

function equalNumbers(a, b) {
  return a === b || Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b));
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

// Expected strings with a meaning of their own: a pattern, and whether the actual value fits.
const meanings = [
  [/^<secret: 12 of A-Z0-9>$/, (_, actual) => typeof actual === 'string' && /^[A-Z0-9]{12}$/.test(actual)],
  [/^<(\d+) or (\d+)>$/, ([, a, b], actual) => actual === Number(a) || actual === Number(b)],
  [
    /^<multiple of (\d+) in (\d+)\.\.(\d+)>$/,
    ([, step, low, high], actual) =>
      Number.isInteger(actual) && actual % Number(step) === 0 && actual >= Number(low) && actual <= Number(high),
  ],
  [/^<(\w+) >= (\w+)>$/, ([, a, b], actual, { parent }) => actual === parent[a] >= parent[b]],
  [
    /^<first \+ (\d+)>$/,
    ([, more], actual, { path, first }) => {
      const start = first(path);
      return start !== undefined && equalNumbers(actual, start + Number(more));
    },
  ],
  [/^<html>$/, (_, actual) => typeof actual === 'string' && /^\s*(<!doctype html|<html)/i.test(actual)],
];

function fits(expected, actual, context) {
  for (const [pattern, check] of meanings) {
    const match = pattern.exec(expected);
    if (match) return check(match, actual, context);
  }
  const time = /^epoch \+(\d+)s section (\d+)$/.exec(expected);
  if (time) {
    const [seconds, section] = time.slice(1).map(Number);
    return (
      typeof actual === 'number' &&
      context.timeline.isAfter(actual, seconds, section, context.seenAt(context.path, actual))
    );
  }
  if (expected.includes('<any>')) {
    const pattern = expected.split('<any>').map(escaped).join('[^]*');
    return typeof actual === 'string' && new RegExp(`^${pattern}$`).test(actual);
  }
  return actual === expected;
}

function show(value, context) {
  const text = JSON.stringify(value) ?? 'nothing';
  const when =
    typeof value === 'number' && context.key in offsets ? ` (${context.timeline.describe(context.key, value)})` : '';
  return (text.length > 200 ? `${text.slice(0, 200)}...` : text) + when;
}

// The differences, as lines "path: expected ..., got ...". `context` is {timeline, first, seenAt}: first(path) is the first
// number that was ever seen at that path, seenAt(path, value) when this one was first seen there.
export function differences(expected, actual, context, path = '', key = '', parent = undefined) {
  const here = { ...context, path, key, parent };
  const wrong = () => [
    `${path || '(all)'}: expected ${JSON.stringify(expected)?.slice(0, 200)}, got ${show(actual, here)}`,
  ];
  if (typeof expected === 'string') return fits(expected, actual, here) ? [] : wrong();
  if (typeof expected === 'number') return typeof actual === 'number' && equalNumbers(expected, actual) ? [] : wrong();
  if (expected === null || typeof expected !== 'object') return expected === actual ? [] : wrong();
  if (actual === null || typeof actual !== 'object' || Array.isArray(expected) !== Array.isArray(actual))
    return wrong();
  if (Array.isArray(expected)) {
    if (expected.length !== actual.length) {
      return [`${path}: expected ${expected.length} entries, got ${actual.length}: ${show(actual, here)}`];
    }
    return expected.flatMap((value, i) => differences(value, actual[i], context, `${path}/${i}`, key, actual));
  }
  const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...keys].flatMap((name) => {
    const at = `${path}/${name}`;
    if (!(name in actual)) return [`${at}: expected ${JSON.stringify(expected[name])?.slice(0, 200)}, is absent`];
    if (!(name in expected)) return [`${at}: expected to be absent, got ${show(actual[name], { ...here, key: name })}`];
    return differences(expected[name], actual[name], context, at, name, actual);
  });
}

// The value at a path of differences().
export function valueAt(document, path) {
  return path
    .split('/')
    .slice(1)
    .reduce((value, name) => value?.[name], document);
}
