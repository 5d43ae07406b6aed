// Who is signed in, and which view is shown. The token, and all that came with
// it, is in this object's memory; nothing is kept by the browser, and nothing
// is left when it signs out.

/** @typedef {import('./client.js').StaffApi} StaffApi */

export const views = /** @type {const} */ (['sessions', 'roster', 'downloads', 'audit', 'tokens', 'health']);
/** @typedef {typeof views[number]} View */

/** How long nothing may happen before it signs out by itself, and how long before that it says so; ms. */
export const idleAfter = 30 * 60000;
export const warnFor = 2 * 60000;

/** What is typed in forms that tell of nobody: it outlives a token that has expired. */
function noForms() {
  return {
    downloads: {table: 'attendance', ts: '', from: '', to: '', format: 'csv', deidentify: true, spreadsheet: true, of: ''},
    audit: {search: '', from: '', to: ''},
    token: {name: '', expires: ''},
  };
}

export class App {
  /**
   * @param {{api: (token: string, ended: () => void) => StaffApi, now?: () => number, view?: string}} env
   *   view: the one to begin with, from the page's address
   */
  constructor(env) {
    this.env = env;
    this.now = env.now || (() => Date.now());
    /** @type {StaffApi|null} null: nobody is signed in */
    this.api = null;
    /** @type {View} */
    this.view = viewOf(env.view);
    /** @type {''|'signedOut'|'refused'|'idle'|'revoked'} why nobody is signed in */
    this.why = '';
    this.forms = noForms();
    /** @type {import('./client.js').Session[]|null} as they were last seen */
    this.sessions = null;
    /** @type {import('./roster.js').Upload|null} the roster file that was chosen */
    this.upload = null;
    /** Calls that take long by their nature: while there is one, nobody is idle. */
    this.busy = 0;
    this.last = this.now();
    this.warned = false;
    /** @type {Set<() => void>} */
    this.watchers = new Set();
  }

  /** @param {() => void} f @returns {() => void} ends it */
  subscribe(f) {
    this.watchers.add(f);
    return () => { this.watchers.delete(f); };
  }

  changed() { this.watchers.forEach(f => f()); }

  /**
   * @param {string} token
   * @throws {import('./client.js').Refusal} and then nobody is signed in
   */
  async signIn(token) {
    /** @type {StaffApi} */
    const api = this.env.api(token, () => { if (this.api === api) this.signOut('refused'); });
    try {
      const sessions = await api.sessions();
      if (this.api) this.api.close();
      this.api = api;
      this.sessions = sessions;
    } catch (e) {
      api.close();
      throw e;
    }
    this.why = '';
    this.last = this.now();
    this.warned = false;
    this.changed();
  }

  /** @param {App['why']} why */
  signOut(why) {
    if (this.api) this.api.close();
    this.api = this.sessions = this.upload = null;
    this.busy = 0;
    if (why !== 'refused') { // then it is the same person who comes back, with another token
      this.forms = noForms();
      this.view = 'sessions';
    }
    this.why = why;
    this.changed();
  }

  /** @param {string} hash of the page's address */
  moved(hash) {
    const view = viewOf(hash);
    if (view === this.view) return;
    this.view = view;
    this.changed();
  }

  /** Somebody does something. */
  touch() {
    this.last = this.now();
    if (!this.warned) return;
    this.warned = false;
    this.changed();
  }

  /** To be called every few seconds, and when the page is looked at again. */
  tick() {
    if (!this.api) return;
    if (this.busy) this.last = this.now();
    const idle = this.now() - this.last;
    if (idle >= idleAfter) {
      this.signOut('idle');
      return;
    }
    const warn = idle >= idleAfter - warnFor;
    if (warn === this.warned) return;
    this.warned = warn;
    this.changed();
  }

  /** @param {string} id @returns {string} whose, or which therapy session's, it is, as far as this page has learnt; else '' */
  nameOf(id) {
    for (const s of this.sessions || []) {
      if (s.id === id) return s.name;
      const p = s.participants.find(x => x.id === id);
      if (p) return p.name;
    }
    return '';
  }
}

/** @param {string} [hash] @returns {View} */
function viewOf(hash) {
  return views.find(v => '#' + v === hash) || 'sessions';
}
