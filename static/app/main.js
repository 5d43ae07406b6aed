// Where the page begins: who is logged in, which view is shown, and the
// address that belongs to it.
import {html, render, useSubject} from './ui.js';
import {Api} from './api.js';
import {tabKeep} from './keep.js';
import {Session} from './session.js';
import {text} from './strings.js';
import {Login} from './views/login.js';
import {List} from './views/list.js';
import {SessionView} from './views/session.js';
import {Loading, Offline} from './views/shell.js';

class App {
  constructor() {
    this.api = new Api();
    this.keep = tabKeep();
    this.listeners = new Set();
    /** @type {'loading'|'offline'|'login'|'list'|'session'} */
    this.view = 'loading';
    this.notice = ''; // said at the top of the view
    this.user = null;
    this.pollInterval = 5000;
    /** @type {Session|null} */
    this.session = null;
    this.tries = 0;
    this.loggingOut = false;
  }

  subscribe(f) {
    this.listeners.add(f);
    return () => this.listeners.delete(f);
  }

  show(view, notice) {
    this.view = view;
    this.notice = notice || '';
    if (view !== 'session') document.title = text.app;
    this.listeners.forEach(f => f());
  }

  // The address: ?ts= is the session that is open, or will be after the login.

  get place() { return new URLSearchParams(location.search).get('ts') || ''; }

  setPlace(ts, replace) {
    const q = new URLSearchParams(location.search);
    if (ts) q.set('ts', ts);
    else q.delete('ts');
    const to = location.pathname + (q.toString() ? '?' + q : '');
    if (to === location.pathname + location.search) return;
    if (replace) history.replaceState(null, '', to);
    else history.pushState(null, '', to);
  }

  get transport() {
    const t = new URLSearchParams(location.search).get('transport');
    return t === 'poll' || t === 'wait' || t === 'ws' ? t : '';
  }

  // What happens.

  /** Asks who is logged in, until there is an answer. */
  async begin() {
    clearTimeout(this.timer);
    try {
      const me = await this.api.me();
      this.tries = 0;
      this.pollInterval = me.poll_interval_ms || this.pollInterval;
      this.loggedIn(me.user);
    } catch (e) {
      if (e.code === 'not_authenticated') {
        this.show('login');
        return;
      }
      this.tries++;
      this.timer = setTimeout(() => this.begin(), Math.min(30000, 1000 * Math.pow(2, this.tries)) * (0.5 + Math.random() / 2));
      this.show('offline');
    }
  }

  /** After a code was accepted. */
  async verified(user) {
    this.user = user;
    try {
      this.pollInterval = (await this.api.me()).poll_interval_ms || this.pollInterval;
    } catch (e) { /* the default will do */ }
    this.loggedIn(user);
  }

  loggedIn(user) {
    this.user = user;
    this.keep.only(user.id + '.'); // what others left in this tab is theirs
    if (this.place) this.open(this.place, true);
    else this.show('list');
  }

  open(ts, replace) {
    this.close();
    this.setPlace(ts, replace);
    this.session = new Session({
      api: this.api, keep: this.keep, user: this.user, ts, force: this.transport, pollInterval: this.pollInterval,
      over: (to, code) => this.over(to, code),
    });
    this.session.start();
    this.show('session');
  }

  /** The server has ended it. */
  over(to, code) {
    if (this.loggingOut) return; // it is being seen to
    this.close();
    if (to === 'login') {
      this.show('login', text.login.again);
      return;
    }
    this.setPlace('', true);
    this.show('list', text.list[code] || text.list.not_allowed);
  }

  /** Drops the session that is open. */
  close(leave) {
    if (!this.session) return null;
    const s = this.session;
    this.session = null;
    return s.stop(leave);
  }

  leave() {
    const ended = this.session && this.session.state === 'ended';
    this.close(true);
    this.setPlace('', false);
    this.show('list', ended ? '' : text.list.left);
  }

  /** Logs out. What this page knows goes with it: nothing is left in its memory. */
  async logOut() {
    if (this.session) this.session.outbox.stop();
    this.loggingOut = true;
    try {
      await this.api.logout();
    } catch (e) {
      if (e.code !== 'not_authenticated') {
        this.loggingOut = false;
        if (this.session) this.session.outbox.setReady(this.session.link.up);
        throw e;
      }
    }
    this.close();
    this.keep.clear();
    location.replace(location.pathname);
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

function Root({app}) {
  useSubject(app);
  switch (app.view) {
    case 'login': return html`<${Login} app=${app} />`;
    case 'list': return html`<${List} app=${app} key=${app.notice} />`;
    case 'session': return html`<${SessionView} app=${app} session=${app.session} key=${app.session.ts} />`;
    case 'offline': return html`<${Offline} app=${app} />`;
  }
  return html`<${Loading} />`;
}

const app = new App();
const root = document.getElementById('app');
root.textContent = '';
render(html`<${Root} app=${app} />`, root);
addEventListener('popstate', () => app.moved());
addEventListener('online', () => app.nudge());
addEventListener('offline', () => app.nudge());
addEventListener('pageshow', e => { if (e.persisted) location.reload(); }); // who is logged in may have changed
document.addEventListener('visibilitychange', () => { if (!document.hidden) app.nudge(); });
app.begin();
