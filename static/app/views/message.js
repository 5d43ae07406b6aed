// One message or notice. What it shows is all in its properties: it is not
// rendered again while they stay.
import {html, memo, useRef, useState} from '../ui.js';
import {excerpt, timeOfDay} from '../format.js';
import {mayRetry} from '../outbox.js';
import {errorText, text} from '../strings.js';
import {Body} from './body.js';
import {Reactions} from './reactions.js';
import {Confirm} from './shell.js';

const t = text.chat;

/**
 * @typedef {import('../session.js').Session} Session
 * @typedef {import('../log.js').Item} Item
 * @typedef {import('../outbox.js').Entry} Entry
 * @typedef {{
 *   session: Session, item: Item, id: string, first: boolean, current: boolean, marked: boolean, open: boolean, therapist: boolean,
 *   names: Map<string, string>, people: Map<string, string>, answers: Item|undefined, entry: Entry|undefined, online: boolean,
 *   reactions: import('../log.js').Reaction[]|undefined, busy: string, readers: string[]|null,
 *   onReply: ((item: Item) => void)|null, onGo: (id: number) => void,
 * }} Props
 *   id: of the element's row; first: author and time are shown; current: Tab leads to it; marked: somebody was just led to
 *   it; names: of everybody, people: of those who can be mentioned; entry: it is still on its way; online: it may be sent
 *   at present; busy: icons of reactions on their way; readers: ids of who has read it, where that is shown
 */

/** Who wrote item, as shown. @param {Session} session @param {Item} item @returns {string} */
export function author(session, item) {
  if (item.user === session.user.id) return t.you;
  return item.user ? session.nameOf(item.user) : item.sender;
}

export const Message = memo((/** @type {Props} */ p) => {
  const {session, item, first, entry, current, readers} = p;
  const [picking, setPicking] = useState(false);
  const [asking, setAsking] = useState(false);
  const react = useRef(/** @type {any} */ (null));
  const row = useRef(/** @type {any} */ (null));
  const mine = item.user === session.user.id;
  const who = author(session, item);
  const time = timeOfDay(item.at);
  const tools = !entry && !item.deleted;
  /** @param {boolean} on */
  const pick = on => {
    setPicking(on);
    if (!on && react.current) react.current.focus();
  };
  return html`
    <article class=${'message' + (mine ? ' mine' : '') + (item.deleted ? ' gone' : '') + (first ? ' first-of' : '') + (p.marked ? ' marked' : '')}
      aria-label=${t.label(who, time)} data-key=${p.id} data-id=${item.id || undefined} tabindex=${current ? 0 : -1} ref=${row}>
      <div class="bubble">
        <p class=${first ? 'meta' : 'meta spoken'}><strong dir="auto">${who}</strong> <time datetime=${item.at}>${time}</time></p>
        ${item.target > 0 && html`<${Quote} session=${session} item=${p.answers} current=${current} onGo=${p.onGo} />`}
        ${item.deleted && html`<p class="removed">${p.therapist && item.body !== undefined ? t.deletedKept : t.deleted}</p>`}
        ${item.body !== undefined && html`<${Body} body=${item.body} people=${p.people} me=${session.user.id} tab=${current} />`}
        ${entry && html`<${OnItsWay} session=${session} entry=${entry} open=${p.open} online=${p.online} />`}
        ${tools && html`<${Reactions} session=${session} item=${item} reactions=${p.reactions || []} busy=${p.busy} open=${p.open} current=${current}
          picking=${picking} onPick=${pick} />`}
        ${readers && readers.length > 0 && html`<${ReadBy} names=${readers.map(id => session.nameOf(id))} />`}
      </div>
      ${tools && p.open && html`<${Tools} session=${session} item=${item} therapist=${p.therapist} current=${current} onReply=${p.onReply}
        picking=${picking} onPick=${pick} react=${react} asking=${asking} onAsk=${setAsking} time=${first ? '' : time} />`}
      ${tools && p.open && asking && html`<${Ask} session=${session} item=${item} therapist=${p.therapist} row=${row} onDone=${() => setAsking(false)} />`}
    </article>`;
});

/** @param {{session: Session, item: Item|undefined, current: boolean, onGo: (id: number) => void}} p */
function Quote({session, item, current, onGo}) {
  if (!item) return html`<blockquote class="quote unknown">${t.gone}</blockquote>`;
  const who = author(session, item);
  return html`
    <blockquote class="quote" aria-label=${t.inReply(who)}>
      <button type="button" title=${t.goToQuoted} tabindex=${current ? 0 : -1} onClick=${() => onGo(item.id)}>
        <strong dir="auto">${who}</strong>${' '}${item.deleted && html`<em>${t.quoteDeleted}</em> `}
        ${item.body !== undefined && html`<span dir="auto">${excerpt(item.body, 120)}</span>`}
      </button>
    </blockquote>`;
}

/** @param {{names: string[]}} p */
function ReadBy({names}) {
  if (names.length <= 3) return html`<p class="read-by">${t.seenBy(names)}</p>`;
  return html`<p class="read-by" title=${t.seenBy(names)}><span aria-hidden="true">${t.seenByCount(names.length)}</span><span class="spoken">${t.seenBy(names)}</span></p>`;
}

/** @param {{session: Session, entry: Entry, open: boolean, online: boolean}} p */
function OnItsWay({session, entry, open, online}) {
  if (entry.state !== 'failed') {
    return html`<p class="on-its-way">${entry.state === 'saved' ? '' : online ? t.sending : t.waitsForLine}</p>`;
  }
  // The buttons go: the focus goes where it goes on.
  const retry = (/** @type {any} */ e) => {
    e.currentTarget.closest('[data-key]').focus({preventScroll: true});
    session.outbox.retry(entry.clientId);
  };
  const edit = (/** @type {any} */ e) => {
    const log = e.currentTarget.closest('[role=log]');
    const pane = log.closest('.pane');
    (pane && pane.querySelector('textarea') || log).focus({preventScroll: true});
    session.outbox.discard(entry.clientId);
    session.takeUp(entry);
  };
  const discard = (/** @type {any} */ e) => {
    e.currentTarget.closest('[role=log]').focus({preventScroll: true});
    session.outbox.discard(entry.clientId);
  };
  return html`
    <p class="failed" role="alert">${t.notSent(errorText({code: entry.code}))}</p>
    <p class="row">
      ${open && mayRetry(entry.code) && html`<button type="button" class="small" onClick=${retry}>${t.retry}</button>`}
      ${open && html`<button type="button" class="small" onClick=${edit}>${t.edit}</button>`}
      <button type="button" class="small" onClick=${discard}>${t.discard}</button>
    </p>`;
}

/** Lines of what a button shows; its name is beside it. @type {{[name: string]: string}} */
const icons = {
  reply: 'M9 7 4 12l5 5M4 12h9a7 7 0 0 1 7 7',
  react: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M8 14a5 5 0 0 0 8 0M9 9v.5M15 9v.5',
  delete: 'M4 7h16M10 4h4M6.5 7l1 13h9l1-13M10 11v5M14 11v5',
};

/** @param {{name: 'reply'|'react'|'delete'}} p */
function Icon({name}) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${icons[name]} /></svg>`;
}

/**
 * @param {{session: Session, item: Item, therapist: boolean, current: boolean, onReply: ((item: Item) => void)|null, picking: boolean,
 *   onPick: (on: boolean) => void, react: {current: any}, asking: boolean, onAsk: (on: boolean) => void, time: string}} p
 */
function Tools({session, item, therapist, current, onReply, picking, onPick, react, asking, onAsk, time}) {
  const tab = current ? 0 : -1;
  return html`
    <div class="tools">
      ${time && html`<span class="when" aria-hidden="true">${time}</span>`}
      ${onReply && html`<button type="button" class="tool" aria-label=${t.reply} title=${t.reply} tabindex=${tab} onClick=${() => onReply(item)}>
        <${Icon} name="reply" /></button>`}
      <button type="button" class="tool" aria-label=${t.react} title=${t.react} tabindex=${tab} ref=${react} aria-expanded=${picking}
        onClick=${() => onPick(!picking)}><${Icon} name="react" /></button>
      ${(therapist || item.user === session.user.id) && html`<${Delete} tab=${tab} asking=${asking} onAsk=${onAsk} />`}
    </div>`;
}

/** @param {{tab: number, asking: boolean, onAsk: (on: boolean) => void}} p */
function Delete({tab, asking, onAsk}) {
  return html`<button type="button" class="tool delete" aria-label=${t.delete} title=${t.delete} tabindex=${tab} aria-expanded=${asking}
    onClick=${() => onAsk(!asking)}><${Icon} name="delete" /></button>`;
}

/** @param {{session: Session, item: Item, therapist: boolean, row: {current: any}, onDone: () => void}} p row: where the focus goes after */
function Ask({session, item, therapist, row, onDone}) {
  const no = () => {
    onDone();
    row.current.querySelector('.delete').focus();
  };
  const yes = () => {
    onDone();
    row.current.focus({preventScroll: true});
    session.remove(item);
  };
  return html`<${Confirm} ask=${t.deleteAsk} about=${therapist ? t.deleteTherapist : t.deleteAbout} yes=${t.deleteNow} onYes=${yes} onNo=${no} />`;
}

/** What the server, or a therapist, says. */
export const Notice = memo((/** @type {Props} */ {session, item, id, current, therapist, open, people}) => {
  const row = useRef(/** @type {any} */ (null));
  const [asking, setAsking] = useState(false);
  const time = timeOfDay(item.at);
  const who = item.sender === 'system' ? '' : author(session, item);
  const to = item.recipients.map(p => session.nameOf(p));
  return html`
    <div class=${'notice-row' + (who ? ' by-therapist' : '') + (item.deleted ? ' gone' : '')} data-key=${id} data-id=${item.id} tabindex="-1" ref=${row}>
      ${item.deleted && html`<p class="removed">${t.noticeDeleted}</p>`}
      ${item.body !== undefined && html`<p>
        ${who && html`<strong dir="auto">${who}</strong> `}${to.length > 0 && html`<em>${t.to(to)}</em> `}
        <${Body} body=${item.body} people=${people} me=${session.user.id} tab=${current} inline=${true} />${' '}
        <time datetime=${item.at}>${time}</time>
      </p>`}
      ${open && therapist && who && !item.deleted && html`<div class="tools"><${Delete} tab=${0} asking=${asking} onAsk=${setAsking} /></div>
        ${asking && html`<${Ask} session=${session} item=${item} therapist=${therapist} row=${row} onDone=${() => setAsking(false)} />`}`}
    </div>`;
});
