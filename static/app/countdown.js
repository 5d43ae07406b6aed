// The end of a session, set for a time that can still be called off. Pure.

/**
 * @typedef {{at: number, minutes: number}} Plan at: when it ends, in ms; minutes: what was chosen, 0 is now. Others have
 *   been told of it unless it is now.
 */

/** Minutes to choose from. */
export const choices = [1, 5, 10];

const grace = 10000; // ms in which even an end at once can be stopped
const forgiven = 90000; // ms late that need no asking: browsers look at pages in the background once a minute; a computer that slept is later

/** @param {number} minutes @param {number} now in ms @returns {Plan} */
export function planEnd(minutes, now) {
  return {at: now + (minutes ? minutes * 60000 : grace), minutes};
}

/**
 * A plan from what was kept over a reload.
 * @param {any} kept
 * @returns {Plan|null}
 */
export function readPlan(kept) {
  return kept && typeof kept.at === 'number' && typeof kept.minutes === 'number' ? {at: kept.at, minutes: kept.minutes} : null;
}

/** @param {Plan} plan @param {number} now @returns {number} whole seconds, 0 when it is due */
export function secondsLeft(plan, now) { return Math.max(0, Math.ceil((plan.at - now) / 1000)); }

/**
 * @param {Plan} plan
 * @param {number} now
 * @returns {'running'|'due'|'late'} late: the page was asleep or closed when it was due; a person should decide
 */
export function planState(plan, now) {
  if (now < plan.at) return 'running';
  return now - plan.at <= forgiven ? 'due' : 'late';
}

/** @param {number} seconds @returns {string} such as 4:05 */
export function clockText(seconds) { return Math.floor(seconds / 60) + ':' + String(seconds % 60).padStart(2, '0'); }

/**
 * What of the time left is worth saying aloud: a text that changes each second
 * must not be.
 * @param {number} seconds
 * @returns {number} the last mark that was reached, in seconds
 */
export function spokenMark(seconds) { return [10, 60, 300].find(mark => seconds <= mark) || 600; }
