// Who is logged in, which view is shown, and the address that belongs to it.
// It knows no element of the page: main.js shows what it says.
import {leaveQuickly, leftMark} from './exit.js';
import {Session} from './session.js';
import {text} from './strings.js';

const writings = /\.(drafts|outbox|board)$/; // what is kept of what somebody writes

/**
 * @typedef {import('./api.js').User & {keystrokes?: boolean}} User
 * @typedef {'loading'|'offline'|'login'|'list'|'session'} View
 * @typedef {{
 *   api: import('./api.js').Api,
 *   keep: import('./keep.js').Keep,
 *   notify: import('./notify.js').Notify,
 *   settings: import('./settings.js').Settings,
 *   place: {location: Location, history: History},
 *   title: (title: string) => void,
 *   empty: () => void,
 *   endLogin: () => void,
 *   online: () => boolean,
 *   tell: (what: 'exit'|'logout') => void,
 * }} Env
 *   title: names the window; empty: takes everything off the screen; endLogin: by a call that outlives the page;
 *   tell: this browser's other tabs
 */

export class App {
  /** @param {Env} env */
  constructor(env) {
    this.env = env;
    this.api = env.api;
    this.keep = env.keep;
    this.notify = env.notify;
    this.settings = env.settings;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    /** @type {View} */
    this.view = 'loading';
    this.shown = 0; // how many views there were
    this.notice = ''; // said at the top of the view
    this.trouble = ''; // the code of why the server does not answer
    /** @type {User|null} */
    this.user = null;
    this.pollInterval = 5000;
    /** @type {Session|null} */
    this.session = null;
    /** @type {import('./agenda.js').Sessions|null} */
    this.sessions = null; // as last seen, so that the list is there at once
    this.tries = 0;
    this.begun = 0; // how often begin was
    this.loggingOut = false;
    /** what the server ended while the login was being ended here @type {{to: 'login'|'list', code: string}|null} */
    this.ended = null;
    this.gone = false; // by the exit or a logout: nothing is shown any more
    this.left = false; // by the exit
    /** @type {any} */
    this.timer = 0;
  }

  /**
   * @param {() => void} f
   * @returns {() => void} ends it
   */
  subscribe(f) {
    this.listeners.add(f);
    return () => { this.listeners.delete(f); };
  }

  /**
   * @param {View} view
   * @param {string} [notice]
   */
  show(view, notice) {
    if (this.gone) return;
    this.view = view;
    this.shown++;
    this.notice = notice || '';
    if (view === 'login') this.setUnread(0);
    this.listeners.forEach(f => f());
  }

  /**
   * How many messages are unread, for the window's title. It names nothing
   * else: who looks over a shoulder, or at the list of windows, learns neither
   * whose session it is nor which.
   * @param {number} n
   */
  setUnread(n) {
    if (!this.gone) this.env.title((n > 0 ? `(${n}) ` : '') + text.app);
  }

  // The address: ?ts= is the session that is open, or will be after the login.

  get query() { return new URLSearchParams(this.env.place.location.search); }

  get place() { return this.query.get('ts') || ''; }

  /**
   * @param {string} ts
   * @param {boolean} [replace] this entry of the history, rather than adding one
   */
  setPlace(ts, replace) {
    const {location, history} = this.env.place;
    const q = this.query;
    if (ts) q.set('ts', ts);
    else q.delete('ts');
    const to = location.pathname + (q.toString() ? '?' + q : '');
    if (to === location.pathname + location.search) return;
    if (replace) history.replaceState(null, '', to);
    else history.pushState(null, '', to);
  }

  get transport() {
    const t = this.query.get('transport');
    return t === 'poll' || t === 'wait' || t === 'ws' ? t : '';
  }

  // What happens.

  /** Asks who is logged in, until there is an answer. Asked again meanwhile, the older question does not count: it may hang on a dead line. */
  async begin() {
    clearTimeout(this.timer);
    const begun = ++this.begun;
    try {
      if (this.keep.get(leftMark)) await this.leftBefore();
      const me = await this.api.me();
      if (begun !== this.begun) return;
      this.tries = 0;
      this.pollInterval = me.poll_interval_ms || this.pollInterval;
      this.loggedIn(Object.assign({keystrokes: me.keystrokes !== false}, me.user));
    } catch (e) {
      if (this.gone || begun !== this.begun) return;
      if (e.code === 'not_authenticated') {
        this.show('login');
        return;
      }
      this.trouble = e.code;
      this.tries++;
      this.timer = setTimeout(() => this.begin(), Math.min(30000, 1000 * Math.pow(2, this.tries)) * (0.5 + Math.random() / 2));
      this.show('offline');
    }
  }

  /** Somebody left quickly in this tab, and it is not known whether that has ended the login: it ends now. */
  async leftBefore() {
    try {
      await this.api.logout();
    } catch (e) {
      if (e.code !== 'not_authenticated') throw e;
    }
    this.keep.drop(leftMark);
  }

  /**
   * After a code was accepted.
   * @param {User} user
   */
  async verified(user) {
    let u = user;
    try {
      const me = await this.api.me();
      this.pollInterval = me.poll_interval_ms || this.pollInterval;
      u = Object.assign({keystrokes: me.keystrokes !== false}, me.user);
    } catch (e) { /* the defaults will do */ }
    this.loggedIn(u);
  }

  /** @param {User} user */
  loggedIn(user) {
    if (this.gone) return;
    if (!this.user || this.user.id !== user.id) this.sessions = null;
    this.user = user;
    this.keep.only(user.id); // what others left in this tab is theirs
    const mine = this.keep.of(user.id);
    this.notify.begin(mine);
    const survey = mine.get('survey');
    mine.drop('survey');
    if (survey === 'list' && this.place) this.setPlace('', true); // a survey's way back leads to its session
    if (this.place) this.open(this.place, true);
    else this.show('list');
  }

  /** Somebody goes from the list to a survey, and wants to be in the list afterwards. */
  toSurvey() {
    if (this.user && this.view === 'list') this.keep.of(this.user.id).set('survey', 'list');
  }

  /**
   * @param {string} ts
   * @param {boolean} [replace] as in setPlace
   */
  open(ts, replace) {
    if (!this.user) return;
    this.close();
    this.setPlace(ts, replace);
    this.session = new Session({
      api: this.api, keep: this.keep.of(this.user.id), user: this.user, ts, force: this.transport, pollInterval: this.pollInterval,
      keystrokes: this.user.keystrokes !== false,
      news: () => this.notify.message(),
      over: (/** @type {'login'|'list'} */ to, /** @type {string} */ code) => this.over(to, code),
    });
    this.session.start();
    this.setUnread(0); // it has its own, soon
    this.show('session');
  }

  /**
   * The server has ended it.
   * @param {'login'|'list'} to
   * @param {string} code
   */
  over(to, code) {
    if (this.gone) return;
    if (this.loggingOut) { // it is being seen to
      this.ended = {to, code};
      return;
    }
    this.close();
    if (to === 'login') {
      const writing = this.user && this.keep.of(this.user.id).any(writings);
      this.notify.seen();
      this.show('login', writing ? text.login.againKept : text.login.again);
      return;
    }
    this.setPlace('', true);
    this.show('list', code === 'removed' ? text.list.removed : text.list.not_allowed);
  }

  /**
   * Drops the session that is open.
   * @param {boolean} [leave] the others learn it at once
   */
  close(leave) {
    if (!this.session) return null;
    const s = this.session;
    this.session = null;
    return s.stop(leave);
  }

  leave() {
    const s = this.session;
    const ended = s && s.state === 'ended';
    const unsent = s && !s.link.up && s.outbox.waits();
    this.close(true);
    this.setPlace('', false);
    this.show('list', ended ? '' : unsent ? text.list.leftUnsent : text.list.left);
  }

  /** Logs out. What this page knows goes with it: nothing is left in its memory. */
  async logOut() {
    this.loggingOut = true;
    this.ended = null;
    if (this.session) await this.session.outbox.last();
    try {
      await this.api.logout();
    } catch (e) {
      if (this.gone) return;
      const ended = /** @type {App["ended"]} */ (this.ended); // by now
      const done = e.code === 'not_authenticated' || ended && ended.to === 'login'; // its answer is lost, and yet it is done
      if (!done) {
        this.loggingOut = false;
        if (ended) this.over(ended.to, ended.code);
        if (this.session) this.session.outbox.setReady(this.session.link.up);
        throw e;
      }
    }
    if (this.gone) return; // quickly, meanwhile: that page must not be replaced by this one
    this.env.tell('logout');
    this.forget();
  }

  /** After a logout, here or in another tab: an empty page, and then the login. */
  forget() {
    this.gone = true;
    this.env.empty();
    this.notify.end();
    this.keep.wipe();
    this.close();
    this.env.place.location.replace(this.env.place.location.pathname);
  }

  /** See exit.js. */
  exit() {
    if (this.left) return; // after a logout, the next page may be long in coming
    this.left = this.gone = true;
    leaveQuickly({
      empty: this.env.empty,
      keep: this.keep,
      logout: this.env.endLogin,
      stop: () => {
        clearTimeout(this.timer);
        this.notify.end();
        this.close();
        this.user = null;
        this.sessions = null;
      },
      tell: () => this.env.tell('exit'),
      // Without a network the browser would stay here, or say what it could not load.
      replace: () => this.env.place.location.replace(this.env.online() ? this.settings.exit : 'about:blank'),
    });
  }

  /** @param {'exit'|'logout'} what another tab has done */
  told(what) {
    if (this.gone) return;
    if (what === 'exit') this.exit();
    else if (this.user) this.forget();
  }

  /** The browser's back and forward. */
  moved() {
    if (!this.user || this.view === 'login') return;
    const ts = this.place;
    if (ts && (!this.session || this.session.ts !== ts)) this.open(ts, true);
    else if (!ts && this.session) {
      this.close(true);
      this.show('list');
    }
  }

  /** The page is seen again, or the network has come or gone. */
  nudge() {
    if (this.view === 'offline') this.begin();
    else if (this.session) this.session.nudge();
  }
}
