// The WebSocket way.
import {ApiError} from './api.js';
import {afterClose, afterRefusal} from './ladder.js';

const helloWithin = 12000; // ms, for the handshake on a bad connection
const quiet = 25000; // ms without a frame, then the server is asked
const answerWithin = 12000; // ms for an answer to anything
const soon = 6000; // ms for an answer when there is reason to doubt the line, such as after sleep

/**
 * @typedef {import('./ladder.js').Outcome} Outcome
 * @typedef {{resolve: (frame: any) => void, reject: (e: ApiError) => void, timer: any, fromStart: boolean}} Asked
 */

export class SocketWay {
  /** @param {import('./connection.js').Shared} shared */
  constructor(shared) {
    this.s = shared;
    this.up = false;
    this.opened = false;
    /** ends the wait for why it was refused @type {((v?: any) => void)|null} */
    this.skip = null;
    /** @type {((out: Outcome) => void)|null} */
    this.done = null;
    /** @type {WebSocket|null} */
    this.ws = null;
    /** @type {Map<string, Asked>} by ref */
    this.asked = new Map();
    this.refs = 0;
    this.fromStart = false; // the next frame of actions begins the log
    this.heard = Date.now();
    this.pinged = 0;
    /** @type {any[]} */
    this.timers = [];
  }

  /** @returns {Promise<import('./ladder.js').Outcome>} when it has ended */
  run() {
    return new Promise(done => {
      this.done = done;
      const {location, WebSocket} = this.s.env;
      /** @type {WebSocket} */
      let ws;
      try {
        ws = new WebSocket((location.protocol === 'https:' ? 'wss://' : 'ws://') + location.host + '/api/ws', ['hearth.v1']);
      } catch (e) {
        this.finish({opened: false});
        return;
      }
      this.ws = ws;
      ws.onmessage = e => this.receive(e.data);
      ws.onclose = e => this.finish(afterClose(e.code, e.reason, this.opened));
      this.timers.push(setTimeout(() => { if (!this.opened) this.finish({opened: false}); }, helloWithin));
      this.timers.push(setInterval(() => this.watch(), 5000));
    });
  }

  /** Ends this way. A socket that was refused before it opened does not say why, so that is asked. @param {Outcome} out */
  async finish(out) {
    if (!this.done) return;
    const done = this.done;
    this.done = null;
    this.up = false;
    this.timers.forEach(t => { clearTimeout(t); clearInterval(t); });
    this.asked.forEach(a => {
      clearTimeout(a.timer);
      a.reject(new ApiError('network'));
    });
    this.asked.clear();
    if (this.ws) {
      this.ws.onmessage = this.ws.onclose = null;
      this.ws.close();
    }
    if (!this.opened && !out.to) {
      const asked = this.s.api.me().catch((/** @type {ApiError} */ e) => {
        if (e.code === 'not_authenticated') out = {to: 'login', code: 'not_authenticated'};
      });
      await Promise.race([asked, new Promise(done => { this.skip = done; })]);
    }
    done(out);
  }

  /** @param {object} frame @returns {boolean} whether it is on its way */
  send(frame) {
    if (!this.ws || this.ws.readyState !== 1) return false;
    this.ws.send(JSON.stringify(frame));
    return true;
  }

  /**
   * Sends a frame that is answered.
   * @param {object} frame
   * @param {boolean} [fromStart] it asks for the whole log
   * @returns {Promise<any>}
   */
  ask(frame, fromStart) {
    const ref = String(++this.refs);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.finish({opened: this.opened}), answerWithin);
      this.asked.set(ref, {resolve, reject, timer, fromStart: !!fromStart});
      if (!this.send(Object.assign({ref}, frame))) this.finish({opened: this.opened});
    });
  }

  /** @param {string} data */
  receive(data) {
    let f;
    try {
      f = JSON.parse(data);
    } catch (e) {
      this.finish({opened: this.opened});
      return;
    }
    this.heard = Date.now();
    this.pinged = 0;
    const on = this.s.on;
    switch (f.type) {
      case 'hello':
        this.opened = true;
        this.enter();
        break;
      case 'entered': {
        const mine = this.settle(f); // null: the server says that something changed
        if (mine) this.fromStart = mine.fromStart;
        this.s.ladder.worked();
        on.entered(f);
        this.up = true;
        on.link({via: 'ws', up: true});
        break;
      }
      case 'actions':
        if (f.ts_id !== this.s.ts) break;
        f.fromStart = this.fromStart;
        this.fromStart = false;
        on.actions(f);
        break;
      case 'saved':
      case 'left':
        this.settle(f);
        break;
      case 'error':
        this.settle(f, new ApiError(f.code, {message: f.message, retryAfter: (f.retry_after || 0) * 1000}));
        break;
      case 'presence':
        on.presence(f.user, f.status);
        break;
      case 'typing':
        on.typing(f.user, f.recipients);
        break;
    }
  }

  /** @param {any} f the answer @param {ApiError} [error] @returns {Asked|null} */
  settle(f, error) {
    const a = this.asked.get(f.ref);
    if (!a) return null;
    this.asked.delete(f.ref);
    clearTimeout(a.timer);
    if (error) a.reject(error);
    else a.resolve(f);
    return a;
  }

  enter() {
    const from = this.s.position();
    /** @type {{[field: string]: string|number}} */
    const frame = {type: 'enter', ts_id: this.s.ts, last_action_id: from.id};
    if (from.epoch) frame.epoch = from.epoch;
    this.ask(frame, from.id === 0).catch(e => {
      const out = afterRefusal(e.code);
      this.finish(out || {opened: this.opened, after: e.retryAfter || undefined});
    });
  }

  again() { if (this.opened) this.enter(); }

  /** @param {object[]} actions @param {string} epoch @returns {Promise<import('./connection.js').Result[]>} */
  async save(actions, epoch) {
    const f = await this.ask({type: 'save', epoch, actions});
    return f.results;
  }

  /** @param {string[]} recipients */
  typing(recipients) { this.send({type: 'typing', recipients}); }

  async leave() { await this.ask({type: 'leave'}); }

  stop() { this.finish({to: 'list'}); }

  /** A dead connection says nothing; so it is asked. */
  watch() {
    const now = Date.now();
    if (!this.opened) return;
    if (now < this.heard) this.heard = now; // the clock was put back
    if (now < this.pinged) this.pinged = now;
    if (this.pinged && now - this.pinged > answerWithin) this.finish({opened: true});
    else if (!this.pinged && now - this.heard > quiet) this.ping();
  }

  ping() {
    this.pinged = Date.now();
    if (!this.send({type: 'ping'})) this.finish({opened: true});
  }

  /** Finds out soon whether the line still holds. */
  check() {
    if (this.skip) this.skip();
    if (!this.opened || !this.done) return;
    const heard = this.heard;
    const asked = Date.now();
    if (!this.pinged) this.ping();
    this.timers.push(setTimeout(() => { if (this.pinged && this.heard === heard && Date.now() - asked >= soon) this.finish({opened: true}); }, soon));
  }
}
