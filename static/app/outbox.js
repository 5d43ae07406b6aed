// What this person said and did, until the server has answered it for good. It
// promises nothing by itself: an entry stays until an id or a final refusal
// comes back, and is sent again, under the same client_id, whenever it is not
// known what became of it.

/**
 * @typedef {{type: string, client_id?: string, client_ts?: string, body?: string, recipients?: string[], target?: number|null,
 *   icon?: string, character_history?: string[], time_to_complete?: string}} Draft an action that is asked for
 * @typedef {{id?: number, error?: {code: string, message?: string, retry_after?: number}}} Result what became of one; retry_after in seconds
 * @typedef {{clientId: string, action: Draft, conv: string, state: 'queued'|'sending'|'saved'|'failed', id: number, code: string, epoch: string, refused: number}} Entry
 *   id: once saved; code: why it failed for good; epoch: of the log that its target is in, '' if that was not known;
 *   refused: how often in a row something other than the server refused it
 */

const batchActions = 20;
const batchChars = 200000; // a frame is at most 1 MiB
const firstPause = 1000; // ms
const longestPause = 30000;
const lastWithin = 3000; // ms that leaving waits for what is sent last

// After these an action will never be stored as it is; of the latter, not even if circumstances change.
const final = new Set(['invalid_action', 'too_large', 'wrong_user', 'not_allowed', 'no_such_target', 'muted',
  'client_id_reused', 'session_ended', 'bad_request', 'invalid_frame', 'unknown_type', 'cross_origin', 'unsupported_media_type']);

const hopeless = new Set(['invalid_action', 'too_large', 'wrong_user', 'no_such_target', 'session_ended']);

const foreignTries = 4; // with longer and longer pauses: a login page of a WLAN may go

/** @param {string} code @returns {boolean} whether sending the same again at once is no use */
export function isFinal(code) { return final.has(code); }

/** @param {string} code @returns {boolean} whether what was refused so may be taken another time, such as when one may write again */
export function mayRetry(code) { return !hopeless.has(code); }

/**
 * A name for an action that no other has. Browsers give randomUUID to pages on https only.
 * @param {any} crypto
 * @returns {string}
 */
export function newClientId(crypto) {
  if (crypto && crypto.randomUUID) return crypto.randomUUID();
  const b = crypto && crypto.getRandomValues
    ? Array.from(crypto.getRandomValues(new Uint8Array(16)))
    : Array.from({length: 16}, () => Math.floor(Math.random() * 256));
  b[6] = b[6] & 15 | 64; // RFC 9562, 5.4
  b[8] = b[8] & 63 | 128;
  const hex = b.map(x => (x + 256).toString(16).slice(1)).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export class Outbox {
  /**
   * @param {{send: (actions: Draft[], epoch: string) => Promise<Result[]>, keep: import('./keep.js').Keep, name: string,
   *   changed: () => void, epoch?: () => string, newId?: () => string, random?: () => number}} o name: of what is kept; epoch: the present log's
   */
  constructor(o) {
    this.o = o;
    this.newId = o.newId || (() => newClientId(typeof crypto === 'undefined' ? null : crypto));
    this.random = o.random || Math.random;
    this.ready = false;
    this.closed = false;
    this.busy = false;
    this.failures = 0;
    this.alone = false; // one action a call, to find out whose a refusal is
    /** @type {any} */
    this.timer = 0;
    this.kept = true; // a reload would find what is not answered; false: this browser keeps nothing, or no more
    /** @type {Map<string, Entry[]>} */
    this.byConv = new Map();
    this.byConvOf = /** @type {Entry[]} */ ([]); // the entries that byConv is of
    const entries = o.keep.get(o.name);
    /** @type {Entry[]} */
    this.entries = (Array.isArray(entries) ? entries : []).map((/** @type {any} */ e) => Object.assign({id: 0, code: '', epoch: '', refused: 0}, e, {state: e.code ? 'failed' : 'queued'}));
  }

  /**
   * Takes an action, and sends it as soon as it can.
   * @param {Draft} action without client_id
   * @param {string} conv where it is shown meanwhile
   * @returns {Entry}
   */
  add(action, conv) {
    if (action.type === 'message_read') { // the newest says all
      this.entries = this.entries.filter(e => !(e.state === 'queued' && e.action.type === 'message_read' && e.conv === conv));
    }
    const clientId = this.newId();
    /** @type {Entry} */
    const e = {
      clientId, conv, state: 'queued', id: 0, code: '', refused: 0, epoch: this.o.epoch ? this.o.epoch() : '',
      action: Object.assign({client_id: clientId, client_ts: new Date().toISOString()}, action),
    };
    this.entries = this.entries.concat(e);
    this.changed();
    this.flush();
    return e;
  }

  /** @param {boolean} ready whether sending can succeed at present */
  setReady(ready) {
    if (this.closed) return;
    this.ready = ready;
    if (!ready) return;
    this.failures = 0;
    clearTimeout(this.timer);
    this.timer = 0;
    this.flush();
  }

  /**
   * The log is read up to here, and holds these client_ids: what is in it needs no place here.
   * @param {number} position
   * @param {Set<string>} clientIds
   */
  arrived(position, clientIds) {
    if (!this.entries.length) return;
    const left = this.entries.filter(e => !clientIds.has(e.clientId) && !(e.state === 'saved' && e.id <= position));
    if (left.length === this.entries.length) return;
    this.entries = left;
    this.changed();
  }

  /** @param {string} conv @returns {Entry[]} those of a conversation: the same list as before, if none has changed */
  in(conv) {
    if (this.byConvOf !== this.entries) {
      const was = this.byConv;
      /** @type {Map<string, Entry[]>} */
      const is = new Map();
      this.entries.forEach(e => is.set(e.conv, (is.get(e.conv) || []).concat(e)));
      is.forEach((list, key) => {
        const old = was.get(key);
        if (old && old.length === list.length && old.every((e, i) => e === list[i])) is.set(key, old);
      });
      this.byConv = is;
      this.byConvOf = this.entries;
    }
    return this.byConv.get(conv) || nothing;
  }

  /**
   * Sends an entry that failed once more. The same name is good: what was refused was not stored.
   * @param {string} clientId
   */
  retry(clientId) {
    const e = this.entries.find(x => x.clientId === clientId);
    if (!e || e.state !== 'failed') return;
    if (e.code === 'client_id_reused') {
      const id = this.newId();
      this.set(e, {state: 'queued', code: '', clientId: id, action: Object.assign({}, e.action, {client_id: id})});
    } else {
      this.set(e, {state: 'queued', code: ''});
    }
    this.changed();
    this.flush();
  }

  /** Takes back an entry that failed, and returns it. @param {string} clientId */
  discard(clientId) {
    const e = this.entries.find(x => x.clientId === clientId);
    if (!e || e.state !== 'failed') return null;
    this.entries = this.entries.filter(x => x !== e);
    this.changed();
    return e;
  }

  /** Stops sending; what is kept stays. */
  stop() {
    this.ready = false;
    clearTimeout(this.timer);
  }

  /**
   * Stops, and sends what waits behind a call that is under way. What becomes
   * of it is learned by sending it again, the next time. It does not take long.
   */
  async last() {
    const rest = this.ready ? this.batch() : [];
    this.stop();
    if (!rest.length) return;
    const answer = this.o.send(rest.map(e => e.action), rest[0].epoch);
    await new Promise(done => {
      const timer = setTimeout(done, lastWithin);
      answer.catch(() => {}).then(() => {
        clearTimeout(timer);
        done(null);
      });
    });
  }

  /** @returns {boolean} whether a message is not known to have been sent, or to have failed */
  waits() { return this.entries.some(e => e.action.type === 'message' && (e.state === 'queued' || e.state === 'sending')); }

  /** Ends it: the next one has what is kept, and answers that still come change nothing of that. */
  close() {
    this.stop();
    this.closed = true;
  }

  async flush() {
    if (this.busy || !this.ready || this.timer) return;
    const batch = this.batch();
    if (!batch.length) return;
    this.busy = true;
    batch.forEach(e => { this.set(e, {state: 'sending'}); });
    this.changed();
    let pause = 0;
    try {
      const results = await this.o.send(batch.map(e => e.action), batch[0].epoch);
      batch.forEach((e, i) => { pause = Math.max(pause, this.settle(e, results[i] || {error: {code: 'internal'}}, 1)); });
    } catch (err) {
      const {code, retryAfter} = /** @type {import('./api.js').ApiError} */ (err);
      const whole = {error: {code: code || 'network', retry_after: (retryAfter || 0) / 1000}};
      batch.forEach(e => { pause = Math.max(pause, this.settle(e, whole, batch.length)); });
    }
    this.busy = false;
    this.failures = pause ? this.failures + 1 : 0;
    this.changed();
    if (pause && this.ready) {
      this.timer = setTimeout(() => {
        this.timer = 0;
        this.flush();
      }, pause);
    } else {
      this.flush();
    }
  }

  batch() {
    const all = this.entries.filter(e => e.state === 'queued');
    const batch = [];
    let chars = 0;
    for (const e of all) {
      chars += JSON.stringify(e.action).length;
      if (batch.length && (batch.length >= (this.alone ? 1 : batchActions) || chars > batchChars || e.epoch !== batch[0].epoch)) break;
      batch.push(e);
    }
    return batch;
  }

  /** @param {Entry} e @param {Result} result @param {number} of how many there were in the call @returns {number} ms to wait before the next */
  settle(e, result, of) {
    const error = result.error;
    if (!error) {
      this.set(e, {state: 'saved', id: result.id || 0});
      this.alone = false;
      return 0;
    }
    if (isFinal(error.code) && of === 1) {
      if (e.action.type === 'message_read') this.entries = this.entries.filter(x => x.clientId !== e.clientId);
      else this.set(e, {state: 'failed', code: error.code});
      this.alone = false;
      return 0;
    }
    // Something between here and the server refuses it, again and again: it must not hold up what comes after it.
    const foreign = /^http_4\d\d$/.test(error.code) && error.code !== 'http_408' && error.code !== 'http_429';
    const refused = foreign && of === 1 ? e.refused + 1 : e.refused;
    if (refused >= foreignTries) {
      this.set(e, {state: 'failed', code: error.code, refused: 0});
      this.alone = false;
      return 0;
    }
    this.set(e, {state: 'queued', refused});
    if (isFinal(error.code) || foreign) this.alone = true; // of a call with several: find out whose it is
    if (isFinal(error.code)) return 0;
    return Math.max((error.retry_after || 0) * 1000, this.pause());
  }

  pause() {
    const most = Math.min(longestPause, firstPause * Math.pow(2, this.failures));
    return Math.round(most / 2 + this.random() * most / 2);
  }

  /** @param {Entry} e @param {Partial<Entry>} to */
  set(e, to) { this.entries = this.entries.map(x => x.clientId === e.clientId ? Object.assign({}, x, to) : x); }

  changed() {
    if (this.closed) return;
    const kept = this.entries.filter(e => e.state !== 'saved' && e.action.type !== 'message_read')
      .map(e => ({clientId: e.clientId, conv: e.conv, action: e.action, code: e.code, epoch: e.epoch}));
    this.kept = true;
    if (!kept.length) this.o.keep.drop(this.o.name);
    else if (!this.o.keep.set(this.o.name, kept)) { // too long: the words matter more than how they were typed
      this.kept = this.o.keep.set(this.o.name, kept.map(e => Object.assign({}, e, {action: Object.assign({}, e.action, {character_history: []})})));
    }
    this.o.changed();
  }
}

/** @type {Entry[]} */
const nothing = [];
