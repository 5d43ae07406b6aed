// A therapy session's log as one reader has it. Pure: receive takes a log and
// what came, and gives the next log; nothing is changed in place, so that what
// is shown can be compared by identity. The same action twice is as once.

/**
 * @typedef {{id: number, type: string, user?: string, sender?: string, timestamp: string, body?: string,
 *   recipients: string[], target?: number|null, icon?: string, client_id?: string, deleted?: boolean}} Action
 * @typedef {{epoch: string, max_id: number, actions: Action[], reset?: boolean, fromStart?: boolean, last?: boolean}} Frame
 *   fromStart: it was asked for from the beginning; last: there is no more at present
 * @typedef {{id: number, kind: 'message'|'notice', user: string, sender: string, at: string, body: string|undefined,
 *   recipients: string[], target: number, conv: string, clientId: string, deleted: boolean}} Item
 *   body: undefined where it is no longer ours to see; target: what it answers, or 0
 * @typedef {{id: number, user: string, icon: string}} Reaction
 * @typedef {{me: string, therapist: boolean, epoch: string, id: number, items: Map<number, Item>,
 *   convs: Map<string, number[]>, reactions: Map<number, Reaction[]>, reactionOf: Map<number, number>,
 *   reads: Map<string, Map<string, number>>, board: {id: number, body: string}|null, ended: number,
 *   details: number, assessments: number, people: number}} Log
 *   epoch and id: the position read to; convs: ids of items, ascending; reactionOf: a reaction's id → its target;
 *   reads: conversation → person → the highest id they have read; details, assessments and people: the newest action
 *   that says that these changed
 */

/**
 * @param {string} me
 * @param {boolean} therapist sees the text of what was deleted
 * @returns {Log}
 */
export function emptyLog(me, therapist) {
  return {
    me, therapist, epoch: '', id: 0, items: new Map(), convs: new Map(), reactions: new Map(), reactionOf: new Map(),
    reads: new Map(), board: null, ended: 0, details: 0, assessments: 0, people: 0,
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
  const log = frame.reset || frame.fromStart ? emptyLog(was.me, was.therapist) : Object.assign({}, was, {
    items: new Map(was.items), convs: new Map(was.convs), reactions: new Map(was.reactions),
    reactionOf: new Map(was.reactionOf), reads: new Map(was.reads),
  });
  if (frame.epoch) log.epoch = frame.epoch;
  const fresh = new Set(); // lists made just now, which nobody else has yet
  for (const a of frame.actions) {
    if (a.id <= log.id) continue; // known already
    log.id = a.id;
    const take = takes[a.type];
    if (take) take(log, a, fresh); // a type that is new to this page is none of its business
  }
  log.id = Math.max(log.id, frame.max_id);
  return log;
}

const takes = {
  message: takeItem,
  notice: takeItem,
  reaction(log, a) {
    if (a.deleted || !a.target) return;
    const r = {id: a.id, user: a.user, icon: a.icon};
    log.reactions.set(a.target, (log.reactions.get(a.target) || []).concat(r));
    log.reactionOf.set(a.id, a.target);
  },
  delete(log, a) {
    const item = log.items.get(a.target);
    if (item) {
      log.items.set(item.id, removed(log, Object.assign({}, item, {deleted: true})));
      return;
    }
    const target = log.reactionOf.get(a.target);
    if (!target) return;
    log.reactionOf.delete(a.target);
    log.reactions.set(target, log.reactions.get(target).filter(r => r.id !== a.target));
  },
  message_read(log, a) {
    const item = log.items.get(a.target);
    if (!item) return;
    const conv = new Map(log.reads.get(item.conv) || []);
    conv.set(a.user, Math.max(a.target, conv.get(a.user) || 0));
    log.reads.set(item.conv, conv);
  },
  whiteboard(log, a) { log.board = {id: a.id, body: a.body || ''}; },
  endChatSession(log, a) { log.ended = a.id; },
  update_chat_details(log, a) { log.details = a.id; },
  update_assessments(log, a) { log.assessments = a.id; },
};

function takeItem(log, a, fresh) {
  const recipients = a.recipients || [];
  const notice = a.type === 'notice';
  const item = {
    id: a.id, kind: a.type, user: a.user || '', sender: a.sender || '', at: a.timestamp, body: a.body, recipients,
    target: a.target || 0, conv: notice ? '' : convOf(a.user, recipients), clientId: a.client_id || '', deleted: !!a.deleted,
  };
  log.items.set(a.id, item.deleted ? removed(log, item) : item);
  let ids = log.convs.get(item.conv) || [];
  if (!fresh.has(ids)) {
    ids = ids.slice();
    fresh.add(ids);
    log.convs.set(item.conv, ids);
  }
  ids.push(a.id);
  if (item.sender === 'system') log.people = a.id; // somebody joined or left
}

/** What is left of an item that was deleted: its place, and for therapists its text. */
function removed(log, item) {
  return log.therapist ? item : Object.assign(item, {body: undefined, target: 0});
}

/**
 * What of conv is new to the reader: messages of others, above their highest
 * read or own message there.
 * @param {Log} log
 * @param {string} conv
 * @param {number} [seen] an id up to which it was shown just now
 */
export function unread(log, conv, seen) {
  const reads = log.reads.get(conv);
  const mark = Math.max(seen || 0, reads && reads.get(log.me) || 0);
  const ids = log.convs.get(conv) || [];
  let n = 0;
  for (let i = ids.length - 1; i >= 0 && ids[i] > mark; i--) {
    const item = log.items.get(ids[i]);
    if (item.kind !== 'message') continue;
    if (item.user === log.me) break;
    if (!item.deleted) n++;
  }
  return n;
}

/**
 * Who else has read an item of conv.
 * @param {Log} log
 * @param {Item} item
 * @returns {string[]}
 */
export function readers(log, item) {
  const all = [];
  const reads = log.reads.get(item.conv);
  if (reads) reads.forEach((id, user) => { if (id >= item.id && user !== log.me && user !== item.user) all.push(user); });
  return all.sort();
}
