// A session's log as it is printed: everything that the reader sees, in order. Pure.

/**
 * @typedef {{kind: 'day', at: string, key: string}|{kind: 'entry', key: string, at: string, who: string, notice: boolean,
 *   to: string[], deleted: boolean, body: string|undefined, quote: Quote|null, reactions: {icon: string, names: string[]}[]}} PrintRow
 *   who: '' for the server's own notices; to: names, of what was private
 * @typedef {{who: string, at: string, body: string|undefined, deleted: boolean}} Quote
 */

/**
 * @param {import('./log.js').Log} log
 * @param {{nameOf: (id: string) => string, dayOf: (at: string) => string, icons: string[]}} o
 * @returns {PrintRow[]}
 */
export function printRows(log, {nameOf, dayOf, icons}) {
  const who = (/** @type {import('./log.js').Item} */ item) =>
    item.user ? nameOf(item.user) : item.sender === 'system' ? '' : item.sender;
  /** @type {PrintRow[]} */
  const rows = [];
  let day = '';
  Array.from(log.items.values()).sort((a, b) => a.id - b.id).forEach(item => {
    const d = dayOf(item.at);
    if (d !== day) rows.push({kind: 'day', at: item.at, key: 'd' + item.id});
    day = d;
    const answers = item.target ? log.items.get(item.target) : undefined;
    const reactions = log.reactions.get(item.id) || [];
    rows.push({
      kind: 'entry', key: String(item.id), at: item.at, who: who(item), notice: item.kind === 'notice',
      to: item.recipients.map(nameOf), deleted: item.deleted, body: item.body,
      quote: answers ? {who: who(answers), at: answers.at, body: answers.body, deleted: answers.deleted} : null,
      reactions: icons.map(icon => ({icon, names: reactions.filter(r => r.icon === icon).map(r => nameOf(r.user))}))
        .filter(r => r.names.length > 0),
    });
  });
  return rows;
}
