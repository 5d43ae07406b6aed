// What this person said and did, until the server has answered it for good. It
// promises nothing by itself: an entry stays until an id or a final refusal
// comes back, and is sent again, under the same client_id, whenever it is not
// known what became of it.

/**
 * @typedef {{clientId: string, action: object, conv: string, state: 'queued'|'sending'|'saved'|'failed', id: number, code: string}} Entry
 *   id: once saved; code: why it failed for good
 */

const batchActions = 20;
const batchChars = 200000; // a frame is at most 1 MiB
const firstPause = 1000; // ms
const longestPause = 30000;

// After these an action will never be stored as it is.
const final = new Set(['invalid_action', 'too_large', 'wrong_user', 'not_allowed', 'no_such_target', 'muted',
  'client_id_reused', 'session_ended', 'bad_request', 'invalid_frame', 'unknown_type', 'cross_origin', 'unsupported_media_type']);

/** @param {string} code @returns {boolean} whether sending the same again is no use */
export function isFinal(code) { return final.has(code); }

/** A name for an action that no other has. Browsers give randomUUID to pages on https only. */
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
   * @param {{send: (actions: object[]) => Promise<object[]>, keep: import('./keep.js').Keep, name: string,
   *   changed: () => void, newId?: () => string, random?: () => number}} o name: of what is kept
   */
  constructor(o) {
    this.o = o;
    this.newId = o.newId || (() => newClientId(typeof crypto === 'undefined' ? null : crypto));
    this.random = o.random || Math.random;
    this.ready = false;
    this.busy = false;
    this.failures = 0;
    this.timer = 0;
    /** @type {Entry[]} */
    this.entries = (o.keep.get(o.name) || []).map(e => Object.assign({id: 0, code: ''}, e, {state: e.code ? 'failed' : 'queued'}));
  }

  /**
   * Takes an action, and sends it as soon as it can.
   * @param {object} action without client_id
   * @param {string} conv where it is shown meanwhile
   * @returns {Entry}
   */
  add(action, conv) {
    if (action.type === 'message_read') { // the newest says all
      this.entries = this.entries.filter(e => !(e.state === 'queued' && e.action.type === 'message_read' && e.conv === conv));
    }
    const clientId = this.newId();
    const e = {
      clientId, conv, state: 'queued', id: 0, code: '',
      action: Object.assign({client_id: clientId, client_ts: new Date().toISOString()}, action),
    };
    this.entries = this.entries.concat(e);
    this.changed();
    this.flush();
    return e;
  }

  /** @param {boolean} ready whether sending can succeed at present */
  setReady(ready) {
    this.ready = ready;
    if (!ready) return;
    this.failures = 0;
    clearTimeout(this.timer);
    this.timer = 0;
    this.flush();
  }

  /** The log is read up to here, and holds these client_ids: what is in it needs no place here. */
  arrived(position, clientIds) {
    const left = this.entries.filter(e => !clientIds.has(e.clientId) && !(e.state === 'saved' && e.id <= position));
    if (left.length === this.entries.length) return;
    this.entries = left;
    this.changed();
  }

  /** Takes back an entry that failed, and returns it. */
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

  async flush() {
    if (this.busy || !this.ready || this.timer) return;
    const batch = this.batch();
    if (!batch.length) return;
    this.busy = true;
    batch.forEach(e => { this.set(e, {state: 'sending'}); });
    this.changed();
    let pause = 0;
    try {
      const results = await this.o.send(batch.map(e => e.action));
      batch.forEach((e, i) => { pause = Math.max(pause, this.settle(e, results[i] || {error: {code: 'internal'}}, 1)); });
    } catch (err) {
      const whole = {error: {code: err.code || 'network', retry_after: (err.retryAfter || 0) / 1000}};
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
      if (batch.length && (batch.length >= (this.alone ? 1 : batchActions) || chars > batchChars)) break;
      batch.push(e);
    }
    return batch;
  }

  /** @returns {number} ms to wait before the next call */
  settle(e, result, of) {
    const error = result.error;
    if (!error) {
      this.set(e, {state: 'saved', id: result.id});
      this.alone = false;
      return 0;
    }
    if (isFinal(error.code) && of === 1) {
      if (e.action.type === 'message_read') this.entries = this.entries.filter(x => x.clientId !== e.clientId);
      else this.set(e, {state: 'failed', code: error.code});
      this.alone = false;
      return 0;
    }
    this.set(e, {state: 'queued'});
    if (isFinal(error.code)) { // of a call with several: find out whose it is
      this.alone = true;
      return 0;
    }
    return Math.max((error.retry_after || 0) * 1000, this.pause());
  }

  pause() {
    const most = Math.min(longestPause, firstPause * Math.pow(2, this.failures));
    return Math.round(most / 2 + this.random() * most / 2);
  }

  set(e, to) { this.entries = this.entries.map(x => x.clientId === e.clientId ? Object.assign({}, x, to) : x); }

  changed() {
    const kept = this.entries.filter(e => e.state !== 'saved' && e.action.type !== 'message_read')
      .map(e => ({clientId: e.clientId, conv: e.conv, action: e.action, code: e.code}));
    if (!kept.length) this.o.keep.drop(this.o.name);
    else if (!this.o.keep.set(this.o.name, kept)) { // too long: the words matter more than how they were typed
      this.o.keep.set(this.o.name, kept.map(e => Object.assign({}, e, {action: Object.assign({}, e.action, {character_history: []})})));
    }
    this.o.changed();
  }
}
