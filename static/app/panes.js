// Which private conversations stand beside the group. Pure.

/** More than so many nobody follows. */
export const mostPanes = 3;

/**
 * Opens one more; one too many closes the one that was not used for longest.
 * Those that stay keep their places.
 * @param {string[]} open keys of conversations, from left to right
 * @param {string[]} used keys, the last used one first
 * @param {string} key
 * @returns {string[]}
 */
export function openPane(open, used, key) {
  if (!key || open.indexOf(key) >= 0) return open;
  if (open.length < mostPanes) return open.concat(key);
  const age = (/** @type {string} */ k) => used.indexOf(k) < 0 ? used.length : used.indexOf(k);
  const oldest = open.reduce((a, b) => age(b) > age(a) ? b : a);
  return open.map(k => k === oldest ? key : k);
}

/** @param {string[]} used @param {string} key @returns {string[]} key is used now */
export function use(used, key) { return [key].concat(used.filter(k => k !== key)); }
