// What of each conversation was on the screen, what is new besides, and when
// to tell the others that something was read.
import {news} from './log.js';

const readAfter = 800; // ms that something must have been shown

/** @typedef {import('./log.js').Log} Log */

export class Reads {
  /** @param {(conv: string, id: number) => void} tell says that the message is read */
  constructor(tell) {
    this.tell = tell;
    /** @type {Map<string, number>} conversation → the highest id shown */
    this.seen = new Map();
    /** @type {Map<string, any>} */
    this.timers = new Map();
    /** @type {Map<string, {log: Log, seen: number, news: {count: number, first: number}}>} what news said last, so that it is asked once a frame */
    this.known = new Map();
  }

  /** @param {Log} log @param {string} conv */
  news(log, conv) {
    const seen = this.seen.get(conv) || 0;
    const k = this.known.get(conv);
    if (k && k.log === log && k.seen === seen) return k.news;
    const n = news(log, conv, seen);
    this.known.set(conv, {log, seen, news: n});
    return n;
  }

  /**
   * Everything of conv up to id is, or was, on the screen.
   * @param {() => Log} log the present one, whenever it is asked for
   * @param {string} conv @param {number} id
   * @returns {boolean} whether something is no longer new
   */
  saw(log, conv, id) {
    if (id <= (this.seen.get(conv) || 0)) return false;
    const {first} = this.news(log(), conv);
    this.seen.set(conv, id);
    if (!first || first > id) return false;
    clearTimeout(this.timers.get(conv));
    this.timers.set(conv, setTimeout(() => {
      const newest = newestRead(log(), conv, this.seen.get(conv) || 0);
      if (newest) this.tell(conv, newest);
    }, readAfter));
    return true;
  }

  /** The log begins anew, with ids that mean something else. */
  reset() {
    this.stop();
    this.seen.clear();
    this.known.clear();
  }

  stop() {
    this.timers.forEach(clearTimeout);
    this.timers.clear();
  }
}

/**
 * @param {Log} log @param {string} conv @param {number} seen
 * @returns {number} the newest message of others that was shown, 0 if there is none
 */
function newestRead(log, conv, seen) {
  const ids = log.convs.get(conv) || [];
  for (let i = ids.length - 1; i >= 0; i--) {
    const item = log.items.get(ids[i]);
    if (item && item.id <= seen && item.kind === 'message' && !item.deleted && item.user !== log.me) return item.id;
  }
  return 0;
}
