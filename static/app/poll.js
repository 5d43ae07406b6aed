// The HTTP ways: answers that are held until there is something (wait), and
// plain polling.
import {afterRefusal} from './ladder.js';

const hold = 25; // seconds; proxies that cut at 30 let it pass

export class PollWay {
  /** @param {import('./connection.js').Shared} shared @param {boolean} wait answers are held */
  constructor(shared, wait) {
    this.s = shared;
    this.wait = wait;
    this.up = false;
    this.stopped = false;
    this.state = '';
    this.toEnter = true;
    this.quick = false; // the next answer is not to be held
    /** ends the present pause @type {(() => void)|null} */
    this.skip = null;
    /** ends the present read @type {AbortController|null} */
    this.abort = null;
  }

  /** @returns {Promise<import('./ladder.js').Outcome>} when it has ended */
  async run() {
    let answered = false;
    try {
      while (!this.stopped) {
        if (this.s.ladder.mayUpgrade()) return {better: true};
        if (this.toEnter) await this.enter();
        if (this.state === 'waiting') {
          answered = true;
          this.s.ladder.worked();
          this.toEnter = true; // to learn whether it is still so
          await this.pause(this.s.pollInterval);
          continue;
        }
        const held = this.wait && answered && !this.quick && this.state !== 'ended' ? hold : 0;
        this.quick = false;
        const began = Date.now();
        const frame = await this.read(held);
        if (this.stopped) break;
        if (!frame) continue;
        // A first quick answer says nothing of whether held ones come through.
        if (!this.wait || held) this.s.ladder.worked();
        answered = true;
        this.s.on.actions(frame);
        if (frame.more || this.toEnter) continue;
        if (this.state === 'ended') await this.pause(Infinity);
        else if (!this.wait || held && !frame.actions.length && Date.now() - began < 2000) await this.pause(this.s.pollInterval);
      }
      return {};
    } catch (err) {
      const e = /** @type {import('./api.js').ApiError} */ (err);
      if (e.code === 'not_allowed' && this.state) return {to: 'list', code: 'removed'};
      return afterRefusal(e.code) || {opened: answered && !this.wait, after: e.retryAfter || undefined};
    } finally {
      this.up = false;
    }
  }

  async enter() {
    const {api, ts, on} = this.s;
    let e;
    try {
      e = await api.enter(ts);
    } catch (err) {
      if (/** @type {any} */ (err).code !== 'session_ended') throw err;
      e = {ts_id: ts, state: 'ended', epoch: '', max_id: 0, detail: await api.detail(ts)};
    }
    if (this.stopped) return;
    this.toEnter = false;
    this.state = e.state;
    this.up = true;
    on.entered(e);
    on.link({via: this.wait ? 'wait' : 'poll', up: true});
  }

  /** @param {number} held seconds @returns {Promise<import('./log.js').Frame|null>} null: look again */
  async read(held) {
    const {api, ts} = this.s;
    const from = this.s.position();
    this.abort = new AbortController();
    try {
      const frame = await api.actions(ts, from, held, this.abort.signal);
      frame.fromStart = from.id === 0;
      frame.last = !frame.more;
      return frame;
    } catch (e) {
      if (this.quick && !this.stopped) return null;
      if (/** @type {any} */ (e).code !== 'not_admitted') throw e;
      if (this.state === 'ended') return {epoch: '', max_id: 0, actions: [], fromStart: true, last: true}; // closed to this reader
      this.toEnter = true;
      return null;
    } finally {
      this.abort = null;
    }
  }

  /** @param {number} ms @returns {Promise<void>} */
  pause(ms) {
    return new Promise((/** @type {(v?: any) => void} */ done) => {
      const timer = ms === Infinity ? 0 : setTimeout(done, ms);
      this.skip = () => {
        clearTimeout(timer);
        done();
      };
    }).then(() => { this.skip = null; });
  }

  /** Enters again. */
  again() {
    this.toEnter = true;
    this.look();
  }

  /** Reads now, if nothing is being read. */
  look() {
    if (this.skip) this.skip();
  }

  check() {
    if (this.abort && this.wait) { // a held call may hang on a line that is gone
      this.quick = true;
      this.abort.abort();
    }
    this.look();
  }

  /** @param {object[]} actions @param {string} epoch @returns {Promise<import('./connection.js').Result[]>} */
  async save(actions, epoch) {
    const answer = await this.s.api.save(this.s.ts, epoch, actions);
    this.look();
    return answer.saved;
  }

  typing() {}

  leave() { return this.s.api.leave(this.s.ts); }

  stop() {
    this.stopped = true;
    if (this.abort) this.abort.abort();
    this.look();
  }
}
