// Pages of the audit log, the newest first.

/** @typedef {import('./client.js').Entry} Entry */

const page = 100; // entries

/**
 * The server gives the newest before a moment, and several entries may be of
 * the same one: what was there already is left out, and where nothing new was
 * among them more is asked for.
 * @param {(q: {search: string, from: string, to: string, limit: number}) => Promise<{entries: Entry[], more?: boolean}>} ask
 * @param {{search: string, from: string, to: string}} q moments, or ''
 * @param {Entry[]} have the newest first
 * @returns {Promise<{entries: Entry[], more: boolean}>} those that there are then, the newest first
 */
export async function older(ask, q, have) {
  const last = have[have.length - 1];
  const to = last ? justAfter(last.time) : q.to;
  for (let limit = page; ; limit = Math.min(1000, limit * 4)) {
    const got = await ask({search: q.search, from: q.from, to, limit});
    const fresh = got.entries.filter(e => !last || e.seq < last.seq).reverse();
    if (fresh.length || !got.more || limit === 1000) return {entries: have.concat(fresh), more: !!got.more};
  }
}

/** @param {string} t RFC 3339 @returns {string} the next millisecond */
function justAfter(t) { return new Date(new Date(t).getTime() + 1).toISOString(); }

/**
 * @param {Entry} e
 * @param {Record<string, string>} words what events are called; NAME is put where somebody's name belongs, WHICH for a session's
 * @returns {string} the event in plain words
 */
export function eventWords(e, words) {
  const key = e.reason && has(words, e.event + '_refused') ? e.event + '_refused' : e.event;
  return has(words, key) ? words[key] : e.event.replace(/_/g, ' ');
}

/** @param {Record<string, string>} words @param {string} key */
export function has(words, key) { return Object.prototype.hasOwnProperty.call(words, key); }
