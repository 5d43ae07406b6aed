// A roster file on its way to the server: what it is, what would change, and
// which of its lines has a mistake.

/** @typedef {import('./client.js').Imported} Imported @typedef {import('./client.js').Change} Change */

/**
 * @typedef {{name: string, bytes: ArrayBuffer, type: string, prune: boolean, preview: Imported|null, mistakes: Mistake[]|null, done: Imported|null}} Upload
 *   a file that was chosen; preview and mistakes: what the server says of it; done: what has changed
 * @typedef {{line: number, text: string, around: {n: number, text: string, wrong: boolean}[]}} Mistake line: 0 if none is named
 */

/** What the server takes in one call, in bytes. */
export const mostBytes = 2 << 20;

/** @param {string} name of a file @returns {string} its media type; '' if it can be no roster */
export function typeOf(name) {
  if (/\.ya?ml$/i.test(name)) return 'application/yaml';
  return /\.json$/i.test(name) ? 'application/json' : '';
}

const mostLine = 160; // characters of a line that is shown

/**
 * @param {string[]} said by the server: "line 3: phone: …"
 * @param {ArrayBuffer} bytes of the file
 * @returns {Mistake[]} each with its line, and the one before and behind it
 */
export function mistakes(said, bytes) {
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\n|\r/);
  return said.map(one => {
    const m = /^line (\d+): ([^]*)$/.exec(one);
    if (!m) return {line: 0, text: one, around: []};
    const line = Number(m[1]);
    const around = [line - 1, line, line + 1].filter(n => n >= 1 && n <= lines.length && (n === line || lines[n - 1].trim() !== ''))
      .map(n => ({n, text: cut(lines[n - 1]), wrong: n === line}));
    return {line, text: m[2], around};
  });
}

/** @param {string} line */
function cut(line) {
  const chars = Array.from(line);
  return chars.length > mostLine ? chars.slice(0, mostLine - 1).join('') + '…' : line;
}

/** @type {{what: Change['what'], kind: Change['kind']}[]} */
const order = [
  {what: 'person', kind: 'removed'}, {what: 'session', kind: 'removed'},
  {what: 'person', kind: 'added'}, {what: 'session', kind: 'added'},
  {what: 'person', kind: 'changed'}, {what: 'session', kind: 'changed'},
];

/** @param {Change[]} changes @returns {{what: Change['what'], kind: Change['kind'], all: Change[]}[]} those that there are, the gravest first */
export function grouped(changes) {
  return order.map(o => ({what: o.what, kind: o.kind, all: changes.filter(c => c.what === o.what && c.kind === o.kind)})).filter(g => g.all.length);
}

/** @param {Imported} a @param {Imported} b @returns {boolean} whether what was shown before is what has happened */
export function same(a, b) { return JSON.stringify(a.changes) === JSON.stringify(b.changes); }
