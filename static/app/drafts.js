// What is being written in each conversation: the text, what it answers, and
// how it was typed. It is kept in this tab while it is typed, so that a reload
// and a new login of the same person find it again.
import {Keystrokes} from './keystrokes.js';

export class Drafts {
  /**
   * @param {{keep: import('./keep.js').Keep, name: (what: string) => string, keystrokes: boolean}} o
   *   keystrokes: whether this person agreed to be recorded; if not, nothing is
   */
  constructor(o) {
    this.o = o;
    /** @type {Map<string, string>} */
    this.texts = new Map(pairs(o.keep.get(o.name('drafts'))));
    /** @type {Map<string, number>} conversation → the id of what is being replied to */
    this.replies = new Map(pairs(o.keep.get(o.name('replies'))));
    /** @type {Map<string, Keystrokes>} */
    this.typed = new Map();
    if (o.keystrokes) this.takeUpTyped();
  }

  /** A history goes on where a reload cut it, if the text is still there. */
  takeUpTyped() {
    const kept = new Map(pairs(this.o.keep.get(this.o.name('keys'))));
    this.texts.forEach((text, conv) => {
      const k = kept.get(conv) || {};
      this.keystrokes(conv).resume(Array.isArray(k.keys) ? k.keys : [], Number(k.ms) || 0, 'Reload', text);
    });
  }

  /** @param {string} conv @returns {Keystrokes} only where they are recorded */
  keystrokes(conv) {
    let k = this.typed.get(conv);
    if (!k) this.typed.set(conv, k = new Keystrokes());
    return k;
  }

  /** @param {string} conv */
  get(conv) { return this.texts.get(conv) || ''; }

  /** @param {string} conv @param {string} text @returns {boolean} whether it is kept */
  set(conv, text) {
    if (text) this.texts.set(conv, text);
    else this.texts.delete(conv);
    return this.save('drafts', this.texts);
  }

  /** @param {string} conv @param {number} id 0: to nothing */
  setReply(conv, id) {
    if (id) this.replies.set(conv, id);
    else this.replies.delete(conv);
    this.save('replies', this.replies);
  }

  /** Nothing is being replied to any more. */
  noReplies() {
    this.replies.clear();
    this.save('replies', this.replies);
  }

  /** The page may be about to go: how the drafts were typed so far is kept too. */
  pause() {
    if (!this.o.keystrokes) return;
    /** @type {Map<string, {keys: string[], ms: number}>} */
    const typed = new Map();
    this.typed.forEach((k, conv) => { if (this.texts.has(conv)) typed.set(conv, k.soFar()); });
    this.save('keys', typed);
  }

  /** @param {string} what @param {Map<string, any>} map */
  save(what, map) {
    const name = this.o.name(what);
    if (map.size) return this.o.keep.set(name, Array.from(map));
    this.o.keep.drop(name);
    return true;
  }
}

/** @param {any} kept @returns {[string, any][]} */
function pairs(kept) {
  return Array.isArray(kept) ? kept.filter(p => Array.isArray(p) && typeof p[0] === 'string') : [];
}
