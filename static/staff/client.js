// The calls of study staff, with an API token. The token is in this object and
// nowhere else: no cookie goes with a call, and none is kept.
import {ApiError, refusalOf} from '../app/api.js';

/**
 * @typedef {{id: string, name: string, role: string, status: 'online'|'waiting'|'offline', muted: boolean}} Person
 * @typedef {{id: string, name: string, topic: string, date: string|null, status: 'scheduled'|'open'|'ended', max_id: number, participants: Person[]}} Session
 * @typedef {{kind: 'added'|'changed'|'removed', what: 'person'|'session', id: string, fields?: string[]}} Change
 * @typedef {{changes: Change[], people: number, therapy_sessions: number}} Imported
 * @typedef {{seq: number, time: string, event: string, actor?: string, subject?: string, ts_id?: string, reason?: string, count?: number,
 *   details?: {[name: string]: string}}} Entry of the audit log
 * @typedef {{id: string, name: string, role: string, created_at: string, created_by?: string, expires_at?: string, last_used_at?: string,
 *   current?: boolean}} Token that is not revoked
 * @typedef {{id: string, name: string, expires_at?: string, token: string}} NewToken token: its secret
 * @typedef {{version?: string, started_at: string, now: string, ready: boolean, problem?: string, last_backup_at: string|null, data_bytes?: number,
 *   free_bytes?: number, actions?: number, logins?: number, connections?: number,
 *   sms?: {sender?: string, sent_last_hour?: number, limit_per_hour?: number}}} Health
 */

/** A refusal, with the mistakes of a file if it was about one. */
export class Refusal extends ApiError {
  /** @param {string} code @param {ConstructorParameters<typeof ApiError>[1] & {mistakes?: string[]}} [more] */
  constructor(code, more = {}) {
    super(code, more);
    this.mistakes = more.mistakes || [];
  }
}

const patience = 30000; // ms until an answer begins

export class StaffApi {
  /**
   * @param {string} token
   * @param {{fetch?: typeof fetch, ended?: () => void}} [env] ended is called when the token is not, or no longer, taken
   */
  constructor(token, env = {}) {
    this.token = token;
    this.fetch = env.fetch || ((/** @type {Parameters<typeof fetch>} */ ...args) => fetch(...args));
    this.ended = env.ended || (() => {});
    this.over = new AbortController();
  }

  /** Forgets the token, and ends every call that is under way. */
  close() {
    this.token = '';
    this.over.abort();
  }

  /**
   * @param {'GET'|'POST'|'DELETE'} method
   * @param {string} path below /api/admin/
   * @param {{body?: BodyInit, type?: string, signal?: AbortSignal}} [o] type: of the body
   * @returns {Promise<Response>} one that is no refusal; its body has not been read
   * @throws {Refusal}
   */
  async ask(method, path, o = {}) {
    const abort = new AbortController();
    let late = false;
    const timer = setTimeout(() => { late = true; abort.abort(); }, patience);
    const stop = () => abort.abort();
    const signals = [this.over.signal].concat(o.signal || []);
    // They stay: what ends the call must also end the reading of its answer.
    signals.forEach(s => { if (s.aborted) stop(); else s.addEventListener('abort', stop); });
    /** @type {{[name: string]: string}} */
    const headers = {Accept: 'application/json, */*', Authorization: 'Bearer ' + this.token};
    if (o.type) headers['Content-Type'] = o.type;
    let answer;
    try {
      answer = await this.fetch('/api/admin/' + path, {
        method, headers, body: o.body, signal: abort.signal, credentials: 'omit', cache: 'no-store', redirect: 'error',
      });
      if (answer.ok) return answer;
    } catch (e) {
      throw new Refusal(this.over.signal.aborted || o.signal && o.signal.aborted ? 'stopped' : late ? 'timeout' : 'network');
    } finally {
      clearTimeout(timer);
    }
    const held = await answer.json().catch(() => null); // not from Hearth itself, perhaps from a proxy
    const {code, problem: p, status, retryAfter} = refusalOf(answer, held);
    if (status === 401 && !this.over.signal.aborted) this.ended();
    throw new Refusal(code, {
      message: typeof p.detail === 'string' ? p.detail : '', status, retryAfter, mistakes: Array.isArray(p.errors) ? p.errors.map(String) : [],
    });
  }

  /**
   * @param {'GET'|'POST'|'DELETE'} method @param {string} path
   * @param {Parameters<StaffApi['ask']>[2]} [o]
   * @returns {Promise<any>} null if the answer has no content
   */
  async json(method, path, o) {
    const answer = await this.ask(method, path, o);
    try {
      const text = await answer.text();
      return text ? JSON.parse(text) : null;
    } catch (e) {
      throw new Refusal(this.over.signal.aborted ? 'stopped' : 'network');
    }
  }

  /** @param {string} path @param {object} fields */
  post(path, fields) { return this.json('POST', path, {body: JSON.stringify(fields), type: 'application/json'}); }

  /** @returns {Promise<Session[]>} */
  async sessions() { return (await this.json('GET', 'sessions')).therapy_sessions; }
  /** @param {string} person */
  unlock(person) { return this.post('unlock', {p_id: person}); }
  /** @param {string} person @returns {Promise<{code: string, expires_in: number}>} in seconds */
  code(person) { return this.post('code', {p_id: person}); }

  /**
   * @param {ArrayBuffer} bytes of the file, as they are
   * @param {string} type
   * @param {{prune: boolean, dry: boolean}} o
   * @returns {Promise<Imported>}
   */
  roster(bytes, type, o) {
    return this.json('POST', 'roster' + query({prune: o.prune || '', dry_run: o.dry || ''}), {body: bytes, type});
  }

  /** @param {{search?: string, from?: string, to?: string, limit: number}} q @returns {Promise<{entries: Entry[], more?: boolean}>} */
  audit(q) { return this.json('GET', 'audit' + query(Object.assign({newest: true}, q))); }

  /** @returns {Promise<Token[]>} */
  async tokens() { return (await this.json('GET', 'tokens')).tokens; }
  /** @param {string} name @param {string} expires such as 90d, '' for the server's own @returns {Promise<NewToken>} */
  makeToken(name, expires) { return this.post('tokens', expires ? {name, expires} : {name}); }
  /** @param {string} id */
  revoke(id) { return this.json('DELETE', 'tokens/' + encodeURIComponent(id)); }
  /** @returns {Promise<Health>} */
  health() { return this.json('GET', 'health'); }
}

/** @param {{[name: string]: string|number|boolean|undefined}} fields those that are empty, or not there, are left out @returns {string} */
export function query(fields) {
  const parts = Object.keys(fields).filter(k => fields[k] !== undefined && fields[k] !== '')
    .map(k => k + '=' + encodeURIComponent(String(fields[k])));
  return parts.length ? '?' + parts.join('&') : '';
}
