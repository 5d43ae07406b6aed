// Times as people read them, in their own time zone, and in the page's
// language as it is used where they are.
import {locale} from './language.js';

const clock = new Intl.DateTimeFormat(locale, {hour: 'numeric', minute: '2-digit'});
const day = new Intl.DateTimeFormat(locale, {weekday: 'long', day: 'numeric', month: 'long'});
const yearAndClock = new Intl.DateTimeFormat(locale, {weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: 'numeric', minute: '2-digit'});
const dayAndClock = new Intl.DateTimeFormat(locale, {weekday: 'long', day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit'});

/** @param {string} t RFC 3339 */
export const timeOfDay = t => format(clock, t);

/** @param {string} t RFC 3339 */
export const dayOf = t => format(day, t);

/**
 * With the year, where it is not this one.
 * @param {string} t RFC 3339
 */
export const dayAndTime = t => format(new Date(t).getFullYear() === new Date().getFullYear() ? dayAndClock : yearAndClock, t);

/**
 * Whether a time is on this day.
 * @param {string} t RFC 3339
 * @param {Date} now
 */
export function isToday(t, now) {
  const d = new Date(t);
  return d.getFullYear() === now.getFullYear() && d.getMonth() === now.getMonth() && d.getDate() === now.getDate();
}

/**
 * @param {Intl.DateTimeFormat} f
 * @param {string} t
 */
function format(f, t) {
  const d = new Date(t);
  return isNaN(d.getTime()) ? '' : f.format(d);
}

/**
 * The address of a survey, if it is one that may be followed; else undefined.
 * @param {string|undefined} url
 */
export function webLink(url) {
  return /^(https?:\/\/|\/(?!\/))/i.test(url || '') ? url : undefined;
}

/**
 * One line of a longer text.
 * @param {string} text
 * @param {number} most characters
 */
export function excerpt(text, most) {
  const line = text.replace(/\s+/g, ' ').trim();
  const chars = Array.from(line);
  return chars.length > most ? chars.slice(0, most - 1).join('') + '…' : line;
}
