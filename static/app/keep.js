// What must survive a reload of the page, and nothing longer: it is in this
// tab's sessionStorage, belongs to one person, and goes with their logout.

const root = 'hearth.';

export class Keep {
  /** @param {Storage|null} storage null, or one that refuses: nothing is kept */
  constructor(storage) { this.storage = storage; }

  /** @param {string} name */
  get(name) {
    try {
      return JSON.parse(this.storage.getItem(root + name));
    } catch (e) {
      return null;
    }
  }

  /** @returns {boolean} whether it is kept; a full storage refuses */
  set(name, value) {
    try {
      this.storage.setItem(root + name, JSON.stringify(value));
      return true;
    } catch (e) {
      return false;
    }
  }

  /** @param {string} name */
  drop(name) {
    try {
      this.storage.removeItem(root + name);
    } catch (e) { /* then there is nothing in it */ }
  }

  /** Drops everything whose name does not begin with prefix. */
  only(prefix) {
    try {
      const names = [];
      for (let i = 0; i < this.storage.length; i++) names.push(this.storage.key(i));
      names.forEach(n => { if (n.startsWith(root) && !n.startsWith(root + prefix)) this.storage.removeItem(n); });
    } catch (e) { /* then there is nothing in it */ }
  }

  /** Drops everything. */
  clear() { this.only('\0'); }
}

/** This tab's, if the browser allows it. */
export function tabKeep() {
  try {
    return new Keep(window.sessionStorage);
  } catch (e) {
    return new Keep(null);
  }
}
