// HTTP calls. It knows addresses, timeouts and how a refusal looks, and
// nothing of what the answers mean.

/**
 * @typedef {{id: string, name: string, role: 'participant'|'therapist'}} User
 * @typedef {{name: string, title: string, phase: 'pre'|'post', required: boolean, status: 'incomplete'|'complete', url?: string}} Assessment
 * @typedef {{id: string, name: string, role: string, status: 'online'|'waiting'|'offline', muted: boolean, reason?: string}} Person
 * @typedef {{id: string, name: string, topic: string, date: string, status: string, whiteboard: string,
 *   private_messages: 'off'|'therapist'|'anyone', waiting_room: boolean, participants: Person[]}} Detail
 * @typedef {{ts_id: string, ts_name: string, name: string, title: string, url: string}} ActionItem a survey that is due
 * @typedef {{ts_id: string, state: 'admitted'|'waiting'|'ended', reason?: string, epoch: string, max_id: number,
 *   detail: Detail, assessments?: Assessment[]}} Entered
 * @typedef {{epoch: string, id: number}} Position of a reader in a log; id 0 is before the first action
 */

/** Why a call did not do what was asked. */
export class ApiError extends Error {
  /**
   * @param {string} code the server's, or network, timeout or http_STATUS
   * @param {{message?: string, status?: number, retryAfter?: number}} [more] retryAfter in ms, 0 if waiting does not help
   */
  constructor(code, more = {}) {
    super(more.message || code);
    this.code = code;
    this.status = more.status || 0;
    this.retryAfter = more.retryAfter || 0;
  }
}

const patience = 20000; // ms; a bad connection may be slow, but one that is dead must be noticed

export class Api {
  /** @param {{fetch?: typeof fetch}} [env] */
  constructor(env = {}) {
    this.fetch = env.fetch || ((/** @type {Parameters<typeof fetch>} */ ...args) => fetch(...args));
  }

  /**
   * @param {'GET'|'POST'} method
   * @param {string} path below /api/
   * @param {object} [body] sent as JSON
   * @param {{timeout?: number, signal?: AbortSignal}} [opt] timeout in ms
   * @returns {Promise<any>} the answer, null if it has no content
   * @throws {ApiError}
   */
  async call(method, path, body, opt = {}) {
    const abort = new AbortController();
    let late = false;
    const timer = setTimeout(() => { late = true; abort.abort(); }, opt.timeout || patience);
    const stop = () => abort.abort();
    if (opt.signal) {
      if (opt.signal.aborted) stop();
      opt.signal.addEventListener('abort', stop);
    }
    try {
      /** @type {RequestInit & {headers: {[name: string]: string}}} */
      const init = {method, signal: abort.signal, credentials: 'same-origin', cache: 'no-store', headers: {Accept: 'application/json'}};
      if (method === 'POST') {
        init.headers['Content-Type'] = 'application/json';
        init.body = JSON.stringify(body || {});
      }
      const answer = await this.fetch('/api/' + path, init);
      const text = await answer.text();
      let value = null;
      try {
        value = text ? JSON.parse(text) : null;
      } catch (e) {
        if (answer.ok) throw new ApiError('network', {message: 'an answer that is not JSON'});
      }
      if (!answer.ok) {
        const {code, problem: p, status, retryAfter} = refusalOf(answer, value);
        throw new ApiError(code, {message: p.detail || p.title, status, retryAfter});
      }
      return value;
    } catch (e) {
      if (e instanceof ApiError) throw e;
      throw new ApiError(late ? 'timeout' : 'network', {message: String(e && /** @type {any} */ (e).message)});
    } finally {
      clearTimeout(timer);
      if (opt.signal) opt.signal.removeEventListener('abort', stop);
    }
  }

  /** @param {string} phone @param {string} field */
  login(phone, field) { return this.call('POST', 'login', {phone, field}); }
  /** @param {string} challenge */
  resend(challenge) { return this.call('POST', 'resend', {challenge}); }
  /** @param {string} challenge @param {string} code */
  verify(challenge, code) { return this.call('POST', 'verify', {challenge, code}); }
  logout() { return this.call('POST', 'logout'); }
  me() { return this.call('GET', 'me'); }
  sessions() { return this.call('GET', 'getTherapySessions'); }
  /** @param {string} ts */
  enter(ts) { return this.call('POST', 'enterTherapySession', {ts_id: ts}); }
  /** @param {string} ts */
  leave(ts) { return this.call('POST', 'leaveTherapySession' + query({ts_id: ts})); }
  /** @param {string} ts @returns {Promise<Detail>} */
  detail(ts) { return this.call('GET', 'getTherapySessionDetail' + query({ts_id: ts})); }
  /** @param {string} ts @param {string} person @returns {Promise<{assessments: Assessment[]}>} */
  assessments(ts, person) { return this.call('GET', 'getTherapySessionAssessments' + query({ts_id: ts, p_id: person})); }
  /** @param {string} person */
  unlock(person) { return this.call('POST', 'unlock', {p_id: person}); }
  /** @param {string} person @returns {Promise<{code: string, expires_in: number}>} in seconds */
  code(person) { return this.call('POST', 'code', {p_id: person}); }
  /** @param {string} ts @param {string} person @param {string} action @returns {Promise<Person>} */
  moderate(ts, person, action) { return this.call('POST', 'updateParticipants', {ts_id: ts, p_id: person, action}); }

  /**
   * @param {string} ts
   * @param {Position} from
   * @param {number} wait seconds that the answer may be held
   * @param {AbortSignal} [signal]
   */
  actions(ts, from, wait, signal) {
    /** @type {Query} */
    const q = {ts_id: ts, last_action_id: from.id};
    if (from.epoch) q.epoch = from.epoch;
    if (wait) q.wait = wait + 's';
    return this.call('GET', 'getActions' + query(q), undefined, {timeout: patience + wait * 1000, signal});
  }

  /** @param {string} ts @param {string} epoch @param {object[]} actions */
  save(ts, epoch, actions) { return this.call('POST', 'saveActions', {ts_id: ts, epoch, actions}); }
}

/** @typedef {{[name: string]: string|number}} Query */

/** @param {Query} fields */
function query(fields) {
  return '?' + Object.keys(fields).map(k => k + '=' + encodeURIComponent(fields[k])).join('&');
}

/**
 * What an answer that is a refusal says (RFC 9457).
 * @param {Response} answer
 * @param {any} held what its body holds
 * @returns {{code: string, problem: any, status: number, retryAfter: number}} problem: an object, if need be without anything in it; retryAfter in ms
 */
export function refusalOf(answer, held) {
  const problem = held && typeof held === 'object' ? held : {};
  return {
    code: typeof problem.code === 'string' ? problem.code : 'http_' + answer.status, problem, status: answer.status,
    retryAfter: (Number(problem.retry_after) || Number(answer.headers.get('Retry-After')) || 0) * 1000,
  };
}
