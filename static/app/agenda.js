// Which sessions are today's, which come, which are past. Pure.

/**
 * @typedef {{id: string, name: string, topic: string, date?: string, status: string, unread: number,
 *   assessments: import('./api.js').Assessment[]}} Entry
 * @typedef {{ts_id: string, ts_name: string, name: string, title: string, url?: string}} ToDo
 * @typedef {{therapy_sessions: Entry[], action_items: ToDo[]}} Sessions as the server answers
 */

/**
 * @param {Entry[]} entries
 * @param {Date} now
 * @returns {{today: Entry[], coming: Entry[], past: Entry[]}} today: what is open, and what is on this day; first what
 *   one may enter now, then by time, what has ended last
 */
export function agenda(entries, now) {
  const start = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const end = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1).getTime();
  /** @type {{today: Entry[], coming: Entry[], past: Entry[]}} */
  const in_ = {today: [], coming: [], past: []};
  entries.forEach(e => {
    const at = time(e);
    const ended = e.status === 'ended';
    if (e.status === 'open' || at >= start && at < end) in_.today.push(e);
    else if (ended || at < start) in_.past.push(e);
    else in_.coming.push(e); // also what has no date yet
  });
  const rank = (/** @type {Entry} */ e) => e.status === 'open' ? 0 : e.status === 'ended' ? 2 : 1;
  const soon = (/** @type {Entry} */ a, /** @type {Entry} */ b) => order(time(a), time(b));
  in_.today.sort((a, b) => rank(a) - rank(b) || soon(a, b));
  in_.coming.sort(soon);
  in_.past.sort((a, b) => soon(b, a));
  return in_;
}

/** @param {Entry} e @returns {number} ms; Infinity without a date */
function time(e) {
  const t = e.date ? new Date(e.date).getTime() : NaN;
  return isNaN(t) ? Infinity : t;
}

/** @param {number} a @param {number} b */
function order(a, b) { return a === b ? 0 : a < b ? -1 : 1; }
