// Times as people read them, in their own time zone, and in the page's
// language as it is used where they are.

const locale = typeof navigator === 'undefined' ? 'en' : (navigator.languages || []).find(l => /^en\b/.test(l)) || 'en';
const clock = new Intl.DateTimeFormat(locale, {hour: '2-digit', minute: '2-digit'});
const day = new Intl.DateTimeFormat(locale, {weekday: 'long', day: 'numeric', month: 'long'});
const dayAndClock = new Intl.DateTimeFormat(locale, {weekday: 'long', day: 'numeric', month: 'long', hour: '2-digit', minute: '2-digit'});

/** @param {string} t RFC 3339 */
export const timeOfDay = t => format(clock, t);

/** @param {string} t RFC 3339 */
export const dayOf = t => format(day, t);

/** @param {string} t RFC 3339 */
export const dayAndTime = t => format(dayAndClock, t);

function format(f, t) {
  const d = new Date(t);
  return isNaN(d.getTime()) ? '' : f.format(d);
}

/** The address of a survey, if it is one that may be followed; else undefined. */
export function webLink(url) {
  return /^(https?:\/\/|\/(?!\/))/i.test(url || '') ? url : undefined;
}

/** One line of a longer text. */
export function excerpt(text, most) {
  const line = text.replace(/\s+/g, ' ').trim();
  const chars = Array.from(line);
  return chars.length > most ? chars.slice(0, most - 1).join('') + '…' : line;
}
