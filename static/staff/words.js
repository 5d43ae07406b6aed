// Numbers and times as people read them.
import {locale} from '../app/language.js';

const exact = new Intl.DateTimeFormat(locale, {year: 'numeric', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit', second: '2-digit'});
const short = new Intl.DateTimeFormat(locale, {year: 'numeric', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit'});
const clock = new Intl.DateTimeFormat(locale, {hour: 'numeric', minute: '2-digit', second: '2-digit'});

/** @param {string} t RFC 3339 @returns {string} to the second */
export const stamp = t => written(exact, t);
/** @param {string} t RFC 3339 @returns {string} to the minute */
export const moment = t => written(short, t);
/** @param {number} ms @returns {string} a time of this day, with seconds */
export const clockTime = ms => clock.format(new Date(ms));

/** @param {Intl.DateTimeFormat} f @param {string} t */
function written(f, t) {
  const d = new Date(t);
  return isNaN(d.getTime()) ? '' : f.format(d);
}

/** @param {number} n @returns {string} */
export const number = n => new Intl.NumberFormat(locale).format(n);

/** @param {number} n of bytes @returns {string} as files' sizes are written */
export function bytes(n) {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  while (n >= 1000 && i < units.length - 1) {
    n /= 1000;
    i++;
  }
  return new Intl.NumberFormat(locale, {maximumFractionDigits: i && n < 100 ? 1 : 0}).format(n) + ' ' + units[i];
}

/** @param {number} ms @returns {string} minutes and seconds, 9:05 */
export function minutesLeft(ms) {
  const s = Math.max(0, Math.ceil(ms / 1000));
  return Math.floor(s / 60) + ':' + String(s % 60).padStart(2, '0');
}
