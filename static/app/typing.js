// Who is typing, and where. Pure: times are handed in.
import {convOf} from './log.js';

export const typingShown = 5000; // ms after the last sign of it

export class Typists {
  constructor() {
    /** @type {Map<string, Map<string, number>>} conversation → person → until when, in ms */
    this.until = new Map();
  }

  /**
   * A sign of somebody: the conversation is the one that their message would
   * be in.
   * @param {string} user
   * @param {string[]|undefined} recipients
   * @param {number} now ms
   */
  heard(user, recipients, now) {
    const conv = convOf(user, recipients || []);
    const there = this.until.get(conv) || new Map();
    there.set(user, now + typingShown);
    this.until.set(conv, there);
  }

  /** What they typed has come: they are done. @param {string} user @param {string} conv */
  done(user, conv) {
    const there = this.until.get(conv);
    if (there) there.delete(user);
  }

  /** @param {string} conv @param {number} now ms @returns {string[]} ids, who began first at the front */
  in(conv, now) {
    /** @type {string[]} */
    const all = [];
    (this.until.get(conv) || new Map()).forEach((until, user) => { if (until > now) all.push(user); });
    return all;
  }
}
