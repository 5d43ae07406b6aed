// The messages of one conversation. Of a long one only a part is on the page;
// it follows the scrolling, and what is on the screen keeps its place.
import {html, useEffect, useLayoutEffect, useMemo, useRef, useState} from '../ui.js';
import {dayOf} from '../format.js';
import {readers} from '../log.js';
import {around, dividerAt, earlier, grown, indexOfId, later, newestPart, pageSize, rowsOf} from '../rows.js';
import {text} from '../strings.js';
import {Message, Notice} from './message.js';
import {firstVisible, lastVisible, neighbour} from './scroll.js';

const t = text.chat;
const near = 40; // px from the end that count as the end
const ahead = 600; // px from the end of the part that is on the page: the next page is fetched
const markedFor = 2500; // ms
/** @type {number[]} */
const none = [];

/**
 * @typedef {import('../log.js').Item} Item
 * @typedef {import('../outbox.js').Entry} Entry
 * @typedef {{part: import('../rows.js').Part, n: number, ready: boolean, atEnd: boolean, visible: boolean, divider: number, allRead: boolean,
 *   sent: string, own: number, ownOf: number[]|null, readers: string[], goTo: number, goToNew: boolean, top: number, gone: boolean,
 *   anchor: {el: HTMLElement, top: number}|null}} View
 *   n: how many there were; ready: shown once; allRead: everything had been read when last looked at; sent: the newest
 *   message on its way, so that a newer one is noticed; own: the reader's newest of ownOf; goTo, goToNew: where to
 *   scroll after rendering; top: where it was scrolled to; gone: it was not laid out, which scrolls it to the top; anchor: what is at the top, and where
 */

/**
 * @param {{session: import('../session.js').Session, conv: import('../conversations.js').Conversation, hidden: boolean,
 *   people: Map<string, string>, onReply: ((item: Item) => void)|null}} p
 */
export function Messages({session, conv, hidden, people, onReply}) {
  const {log, caughtUp} = session;
  const key = conv.key;
  const box = useRef(/** @type {any} */ (null));
  const [current, setCurrent] = useState(''); // the row that Tab leads to; '' is the last
  const [marked, setMarked] = useState(0);
  const [below, setBelow] = useState(-1); // -1: at the end; else how many are new below
  const [, again] = useState(0);
  const redo = () => again(x => x + 1);
  const ids = log.convs.get(key) || none;
  const v = useRef(/** @type {View} */ ({
    part: {from: 0, to: 0}, n: 0, ready: false, atEnd: true, visible: true, divider: 0, allRead: true, sent: '', own: 0, ownOf: null,
    readers: [], goTo: 0, goToNew: false, top: 0, gone: false, anchor: null,
  })).current;
  v.visible = !hidden && !document.hidden;

  const entries = session.outbox.in(key);
  const pending = useMemo(() => entries.filter(e => e.action.type === 'message').map(e => underWay(log.me, e)), [entries]);
  const busy = useMemo(() => busyIcons(entries), [entries]);
  if (caughtUp) prepare(v, session, key, ids, pending);
  // What is at the top keeps its place, whatever comes or goes above it.
  v.anchor = box.current && v.ready && !v.atEnd ? firstVisible(box.current) : null;

  const look = () => {
    const el = box.current;
    if (!el || !el.clientHeight) return;
    const left = el.scrollHeight - el.scrollTop - el.clientHeight;
    v.top = el.scrollTop;
    v.atEnd = left < near && v.part.to === v.n;
    const newest = v.n ? ids[v.n - 1] : 0;
    if (v.visible) session.saw(key, v.atEnd ? newest : lastVisible(el));
    const unread = session.unread(key);
    v.allRead = unread === 0;
    setBelow(v.atEnd || !unread && left < el.clientHeight / 2 && v.part.to === v.n ? -1 : unread);
  };
  const latest = useRef(look);
  latest.current = look;

  useLayoutEffect(() => {
    const el = box.current;
    if (!el || !el.clientHeight) {
      v.gone = v.ready;
      return;
    }
    const target = v.goTo ? el.querySelector(`[data-id="${v.goTo}"]`) : null;
    const line = v.goToNew ? el.querySelector('.new-line') : null;
    const marked = Boolean(target);
    v.goTo = 0;
    v.goToNew = false;
    if (target) {
      el.scrollTop = target.offsetTop - Math.max(0, (el.clientHeight - target.offsetHeight) / 2);
      target.focus({preventScroll: true});
    } else if (line) {
      el.scrollTop = Math.min(line.offsetTop - 16, el.scrollHeight - el.clientHeight);
    } else if (v.atEnd) {
      el.scrollTop = el.scrollHeight;
    } else if (v.gone) {
      el.scrollTop = v.top;
    } else if (v.anchor && v.anchor.el.isConnected) {
      const moved = v.anchor.el.offsetTop - v.anchor.top;
      if (moved) el.scrollTop += moved;
    }
    v.anchor = null;
    v.gone = false;
    v.ready = caughtUp;
    if (marked || line) v.atEnd = false;
    latest.current();
  });
  useEffect(() => {
    // The box changes with the window, the keyboard, and what stands around it; who was at the end stays there.
    const resized = () => {
      if (box.current && v.atEnd) box.current.scrollTop = box.current.scrollHeight;
      latest.current();
    };
    const seen = () => {
      v.visible = !hidden && !document.hidden;
      latest.current();
    };
    const watch = typeof ResizeObserver === 'undefined' ? null : new ResizeObserver(resized);
    if (watch && box.current) watch.observe(box.current);
    addEventListener('resize', resized);
    document.addEventListener('visibilitychange', seen);
    return () => {
      if (watch) watch.disconnect();
      removeEventListener('resize', resized);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [caughtUp, hidden]);
  useEffect(() => {
    if (!marked) return undefined;
    const timer = setTimeout(() => setMarked(0), markedFor);
    return () => clearTimeout(timer);
  }, [marked]);

  /** @param {import('../rows.js').Part} part */
  const showPart = part => {
    if (part.from === v.part.from && part.to === v.part.to) return;
    v.part = part;
    redo();
  };
  const scrolled = () => {
    look();
    const el = box.current;
    if (el.scrollTop < ahead) showPart(earlier(v.part));
    else if (el.scrollHeight - el.scrollTop - el.clientHeight < ahead) showPart(later(v.part, v.n));
  };
  // The same function as long as it is the same conversation: the rows compare it.
  const parts = useRef(ids);
  parts.current = ids;
  const go = useMemo(() => (/** @type {number} */ id) => {
    const index = indexOfId(parts.current, id);
    if (index < 0) return;
    v.part = around(v.part, v.n, index);
    v.atEnd = false;
    v.goTo = id;
    setMarked(id);
    redo();
  }, [key]);
  const toEnd = () => {
    v.part = newestPart(v.n);
    v.atEnd = true;
    redo();
    box.current.focus({preventScroll: true});
  };
  /** @param {import('../rows.js').Part} part */
  const pageTo = part => {
    showPart(part);
    box.current.focus({preventScroll: true}); // the button may be gone
  };
  const focused = (/** @type {any} */ e) => {
    const row = e.target.closest && e.target.closest('[data-key]');
    if (row) setCurrent(row.getAttribute('data-key'));
  };
  const keydown = (/** @type {any} */ e) => {
    const row = e.target.closest('[data-key]');
    if (!row || e.altKey || e.ctrlKey || e.metaKey || e.target.closest('.confirm')) return;
    const to = neighbour(row, e.key);
    if (!to) return;
    e.preventDefault();
    to.focus({preventScroll: true});
    to.scrollIntoView({block: 'nearest'});
  };

  if (!caughtUp) return html`<div class="log"><p role="status" class="centre hint">${t.catchingUp}</p></div>`;
  const atNewest = v.part.to === v.n;
  const items = /** @type {Item[]} */ (ids.slice(v.part.from, v.part.to).map(id => log.items.get(id)));
  const rows = rowsOf(atNewest ? items.concat(pending) : items, v.divider);
  const last = rows.length ? rows[rows.length - 1].key : '';
  const tab = rows.some(r => r.kind === 'item' && r.key === current) ? current : last;
  const open = session.open();
  const therapist = session.therapist();
  return html`
    <div class="logbox">
      <div class="log" role="log" aria-label=${key ? t.messagesWith(conv.names) : t.messages} aria-live="off" tabindex="0" ref=${box} onScroll=${scrolled}
        onFocusCapture=${focused} onKeyDown=${keydown}>
        ${v.part.from > 0 && html`<p class="centre more"><button type="button" class="quiet" onClick=${() => pageTo(earlier(v.part))}>${t.earlier}</button></p>`}
        ${!rows.length && html`<p class="centre hint none-yet">${t.none}</p>`}
        ${rows.map(row => {
          if (row.kind === 'day') return html`<p class="day centre" key=${row.key}><span>${dayOf(row.at)}</span></p>`;
          if (row.kind === 'new') return html`<p class="new-line" key="new"><span>${t.newHere}</span></p>`;
          // One on its way becomes the one in the log: the same row.
          const {item} = row;
          const entry = item.id ? undefined : /** @type {Pending} */ (item).entry;
          return html`<${item.kind === 'notice' ? Notice : Message} key=${row.key} id=${row.key} session=${session} item=${item} first=${row.first}
            current=${row.key === tab} marked=${item.id > 0 && item.id === marked} open=${open} therapist=${therapist} names=${session.names} people=${people}
            answers=${item.target ? log.items.get(item.target) : undefined} entry=${entry} online=${entry ? session.link.up : true}
            reactions=${log.reactions.get(item.id)} busy=${busy.get(item.id) || ''} readers=${item.id > 0 && item.id === v.own ? v.readers : null}
            onReply=${onReply} onGo=${go} />`;
        })}
        ${!atNewest && html`<p class="centre more"><button type="button" class="quiet" onClick=${() => pageTo(later(v.part, v.n))}>${t.later}</button></p>`}
      </div>
      ${below >= 0 && html`<button type="button" class=${'below' + (below ? ' new' : '')} onClick=${toEnd}>${below ? t.newBelow(below) : t.toNewest}
        <span aria-hidden="true"> ↓</span></button>`}
    </div>`;
}

/**
 * What is to be shown of ids now.
 * @param {View} v
 * @param {import('../session.js').Session} session
 * @param {string} key
 * @param {number[]} ids
 * @param {Item[]} pending
 */
function prepare(v, session, key, ids, pending) {
  const {log} = session;
  const n = ids.length;
  const news = session.reads.news(log, key);
  if (v.ownOf !== ids) {
    v.own = newestOwn(log, ids);
    v.ownOf = ids;
  }
  const sent = pending.length ? pending[pending.length - 1].clientId : '';
  if (!v.ready) {
    v.part = newestPart(n);
    v.divider = dividerAt(0, news, true, v.own);
    // Reading begins where the new begins; where that is far up, at the end.
    v.goToNew = news.count > 0 && news.count < pageSize;
  } else {
    if (sent && sent !== v.sent) { // written just now
      v.part = newestPart(n);
      v.atEnd = true;
      v.divider = 0;
    }
    v.part = grown(v.part, v.n, n, v.atEnd);
    // What comes while it is being looked at is not new by the time it is seen.
    v.divider = v.atEnd && v.visible ? dividerAt(v.divider, {count: 0, first: 0}, false, v.own) : dividerAt(v.divider, news, v.allRead, v.own);
    if (news.first) v.allRead = false;
  }
  v.sent = sent;
  v.n = n;
  const item = v.own ? log.items.get(v.own) : undefined;
  const by = item ? readers(log, item) : [];
  if (by.length !== v.readers.length || by.some((id, i) => id !== v.readers[i])) v.readers = by;
}

/** @typedef {Item & {entry: Entry}} Pending */

/** An outbox entry as the item that it will be. @param {string} me @param {Entry} e @returns {Pending} */
function underWay(me, e) {
  return {
    id: 0, kind: 'message', user: me, sender: '', at: e.action.client_ts || '', body: e.action.body, recipients: e.action.recipients || [],
    target: e.action.target || 0, conv: e.conv, clientId: e.clientId, deleted: false, entry: e,
  };
}

/** @param {Entry[]} entries @returns {Map<number, string>} a message's id → icons of reactions to it that are on their way */
function busyIcons(entries) {
  /** @type {Map<number, string>} */
  const all = new Map();
  entries.forEach(({action, state}) => {
    if (action.type !== 'reaction' || state === 'failed' || !action.target) return;
    const was = all.get(action.target);
    all.set(action.target, (was ? was + ' ' : '') + action.icon);
  });
  return all;
}

/**
 * The reader's own newest message: there, who has read it is shown.
 * @param {import('../log.js').Log} log
 * @param {number[]} ids
 */
function newestOwn(log, ids) {
  for (let i = ids.length - 1; i >= 0; i--) {
    const item = log.items.get(ids[i]);
    if (item && item.user === log.me && item.kind === 'message' && !item.deleted) return item.id;
  }
  return 0;
}
