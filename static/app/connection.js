// One therapy session's line to the server: it keeps one way open, whichever
// works, and always goes on from the reader's own position.
import {ApiError} from './api.js';
import {Ladder} from './ladder.js';
import {SocketWay} from './socket.js';
import {PollWay} from './poll.js';

/**
 * @typedef {import('./api.js').Entered} Entered
 * @typedef {{via: 'ws'|'wait'|'poll', up: boolean, retryAt?: number}} Link
 * @typedef {{
 *   link: (l: Link) => void,
 *   entered: (e: Entered) => void,
 *   actions: (frame: import('./log.js').Frame) => void,
 *   presence: (user: string, status: string) => void,
 *   typing: (user: string, recipients: string[]|undefined) => void,
 *   over: (to: 'login'|'list', code: string) => void,
 * }} Listener
 *   over: the connection has ended for good
 * @typedef {{api: import('./api.js').Api, ts: string, force?: import('./ladder.js').Via|'', pollInterval: number,
 *   position: () => import('./api.js').Position, on: Listener, env?: object}} Options
 *   pollInterval in ms; env: WebSocket, location, random and now for tests
 * @typedef {{WebSocket: typeof WebSocket, location: {protocol: string, host: string}, random?: () => number, now?: () => number}} Env
 * @typedef {{api: import('./api.js').Api, ts: string, pollInterval: number, position: () => import('./api.js').Position,
 *   on: Listener, ladder: Ladder, env: Env}} Shared what the ways have in common
 * @typedef {import('./outbox.js').Result} Result
 */

export class Connection {
  /** @param {Options} o */
  constructor(o) {
    /** @type {Env} */
    const env = Object.assign({WebSocket: window_('WebSocket'), location: window_('location')}, o.env);
    this.on = o.on;
    this.ladder = new Ladder({force: o.force, random: env.random, now: env.now});
    this.shared = {
      api: o.api, ts: o.ts, pollInterval: o.pollInterval, position: o.position, on: o.on, ladder: this.ladder, env,
    };
    /** @type {SocketWay|PollWay|null} */
    this.way = null;
    this.stopped = false;
    /** ends the present pause @type {(() => void)|null} */
    this.skip = null;
  }

  /** Runs until stop, or until over was said. It does not throw. */
  async run() {
    while (!this.stopped) {
      const via = this.ladder.via;
      this.on.link({via, up: false});
      this.way = via === 'ws' ? new SocketWay(this.shared) : new PollWay(this.shared, via === 'wait');
      const out = await this.way.run();
      this.way = null;
      if (this.stopped) return;
      if (out.to) {
        this.stopped = true;
        this.on.over(out.to, out.code || '');
        return;
      }
      if (out.better) {
        this.ladder.upgrade();
        continue;
      }
      const wait = this.ladder.failed(out);
      if (wait > 0) await this.pause(wait);
    }
  }

  /** @param {number} ms @returns {Promise<void>} */
  pause(ms) {
    this.on.link({via: this.ladder.via, up: false, retryAt: Date.now() + ms});
    return new Promise((/** @type {(v?: any) => void} */ done) => {
      const timer = setTimeout(done, ms);
      this.skip = () => {
        clearTimeout(timer);
        done();
      };
    }).then(() => { this.skip = null; });
  }

  /** Something changed (the page is shown again, the network is back): look at once whether the line still holds. */
  nudge() {
    if (this.skip) this.skip();
    else if (this.way) this.way.check();
  }

  /** Enters again, for what follows an end. */
  again() { if (this.way) this.way.again(); }

  /**
   * @param {object[]} actions
   * @param {string} [epoch] of the log that their targets are in; without, the present one
   * @returns {Promise<Result[]>} a result for each
   * @throws {ApiError} of the whole call; network: not known whether it arrived
   */
  save(actions, epoch) {
    const way = this.way;
    if (!way || !way.up) return Promise.reject(new ApiError('network'));
    return way.save(actions, epoch || this.shared.position().epoch).catch(e => {
      if (e.code === 'network' || e.code === 'timeout') way.check();
      throw e;
    });
  }

  /** @param {string[]} recipients empty: everyone */
  typing(recipients) {
    if (this.way && this.way.up) this.way.typing(recipients);
  }

  /** Ends the connection; with leave, the others learn it at once. @param {boolean} [leave] */
  async stop(leave) {
    this.stopped = true;
    const way = this.way;
    if (this.skip) this.skip();
    if (!way) return;
    if (leave) await way.leave().catch(() => {});
    way.stop();
  }
}

/** @param {'WebSocket'|'location'} name @returns {any} */
function window_(name) { return typeof window === 'undefined' ? undefined : window[name]; }
