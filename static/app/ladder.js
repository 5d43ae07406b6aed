// Which way to try to reach the server, and when to try again. Pure: no
// timers and no network, so that it can be tested.

/**
 * @typedef {'ws'|'wait'|'poll'} Via
 * @typedef {{to?: 'login'|'list', code?: string, opened?: boolean, after?: number, better?: boolean, moved?: boolean}} Outcome
 *   how one attempt ended: to: give up and go there; opened: the server had answered; after: ms that the server asks to
 *   wait; better: nothing failed, it is time to try a better way
 */

const firstPause = 1000; // ms, doubled with each failure
const longestPause = 30000;
const firstUpgrade = 60000; // ms until a better way is tried again, doubled each time it is no use
const lastUpgrade = 960000;

export class Ladder {
  /**
   * @param {{force?: Via|'', random?: () => number, now?: () => number}} [opt] force: this way and no other
   */
  constructor(opt = {}) {
    this.force = opt.force || '';
    this.random = opt.random || Math.random;
    this.now = opt.now || Date.now;
    /** @type {Via} */
    this.via = opt.force || 'ws';
    this.failures = 0; // in a row, of any way
    /** @type {{[via: string]: number}} */
    this.bad = {ws: 0, wait: 0, poll: 0}; // failures in a row without an answer
    this.upgradeAfter = firstUpgrade;
    this.upgradeAt = Infinity;
  }

  /** The present way works. */
  worked() {
    this.failures = 0;
    this.bad[this.via] = 0;
    if (this.via === 'ws') {
      this.bad.wait = 0;
      this.upgradeAfter = firstUpgrade;
      this.upgradeAt = Infinity;
    } else if (this.upgradeAt === Infinity && !this.force) {
      this.upgradeAt = this.now() + this.upgradeAfter;
      this.upgradeAfter = Math.min(this.upgradeAfter * 2, lastUpgrade);
    }
  }

  /** Reports whether a better way should be tried now. */
  mayUpgrade() { return this.now() >= this.upgradeAt; }

  /** From now on this.via is the best way again. One more failure of it is enough to leave it. */
  upgrade() {
    this.upgradeAt = Infinity;
    if (!this.force) this.via = 'ws';
  }

  /**
   * The present way failed; this.via is what to try next.
   * @param {Outcome} how
   * @returns {number} ms to wait before
   */
  failed(how) {
    this.failures++;
    if (how.opened) this.bad[this.via] = 0;
    else this.bad[this.via]++;
    if (how.after !== undefined) return how.after;
    if (!this.force && !how.opened) {
      if (this.via === 'ws' && this.bad.ws >= 2) return this.step('wait');
      if (this.via === 'wait' && this.bad.wait >= 2) return this.step('poll');
      if (this.via === 'poll') this.upgrade(); // nothing works: it is the network, and it is no use to be modest
    }
    return this.pause();
  }

  /** @param {Via} to */
  step(to) {
    this.via = to;
    this.failures--; // another way is worth trying at once
    return 0;
  }

  pause() {
    const most = Math.min(longestPause, firstPause * Math.pow(2, Math.max(0, this.failures - 1)));
    return Math.round(most / 2 + this.random() * most / 2); // so that all who were cut off do not come back at once
  }
}

/**
 * What the end of a WebSocket means.
 * @param {number} code
 * @param {string} reason
 * @param {boolean} opened
 * @returns {Outcome}
 */
export function afterClose(code, reason, opened) {
  switch (code) {
    case 4401: return {to: 'login', code: 'not_authenticated'};
    case 4403: return {to: 'list', code: 'removed'};
    case 1001: {
      const ms = /retry_ms=(\d{1,6})\b/.exec(reason || '');
      return {opened, after: ms ? Math.min(Number(ms[1]), longestPause) : undefined};
    }
  }
  return {opened};
}

/**
 * What a refusal of entering or reading means.
 * @param {string} code
 * @returns {Outcome|null} null: try again
 */
export function afterRefusal(code) {
  switch (code) {
    case 'not_authenticated': return {to: 'login', code};
    case 'not_allowed':
    case 'not_found':
    case 'bad_request': return {to: 'list', code};
  }
  return null;
}
