// Notices of the system's own that a message has come. Somebody may see the
// screen who should not: a notice has the app's name and "New message", never
// who wrote, what, or in which session. It is off until somebody turns it on,
// comes only while the page is not looked at, goes when it is, and ends with
// the login.
import {text} from './strings.js';

const kept = 'notify';

export class Notify {
  /** @param {{Notification?: any, document?: any, navigator?: any, isSecureContext?: boolean, focus?: () => void}} win */
  constructor(win) {
    this.win = win;
    // Chrome on Android has the name, but only service workers may use it.
    this.supported = !!win.Notification && win.isSecureContext !== false && !/Android/i.test(win.navigator && win.navigator.userAgent || '');
    this.wanted = false;
    /** @type {import('./keep.js').Keep|null} */
    this.keep = null;
    /** @type {any} */
    this.shown = null;
  }

  /**
   * Somebody has logged in; what they chose before a reload holds.
   * @param {import('./keep.js').Keep} keep theirs
   */
  begin(keep) {
    this.keep = keep;
    this.wanted = !!keep.get(kept);
  }

  /** @returns {'off'|'on'|'denied'} */
  get state() {
    if (!this.supported || !this.wanted) return 'off';
    const p = this.win.Notification.permission;
    return p === 'granted' ? 'on' : p === 'denied' ? 'denied' : 'off';
  }

  /** To be called where somebody has pressed a button for it: browsers ask then only. */
  async turnOn() {
    if (!this.supported) return;
    const asks = this.win.Notification;
    // Safari before 15 calls back instead of promising.
    if (asks.permission === 'default') await new Promise(done => { const p = asks.requestPermission(done); if (p && p.then) p.then(done, done); });
    this.wanted = true;
    if (this.keep && this.state === 'on') this.keep.set(kept, 1);
  }

  turnOff() {
    this.wanted = false;
    if (this.keep) this.keep.drop(kept);
    this.seen();
  }

  /** A new message of somebody else has come. Shown only if it is wanted and nobody looks at the page. */
  message() {
    if (this.state !== 'on' || !this.win.document.hidden) return;
    try {
      this.seen();
      this.shown = new this.win.Notification(text.app, {body: text.notify.message, tag: 'hearth'});
      this.shown.onclick = () => {
        if (this.win.focus) this.win.focus();
        this.seen();
      };
    } catch (e) {
      this.supported = false; // it has the name, but not the thing
    }
  }

  /** The page is looked at. */
  seen() {
    if (this.shown) this.shown.close();
    this.shown = null;
  }

  /** The login has ended. */
  end() {
    this.seen();
    this.wanted = false;
    this.keep = null;
  }
}
