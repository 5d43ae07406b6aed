// A therapy session's log as one reader has it. Pure: receive takes a log and
// what came, and gives the next log; nothing is changed in place, so that what
// is shown can be compared by identity, and what did not change is the same
// object as before. The same action twice is as once.

/**
 * @typedef {{id: number, type: string, user?: string, sender?: string, timestamp: string, body?: string,
 *   recipients: string[], target?: number|null, icon?: string, client_id?: string, deleted?: boolean}} Action
 * @typedef {{epoch: string, max_id: number, actions: Action[], reset?: boolean, fromStart?: boolean, last?: boolean,
 *   more?: boolean}} Frame
 *   fromStart: it was asked for from the beginning; last: there is no more at present
 * @typedef {{id: number, kind: 'message'|'notice', user: string, sender: string, at: string, body: string|undefined,
 *   recipients: string[], target: number, conv: string, clientId: string, deleted: boolean}} Item
 *   body: undefined where it is no longer ours to see; target: what it answers, or 0
 * @typedef {{id: number, user: string, icon: string}} Reaction
 * @typedef {{me: string, therapist: boolean, epoch: string, id: number, items: Map<number, Item>,
 *   convs: Map<string, number[]>, reactions: Map<number, Reaction[]>, reactionOf: Map<number, number>,
 *   reads: Map<string, Map<string, number>>, spoke: Map<string, string>, board: {id: number, body: string}|null,
 *   ended: number, details: number, assessments: number, people: number}} Log
 *   epoch and id: the position read to; convs: ids of items, ascending; reactionOf: a reaction's id → its target;
 *   reads: conversation → person → the highest id they have read; spoke: person → when their last message was;
 *   details, assessments and people: the newest action that says that these changed
 */

/**
 * @param {string} me
 * @param {boolean} therapist sees the text of what was deleted
 * @returns {Log}
 */
export function emptyLog(me, therapist) {
  return {
    me, therapist, epoch: '', id: 0, items: new Map(), convs: new Map(), reactions: new Map(), reactionOf: new Map(),
    reads: new Map(), spoke: new Map(), board: null, ended: 0, details: 0, assessments: 0, people: 0,
  };
}

/**
 * Which conversation something belongs to: '' is everyone, else all who are in
 * it (ids hold no |).
 * @param {string} author
 * @param {string[]} recipients
 */
export function convOf(author, recipients) {
  if (!recipients.length) return '';
  const all = recipients.concat(author);
  return all.filter((p, i) => all.indexOf(p) === i).sort().join('|');
}

/**
 * @param {Log} was
 * @param {Frame} frame
 * @returns {Log}
 */
export function receive(was, frame) {
  const log = frame.reset || frame.fromStart ? emptyLog(was.me, was.therapist) : Object.assign({}, was);
  if (frame.epoch) log.epoch = frame.epoch;
  const next = new Next(was, log);
  for (const a of frame.actions) {
    if (a.id <= log.id) continue; // known already
    log.id = a.id;
    const take = Object.prototype.hasOwnProperty.call(takes, a.type) && takes[a.type];
    if (take) take(log, a, next); // a type that is new to this page is none of its business
  }
  log.id = Math.max(log.id, frame.max_id);
  return log;
}

/**
 * What of the next log may be changed, because it was made for it: each part
 * is copied when it is first needed, and not for a frame that leaves it alone.
 */
class Next {
  /** @param {Log} was @param {Log} log */
  constructor(was, log) {
    this.was = was;
    this.log = log;
    /** @type {Set<object>} lists and maps within the parts */
    this.fresh = new Set();
  }

  /**
   * @template {'items'|'convs'|'reactions'|'reactionOf'|'reads'|'spoke'} K
   * @param {K} name
   * @returns {Log[K]}
   */
  own(name) {
    const {log} = this;
    if (log[name] === this.was[name]) log[name] = /** @type {any} */ (new Map(/** @type {any} */ (log[name])));
    return log[name];
  }

  /**
   * A value within a map of our own, copied once.
   * @template K
   * @template {object} V
   * @param {Map<K, V>} map @param {K} key @param {(v: V|undefined) => V} copy
   * @returns {V}
   */
  within(map, key, copy) {
    const v = map.get(key);
    if (v && this.fresh.has(v)) return v;
    const mine = copy(v);
    this.fresh.add(mine);
    map.set(key, mine);
    return mine;
  }
}

/** @type {{[type: string]: (log: Log, a: Action, next: Next) => void}} */
const takes = {
  message: takeItem,
  notice: takeItem,
  reaction(log, a, next) {
    if (a.deleted || !a.target) return;
    const all = next.own('reactions');
    all.set(a.target, (all.get(a.target) || []).concat({id: a.id, user: a.user || '', icon: a.icon || ''}));
    next.own('reactionOf').set(a.id, a.target);
  },
  delete(log, a, next) {
    const gone = a.target || 0;
    const item = log.items.get(gone);
    if (item) {
      next.own('items').set(item.id, removed(log, Object.assign({}, item, {deleted: true})));
      return;
    }
    const target = log.reactionOf.get(gone);
    if (!target) return;
    next.own('reactionOf').delete(gone);
    const all = next.own('reactions');
    all.set(target, (all.get(target) || []).filter(r => r.id !== gone));
  },
  message_read(log, a, next) {
    const item = log.items.get(a.target || 0);
    if (!item || !a.user) return;
    const conv = next.within(next.own('reads'), item.conv, v => new Map(v || []));
    conv.set(a.user, Math.max(item.id, conv.get(a.user) || 0));
  },
  whiteboard(log, a) { log.board = {id: a.id, body: a.body || ''}; },
  endChatSession(log, a) { log.ended = a.id; },
  update_chat_details(log, a) { log.details = a.id; },
  update_assessments(log, a) { log.assessments = a.id; },
};

/** @param {Log} log @param {Action} a @param {Next} next */
function takeItem(log, a, next) {
  const recipients = a.recipients || [];
  const user = a.user || '';
  const notice = a.type === 'notice';
  /** @type {Item} */
  const item = {
    id: a.id, kind: notice ? 'notice' : 'message', user, sender: a.sender || '', at: a.timestamp, body: a.body, recipients,
    target: a.target || 0, conv: notice ? '' : convOf(user, recipients), clientId: a.client_id || '', deleted: !!a.deleted,
  };
  next.own('items').set(a.id, item.deleted ? removed(log, item) : item);
  next.within(next.own('convs'), item.conv, v => v ? v.slice() : []).push(a.id);
  if (!notice) next.own('spoke').set(user, a.timestamp);
  if (item.sender === 'system') log.people = a.id; // somebody joined or left
}

/**
 * What is left of an item that was deleted: its place, and for therapists its text.
 * @param {Log} log @param {Item} item
 */
function removed(log, item) {
  return log.therapist ? item : Object.assign(item, {body: undefined, target: 0});
}

/**
 * What of conv is new to the reader: messages of others, above their highest
 * read or own message there.
 * @param {Log} log
 * @param {string} conv
 * @param {number} [seen] an id up to which it was shown just now
 * @returns {{count: number, first: number}} first: the id of the earliest, 0 if there is none
 */
export function news(log, conv, seen) {
  const reads = log.reads.get(conv);
  const mark = Math.max(seen || 0, reads && reads.get(log.me) || 0);
  const ids = log.convs.get(conv) || [];
  let count = 0;
  let first = 0;
  for (let i = ids.length - 1; i >= 0 && ids[i] > mark; i--) {
    const item = /** @type {Item} */ (log.items.get(ids[i]));
    if (item.kind !== 'message') continue;
    if (item.user === log.me) break;
    if (item.deleted) continue;
    count++;
    first = item.id;
  }
  return {count, first};
}

/** @param {Log} log @param {string} conv @param {number} [seen] @returns {number} how many there are of what news tells */
export function unread(log, conv, seen) { return news(log, conv, seen).count; }

/**
 * Who else has read an item of conv.
 * @param {Log} log
 * @param {Item} item
 * @returns {string[]}
 */
export function readers(log, item) {
  /** @type {string[]} */
  const all = [];
  const reads = log.reads.get(item.conv);
  if (reads) reads.forEach((id, user) => { if (id >= item.id && user !== log.me && user !== item.user) all.push(user); });
  return all.sort();
}
