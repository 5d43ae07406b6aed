// Which conversations a person has in a therapy session, and what they may do
// in them. Pure. The server decides; this is for showing no more than it would
// allow.
import {convOf} from './log.js';

/**
 * @typedef {{key: string, recipients: string[], others: string[], names: string[], write: ''|'ok'|'muted'|'not_allowed'}} Conversation
 *   key: as convOf; recipients: of what I write there; write: whether I may, or why not
 */

/**
 * @param {import('./api.js').Detail} detail
 * @param {string} me
 * @returns {import('./api.js').Person}
 */
export function self(detail, me) {
  return detail.participants.find(p => p.id === me) || {id: me, name: me, role: 'participant', status: 'offline', muted: false};
}

/** @param {string} key @returns {string} for the ids of elements: another one for each conversation */
export function domId(key) { return 'conv-' + key.replace(/[^A-Za-z0-9-]/g, c => '_' + c.charCodeAt(0) + '_'); }

/**
 * @param {import('./api.js').Detail} detail
 * @param {import('./log.js').Log} log
 * @param {(id: string) => string} nameOf
 * @returns {Conversation[]} the group, then those that I may write to, then those that there are besides
 */
export function conversations(detail, log, nameOf) {
  const me = self(detail, log.me);
  const roles = new Map(detail.participants.map(p => [p.id, p.role]));
  /** @type {Conversation[]} */
  const list = [{key: '', recipients: [], others: [], names: [], write: me.muted ? 'muted' : 'ok'}];
  const known = new Set(['']);
  /** @param {string} key */
  const add = key => {
    if (known.has(key)) return;
    known.add(key);
    const members = key.split('|');
    const others = members.length === 1 ? members : members.filter(p => p !== me.id);
    const mine = members.indexOf(me.id) >= 0;
    list.push({
      key, others, recipients: others, names: others.map(nameOf),
      write: !mine ? 'not_allowed' : mayWrite(detail, me, others.map(p => roles.get(p))),
    });
  };
  detail.participants
    .filter(p => p.id !== me.id && mayWrite(detail, Object.assign({}, me, {muted: false}), [p.role]) === 'ok')
    .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
    .forEach(p => add(convOf(me.id, [p.id])));
  log.convs.forEach((ids, key) => add(key));
  return list;
}

/** @param {import('./api.js').Person} p */
function rank(p) { return p.role === 'therapist' ? 0 : 1; }

/**
 * Whether one may write privately to people with these roles.
 * @param {import('./api.js').Detail} detail
 * @param {import('./api.js').Person} me
 * @param {(string|undefined)[]} roles
 * @returns {'ok'|'muted'|'not_allowed'}
 */
function mayWrite(detail, me, roles) {
  if (me.role === 'therapist') return 'ok';
  const toTherapists = roles.every(r => r === 'therapist');
  if (detail.private_messages === 'off' || detail.private_messages !== 'anyone' && !toTherapists) return 'not_allowed';
  return me.muted && !toTherapists ? 'muted' : 'ok';
}
