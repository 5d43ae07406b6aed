// Mentions of people, and web addresses, in what was written. Pure: a body is
// split into parts, which the view shows as text. What is a mention is not
// stored; it is what reads like one.

/**
 * @typedef {{text: string, kind: 'text'|'mention'|'link', ids: string[]}} Part
 *   ids: of a mention, all who are called so; empty for the others
 */

// What a name may not be followed or preceded by, so that it is a whole one. Marks belong to the letter before them;
// an emoji goes on with a joiner or a tone of skin.
const goesOn = /^[\p{L}\p{N}\p{M}_\u200d\u{1f3fb}-\u{1f3ff}]/u;
const wordBefore = /[\p{L}\p{N}\p{M}_]$/u;

// An address is made of ASCII alone, and shown whole: it leads where it seems to lead. No user name (…@) before the
// host, which would make one look like another.
const address = /\bhttps?:\/\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?(?:[/?#][!-~]*)?/gi;

/**
 * @param {string} body
 * @param {Map<string, string>} names id → name
 * @returns {Part[]} together they are the body
 */
export function split(body, names) {
  /** @type {Part[]} */
  const parts = [];
  const called = body.indexOf('@') < 0 ? [] : forms(names);
  let from = 0; // of the text that is in no part yet
  /** @param {number} start @param {number} end @param {'mention'|'link'} kind @param {string[]} ids */
  const take = (start, end, kind, ids) => {
    if (start > from) parts.push({text: body.slice(from, start), kind: 'text', ids: []});
    parts.push({text: body.slice(start, end), kind, ids});
    from = end;
  };
  const links = addresses(body);
  for (let i = 0; i < body.length; i++) {
    if (links.length && i === links[0][0]) {
      const [start, end] = /** @type {[number, number]} */ (links.shift());
      take(start, end, 'link', []);
      i = end - 1;
    } else if (body[i] === '@' && !wordBefore.test(body.slice(Math.max(0, i - 2), i))) {
      const rest = body.slice(i + 1);
      const found = called.find(f => startsWith(rest, f.form) && !goesOn.test(rest.slice(f.form.length)));
      if (found) {
        take(i, i + 1 + found.form.length, 'mention', found.ids);
        i += found.form.length;
      }
    }
  }
  if (from < body.length) parts.push({text: body.slice(from), kind: 'text', ids: []});
  return parts;
}

/**
 * Names as they may be written, the longest first: that of "Ann Lee" wins over "Ann".
 * @param {Map<string, string>} names
 * @returns {{form: string, ids: string[]}[]}
 */
function forms(names) {
  /** @type {Map<string, string[]>} */
  const all = new Map();
  names.forEach((name, id) => {
    if (!name.trim()) return;
    // Accents are one character or two, by keyboard.
    [name, name.normalize('NFC'), name.normalize('NFD')].forEach(form => {
      const ids = all.get(form) || [];
      if (ids.indexOf(id) < 0) all.set(form, ids.concat(id));
    });
  });
  return Array.from(all, ([form, ids]) => ({form, ids})).sort((a, b) => b.form.length - a.form.length);
}

/** Without regard to case. @param {string} text @param {string} form */
function startsWith(text, form) {
  const beginning = text.slice(0, form.length);
  return beginning === form || beginning.toLowerCase() === form.toLowerCase();
}

/** @param {string} body @returns {[number, number][]} from, to */
function addresses(body) {
  /** @type {[number, number][]} */
  const all = [];
  address.lastIndex = 0;
  for (let m = address.exec(body); m; m = address.exec(body)) {
    let text = m[0].replace(/[.,;:!?'"*_~]+$/, '');
    // A bracket belongs to it if it was opened in it.
    while (/[)\]}>]$/.test(text) && !balanced(text)) text = text.slice(0, -1).replace(/[.,;:!?'"*_~]+$/, '');
    const next = body.slice(m.index + m[0].length);
    if (/^[@:]/.test(next) || /^[^\s\u0000-\u007f]/.test(next) && /[\p{L}\p{N}\p{M}]/u.test(next[0])) continue; // goes on with what is none
    if (safe(text)) all.push([m.index, m.index + text.length]);
  }
  return all;
}

/** @param {string} text */
function balanced(text) {
  const count = (/** @type {string} */ c) => text.split(c).length;
  return count('(') >= count(')') && count('[') >= count(']') && count('{') >= count('}') && count('<') >= count('>');
}

/** @param {string} text @returns {boolean} whether a browser understands the address as it reads */
function safe(text) {
  try {
    const u = new URL(text);
    return (u.protocol === 'https:' || u.protocol === 'http:') && !u.username && !u.password && u.hostname !== '';
  } catch (e) {
    return false;
  }
}

/**
 * Whether a mention is being typed before the cursor.
 * @param {string} value
 * @param {number} cursor
 * @returns {{at: number, query: string}|null} at: where its @ is; query: what is typed after it
 */
export function mentionAt(value, cursor) {
  const before = value.slice(Math.max(0, cursor - 80), cursor);
  const at = before.lastIndexOf('@');
  if (at < 0 || wordBefore.test(before.slice(0, at))) return null;
  const query = before.slice(at + 1);
  if (/[\n\r]/.test(query) || /^\s/.test(query)) return null;
  return {at: cursor - before.length + at, query};
}

/**
 * Whom a mention that is being typed may mean: those with a word that begins
 * with it, without regard to case and accents.
 * @param {string} query
 * @param {{id: string, name: string}[]} people
 * @returns {{id: string, name: string}[]} at most eight
 */
export function candidates(query, people) {
  const q = plain(query);
  return people.filter(p => {
    const name = plain(p.name);
    return name.startsWith(q) || name.split(/[\s.\-]+/).some((word, i, all) => all.slice(i).join(' ').startsWith(q));
  }).sort((a, b) => Number(plain(b.name).startsWith(q)) - Number(plain(a.name).startsWith(q)) || a.name.localeCompare(b.name)).slice(0, 8);
}

/** @param {string} s */
function plain(s) { return s.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase(); }

/**
 * The value with the mention in it.
 * @param {string} value
 * @param {{at: number, query: string}} mention
 * @param {string} name
 * @returns {{value: string, cursor: number, put: string}} put: what was put in, over the @ and what was typed after it
 */
export function complete(value, mention, name) {
  const after = value.slice(mention.at + 1 + mention.query.length);
  const put = '@' + name + (/^\s/.test(after) ? '' : ' ');
  return {value: value.slice(0, mention.at) + put + after, cursor: mention.at + put.length, put};
}
