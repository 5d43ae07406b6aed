// What must survive a reload of the page, and nothing longer: it is in this
// tab's sessionStorage. What belongs to a person is kept under their id, so
// that whoever logs in next in this tab does not get it.

const root = 'hearth.';
const end = '|'; // of an id; no id has it

export class Keep {
  /**
   * @param {Storage|null} storage null, or one that refuses: nothing is kept
   * @param {string} [prefix] before each name
   */
  constructor(storage, prefix = root) {
    this.storage = storage;
    this.prefix = prefix;
    this.closed = {yes: false}; // shared with what of() gave
  }

  /**
   * What is one person's.
   * @param {string} person
   */
  of(person) {
    const k = new Keep(this.storage, root + person + end);
    k.closed = this.closed;
    return k;
  }

  /**
   * @param {string} name
   * @returns {any} null if nothing is kept
   */
  get(name) {
    try {
      return JSON.parse(/** @type {string} */ (/** @type {Storage} */ (this.storage).getItem(this.prefix + name)));
    } catch (e) {
      return null;
    }
  }

  /**
   * @param {string} name
   * @param {any} value
   * @returns {boolean} whether it is kept; a full storage refuses, and so does one that was wiped
   */
  set(name, value) {
    if (this.closed.yes) return false;
    try {
      /** @type {Storage} */ (this.storage).setItem(this.prefix + name, JSON.stringify(value));
      return true;
    } catch (e) {
      return false;
    }
  }

  /** @param {string} name */
  drop(name) {
    try {
      /** @type {Storage} */ (this.storage).removeItem(this.prefix + name);
    } catch (e) { /* then there is nothing in it */ }
  }

  /**
   * Whether anything is kept here.
   * @param {RegExp} [which] of whose name
   */
  any(which = /^/) { return this.names().some(n => which.test(n)); }

  /**
   * Drops everything that is not this person's.
   * @param {string} person
   */
  only(person) { this.dropAll(n => !n.startsWith(root + person + end)); }

  /** Drops everything. */
  clear() { this.dropAll(() => true); }

  /**
   * Drops everything, and keeps nothing from now on: calls that are still
   * under way must not put back what they were about.
   * @param {string} [but] a name that stays
   */
  wipe(but) {
    this.closed.yes = true;
    this.dropAll(n => n !== root + but);
  }

  /** @param {(name: string) => boolean} which */
  dropAll(which) {
    try {
      this.names().filter(which).forEach(n => /** @type {Storage} */ (this.storage).removeItem(n));
    } catch (e) { /* then there is nothing in it */ }
  }

  /** @returns {string[]} */
  names() {
    const names = [];
    try {
      const s = /** @type {Storage} */ (this.storage);
      for (let i = 0; i < s.length; i++) names.push(/** @type {string} */ (s.key(i)));
    } catch (e) { /* then there is nothing in it */ }
    return names.filter(n => n.startsWith(this.prefix));
  }
}

/** This tab's, if the browser allows it. */
export function tabKeep() {
  try {
    return new Keep(window.sessionStorage);
  } catch (e) {
    return new Keep(null);
  }
}
