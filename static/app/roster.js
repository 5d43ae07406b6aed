// Who is in the therapy session: the details as the server tells them, what
// this page saw of people coming and going, and for therapists what the
// waiting still have to fill in.

/**
 * @typedef {import('./api.js').Detail} Detail
 * @typedef {import('./api.js').Assessment} Assessment
 */

const again = 1000; // ms between two looks that were asked for at once

export class Roster {
  /**
   * @param {{api: import('./api.js').Api, ts: string, changed: () => void, now?: () => number}} o
   */
  constructor(o) {
    this.o = o;
    this.now = o.now || Date.now;
    /** @type {Detail|null} */
    this.detail = null;
    this.at = 0; // ms, when it was fetched
    /** @type {Map<string, string>} of everybody ever seen here; another object whenever one is new */
    this.names = new Map();
    /** @type {Map<string, {status: string, since: number}>} */
    this.statuses = new Map();
    /** @type {Map<string, Assessment[]>} */
    this.assessments = new Map();
    /** @type {Map<string, boolean>} whose assessments are being fetched; true: once more */
    this.fetching = new Map();
    this.refreshing = false;
    this.once = false; // once more
    this.watching = false; // assessments of who waits are wanted
  }

  /** @param {Detail} d @param {boolean} therapist the reader is one: may see what others have to fill in */
  set(d, therapist) {
    const first = !this.detail;
    this.detail = d;
    this.at = this.now();
    this.watching = therapist;
    if (d.participants.some(p => this.names.get(p.id) !== p.name)) {
      this.names = new Map(this.names);
      d.participants.forEach(p => this.names.set(p.id, p.name));
    }
    d.participants.forEach(p => {
      const was = this.statuses.get(p.id);
      if (!was || was.status !== p.status) this.statuses.set(p.id, {status: p.status, since: first ? 0 : this.now()});
      if (therapist && p.status === 'waiting' && !this.assessments.has(p.id)) this.load(p.id);
    });
    this.o.changed();
  }

  /** @param {string} id @returns {number} since when they are what they are, in ms; 0: since before this page saw them */
  since(id) {
    const s = this.statuses.get(id);
    return s ? s.since : 0;
  }

  /** @param {string} id @returns {string} */
  nameOf(id) { return this.names.get(id) || id; }

  /**
   * Somebody's new status.
   * @param {string} user
   * @param {string} status
   */
  presence(user, status) {
    const d = this.detail;
    if (!d || status === 'waiting' || !d.participants.some(p => p.id === user)) { // who they are, and why they wait
      this.refresh();
      return;
    }
    this.set(Object.assign({}, d, {
      participants: d.participants.map(p => p.id === user ? Object.assign({}, p, {status, reason: undefined}) : p),
    }), this.watching);
  }

  /** Fetches the details anew; calls meanwhile lead to one more. */
  async refresh() {
    if (this.refreshing) {
      this.once = true;
      return;
    }
    this.refreshing = true;
    try {
      this.set(await this.o.api.detail(this.o.ts), this.watching);
    } catch (e) { /* the next change, or the next entering, brings it */ }
    this.refreshing = false;
    if (this.once) {
      this.once = false;
      setTimeout(() => this.refresh(), again);
    }
  }

  /** Somebody's assessments changed: those of who waits are fetched anew, the others when they are wanted. */
  refreshAssessments() {
    const waiting = this.detail ? this.detail.participants.filter(p => p.status === 'waiting').map(p => p.id) : [];
    Array.from(this.assessments.keys()).forEach(id => { if (waiting.indexOf(id) < 0) this.assessments.delete(id); });
    if (this.watching) waiting.forEach(id => this.load(id));
  }

  /** @param {string} id */
  async load(id) {
    if (this.fetching.has(id)) {
      this.fetching.set(id, true);
      return;
    }
    this.fetching.set(id, false);
    try {
      const answer = await this.o.api.assessments(this.o.ts, id);
      this.assessments.set(id, answer.assessments);
      this.o.changed();
    } catch (e) { /* it is said why they wait, if not for what */ }
    const more = this.fetching.get(id);
    this.fetching.delete(id);
    if (more) this.load(id);
  }
}
