// Therapy sessions as the page lists them.

/** @typedef {import('./client.js').Session} Session */

/** @param {Session} s */
export function present(s) {
  const n = {online: 0, waiting: 0, offline: 0};
  s.participants.forEach(p => { n[p.status]++; });
  return n;
}

/**
 * @param {Session[]} all
 * @param {string} typed names or ids, or parts of them
 * @returns {Session[]} those that fit, or have somebody who does; of these only the people who do
 */
export function matching(all, typed) {
  const want = typed.trim().toLowerCase();
  if (!want) return all;
  const fits = (/** @type {string[]} */ ...words) => words.some(w => w.toLowerCase().indexOf(want) >= 0);
  return all.map(s => fits(s.id, s.name, s.topic) ? s : Object.assign({}, s, {participants: s.participants.filter(p => fits(p.id, p.name))}))
    .filter(s => s.participants.length || fits(s.id, s.name, s.topic));
}

/**
 * @param {Session[]} all
 * @param {{[id: string]: Session['status']}} [held] where these stay, whatever they are by now: somebody is at work there
 * @returns {{status: Session['status'], sessions: Session[]}[]} what is open first, then what comes, the next one first, then what is past, the last one first
 */
export function sorted(all, held = {}) {
  const date = (/** @type {Session} */ s) => s.date || '';
  const ms = (/** @type {Session} */ s) => new Date(date(s)).getTime() || 0;
  return /** @type {Session['status'][]} */ (['open', 'scheduled', 'ended']).map(status => ({
    status, sessions: all.filter(s => (held[s.id] || s.status) === status).sort((a, b) => status === 'ended' ? ms(b) - ms(a) : ms(a) - ms(b)),
  })).filter(g => g.sessions.length);
}
