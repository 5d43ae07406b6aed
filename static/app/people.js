// In which order people are shown, and since when what holds of them. Pure.

/**
 * @typedef {{person: import('./api.js').Person, place: 'waiting'|'here'|'away'|'absent', since: number, silent: number,
 *   spoke: boolean}} Row
 *   since: when they came, began to wait or went, in ms, 0 if that is not known; silent: whole minutes since they wrote
 *   or, if they have not, since they came; 0 if that is not known, or they are not here; spoke: whether they ever wrote
 */

const places = ['waiting', 'here', 'away', 'absent'];

/**
 * Who waits comes first, the longest waiting at the top; then who is here,
 * therapists before others; then who was here, and who was not.
 * @param {import('./api.js').Person[]} people
 * @param {{since: (id: string) => number, spoke: (id: string) => number, now: number}} known times in ms, 0 if not known
 * @returns {Row[]}
 */
export function peopleRows(people, {since, spoke, now}) {
  return people.map(person => {
    const from = since(person.id);
    const wrote = spoke(person.id);
    const place = person.status === 'waiting' ? 'waiting' : person.status === 'online' ? 'here' : from || wrote ? 'away' : 'absent';
    const quiet = Math.max(from, wrote);
    return {
      person, place: /** @type {Row['place']} */ (place), since: from, spoke: wrote > 0,
      silent: place === 'here' && quiet ? Math.max(0, Math.floor((now - quiet) / 60000)) : 0,
    };
  }).sort((a, b) => places.indexOf(a.place) - places.indexOf(b.place) || within(a, b) || a.person.name.localeCompare(b.person.name));
}

/** @param {Row} a @param {Row} b of the same place */
function within(a, b) {
  if (a.place === 'waiting') return a.since - b.since;
  if (a.place === 'away') return b.since - a.since;
  return rank(a) - rank(b);
}

/** @param {Row} row */
function rank(row) { return row.person.role === 'therapist' ? 0 : 1; }

/**
 * Who came and who went, as the server's notices tell it: they name people, and know of what was before this page was
 * opened. Of two with one name they say too little; whoever asks knows more of who is there now.
 * @param {import('./log.js').Log} log
 * @returns {Map<string, number>} name → when they last came or went, in ms
 */
export function comings(log) {
  const at = new Map();
  (log.convs.get('') || []).forEach(id => {
    const item = log.items.get(id);
    const said = item && item.sender === 'system' && /^([^]*) has (?:joined|left) the session$/.exec(item.body || '');
    if (item && said) at.set(said[1], Date.parse(item.at) || 0);
  });
  return at;
}

/**
 * Who waits now and did not before.
 * @param {Set<string>} before ids
 * @param {import('./api.js').Person[]} people
 * @returns {import('./api.js').Person[]}
 */
export function newlyWaiting(before, people) {
  return people.filter(p => p.status === 'waiting' && !before.has(p.id));
}
