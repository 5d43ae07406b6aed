// What of a conversation is worth saying aloud. Pure.

/**
 * What others wrote or were told above an id.
 * @param {import('./log.js').Log} log
 * @param {string} conv
 * @param {number} after an id: what was said already
 * @returns {import('./log.js').Item[]} in order
 */
export function heardSince(log, conv, after) {
  const ids = log.convs.get(conv) || [];
  /** @type {import('./log.js').Item[]} */
  const all = [];
  for (let i = ids.length - 1; i >= 0 && ids[i] > after; i--) {
    const item = log.items.get(ids[i]);
    if (item && item.user !== log.me && !item.deleted) all.push(item);
  }
  return all.reverse();
}
