// How messages stand below each other: which stand together, where a day
// begins, where what is new begins. And which part of a long conversation is
// on the page: old phones are slow, and 5,000 messages are too many for all.
// Pure.

/**
 * @typedef {import('./log.js').Item} Item
 * @typedef {{kind: 'day', key: string, at: string}|{kind: 'new', key: string}|{kind: 'item', key: string, item: Item, first: boolean}} Row
 *   at: a time on that day; first: its author and time are shown, it is not one of several together
 */

const together = 5 * 60000; // ms between messages of one author that stand together

/**
 * @param {Item[]} items in order
 * @param {number} divider the id of the first that is new, 0 if nothing is
 * @returns {Row[]}
 */
export function rowsOf(items, divider) {
  /** @type {Row[]} */
  const rows = [];
  let day = '';
  /** @type {Item|null} */
  let last = null;
  let lastAt = 0;
  items.forEach(item => {
    const key = String(item.clientId || item.id);
    const date = new Date(item.at);
    const at = date.getTime();
    const d = date.getFullYear() + '-' + date.getMonth() + '-' + date.getDate();
    if (d !== day) {
      rows.push({kind: 'day', key: 'day ' + key, at: item.at});
      last = null;
    }
    day = d;
    if (divider && item.id === divider) {
      rows.push({kind: 'new', key: 'new'});
      last = null;
    }
    const first = !last || last.kind !== 'message' || item.kind !== 'message' || last.user !== item.user || !(Math.abs(at - lastAt) < together);
    rows.push({kind: 'item', key, item, first});
    last = item;
    lastAt = at;
  });
  return rows;
}

/**
 * Where the line between what was read and what is new stands: it appears
 * where unread messages begin, stays while they are read, moves on to the
 * next once all before were read, and goes when the reader writes.
 * @param {number} was
 * @param {{count: number, first: number}} news what is unread now
 * @param {boolean} allRead everything had been read when these came
 * @param {number} own the id of the reader's newest message here
 * @returns {number} an id, 0 for nowhere
 */
export function dividerAt(was, news, allRead, own) {
  const is = news.first && (allRead || !was) ? news.first : was;
  return is > own ? is : 0;
}

export const pageSize = 60; // messages at first
const step = 15; // messages more at a time
export const mostShown = 100; // messages on the page at once

/**
 * Which items of a conversation are on the page: those from index from up to,
 * and without, index to.
 * @typedef {{from: number, to: number}} Part
 */

/** @param {number} n how many there are @returns {Part} the newest */
export function newestPart(n) { return {from: Math.max(0, n - pageSize), to: n}; }

/**
 * The same part after the conversation has grown: who is at its end stays
 * there.
 * @param {Part} part
 * @param {number} was how many there were
 * @param {number} n how many there are
 * @param {boolean} atEnd the reader is at the end: what is far above may go
 * @returns {Part}
 */
export function grown(part, was, n, atEnd) {
  if (n < was || part.from > n) return newestPart(n); // another log
  const to = part.to >= was && (atEnd || n - part.from <= mostShown) ? n : part.to;
  return {from: atEnd ? Math.max(part.from, to - mostShown) : part.from, to};
}

/** Some more of what is earlier; what is too far below goes. @param {Part} part @returns {Part} */
export function earlier(part) {
  const from = Math.max(0, part.from - step);
  return {from, to: Math.min(part.to, from + mostShown)};
}

/** Some more of what is later; what is too far above goes. @param {Part} part @param {number} n how many there are @returns {Part} */
export function later(part, n) {
  const to = Math.min(n, part.to + step);
  return {from: Math.max(part.from, to - mostShown), to};
}

/** @param {Part} part @param {number} n @param {number} index @returns {Part} one that index is in */
export function around(part, n, index) {
  if (index >= part.from && index < part.to) return part;
  const from = Math.max(0, index - pageSize / 2);
  return {from, to: Math.min(n, from + pageSize)};
}

/** @param {number[]} ids ascending @param {number} id @returns {number} its index, or -1 */
export function indexOfId(ids, id) {
  let low = 0;
  let high = ids.length - 1;
  while (low <= high) {
    const mid = low + high >> 1;
    if (ids[mid] === id) return mid;
    if (ids[mid] < id) low = mid + 1;
    else high = mid - 1;
  }
  return -1;
}
