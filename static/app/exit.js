// The quick exit. Somebody may come into the room from whom a participant must
// hide that they are here, or why. So it takes one press, or the Escape key
// twice, and asks nothing; and what is on the screen goes first, before
// anything that could take time or fail:
//
//   1. the page is emptied;
//   2. what this tab has kept is wiped, and keeps nothing from then on;
//   3. the connection ends, and the login: by a call that outlives the page;
//   4. other tabs of this login are told to do the same;
//   5. the page is replaced by one that looks like nothing in particular. It
//      takes this page's place in the history, so that Back does not lead here;
//      and where Back leads to an earlier entry, that is the login page.
//
// What stays: the browser's own list of visited pages, which no page can
// change, and one mark in this tab, without content: should the call that ends
// the login not have come through (no network), the page makes it before
// anything else when it is opened in this tab again.

/** The name of the mark. */
export const leftMark = 'left';

/**
 * @param {{empty: () => void, stop: () => void, keep: import('./keep.js').Keep, tell: () => void, logout: () => void,
 *   replace: () => void}} o each is tried, whatever became of the one before
 */
export function leaveQuickly(o) {
  const steps = [
    o.empty,
    () => {
      o.keep.set(leftMark, 1);
      o.keep.wipe(leftMark);
    },
    o.logout, o.stop, o.tell, o.replace,
  ];
  steps.forEach(step => {
    try {
      step();
    } catch (e) { /* the next one counts */ }
  });
}

/**
 * Ends the login by a call that goes on while the page goes away.
 * @param {{Request?: any, fetch: typeof fetch, navigator?: any, Blob?: any}} win
 */
export function endLogin(win) {
  const path = '/api/logout';
  if (win.Request && 'keepalive' in win.Request.prototype || !win.navigator || !win.navigator.sendBeacon) {
    const sent = win.fetch(path, {
      method: 'POST', keepalive: true, credentials: 'same-origin', headers: {'Content-Type': 'application/json'}, body: '{}',
    });
    if (sent && sent.catch) sent.catch(() => {}); // nobody is there to hear it
    return;
  }
  win.navigator.sendBeacon(path, new win.Blob(['{}'], {type: 'application/json'}));
}

const within = 1000; // ms between the two presses

/** Two presses of Escape. What closes something with one (and says so by preventDefault) does not count. */
export class TwoPresses {
  constructor() { this.at = -Infinity; }

  /**
   * @param {{key: string, repeat?: boolean, isComposing?: boolean, defaultPrevented?: boolean}} e
   * @param {number} now ms
   * @returns {boolean} whether this was the second
   */
  key(e, now) {
    if (e.repeat) return false;
    const was = this.at;
    const counts = e.key === 'Escape' && !e.isComposing && !e.defaultPrevented;
    this.at = counts ? now : -Infinity;
    return counts && now - was <= within;
  }
}

/** The other tabs of this browser that have the page open, where browsers let tabs speak with each other. */
export class Tabs {
  /**
   * @param {any} Channel BroadcastChannel, or undefined
   * @param {(what: 'exit'|'logout') => void} heard
   */
  constructor(Channel, heard) {
    this.channel = Channel ? new Channel('hearth') : null;
    if (this.channel) {
      this.channel.onmessage = (/** @type {MessageEvent} */ e) => { if (e.data === 'exit' || e.data === 'logout') heard(e.data); };
    }
  }

  /** @param {'exit'|'logout'} what */
  tell(what) {
    if (this.channel) this.channel.postMessage(what);
  }
}
