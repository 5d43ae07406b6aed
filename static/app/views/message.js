// One message or notice.
import {html, useRef, useState} from '../ui.js';
import {excerpt, timeOfDay} from '../format.js';
import {errorText, text} from '../strings.js';
import {Confirm} from './shell.js';

const t = text.chat;
const icons = Object.keys(t.icons);

/** Who wrote item, as shown. */
export function author(session, item) {
  if (item.user === session.user.id) return t.you;
  return item.user ? session.nameOf(item.user) : item.sender;
}

/**
 * @param {{session: import('../session.js').Session, item: import('../log.js').Item, answers?: import('../log.js').Item,
 *   entry?: import('../outbox.js').Entry, reactions?: import('../log.js').Reaction[], readers?: string[],
 *   onReply: ((item: object) => void)|null}} p
 *   entry: it is still on its way; readers: who has read it, where that is shown
 */
export function Message({session, item, answers, entry, reactions, readers, onReply}) {
  const mine = item.user === session.user.id;
  const who = author(session, item);
  const time = timeOfDay(item.at);
  return html`
    <article class=${'message' + (mine ? ' mine' : '') + (item.deleted ? ' gone' : '')} aria-label=${t.label(who, time)}>
      <p class="meta"><strong>${who}</strong> <time datetime=${item.at}>${time}</time></p>
      ${item.target > 0 && html`<${Quote} session=${session} item=${answers} />`}
      ${item.deleted && html`<p class="removed">${session.therapist() ? t.deletedKept : t.deleted}</p>`}
      ${item.body !== undefined && html`<p class="body" dir="auto">${item.body}</p>`}
      ${entry && html`<${OnItsWay} session=${session} entry=${entry} />`}
      ${!entry && !item.deleted && html`<${Tools} session=${session} item=${item} reactions=${reactions || []} onReply=${onReply} />`}
      ${readers && readers.length > 0 && html`<p class="hint">${t.seenBy(readers)}</p>`}
    </article>`;
}

function Quote({session, item}) {
  if (!item) return html`<blockquote class="quote">${t.gone}</blockquote>`;
  return html`
    <blockquote class="quote" aria-label=${t.inReply(author(session, item))}>
      <strong>${author(session, item)}</strong>${' '}${item.deleted && html`<em>${t.quoteDeleted}</em> `}
      ${item.body !== undefined && html`<span dir="auto">${excerpt(item.body, 120)}</span>`}
    </blockquote>`;
}

function OnItsWay({session, entry}) {
  if (entry.state !== 'failed') return html`<p class="hint" aria-live="off">${entry.state === 'saved' ? '' : t.sending}</p>`;
  const edit = () => {
    session.outbox.discard(entry.clientId);
    session.takeUp(entry);
  };
  return html`
    <p class="failed" role="alert">${t.notSent(errorText({code: entry.code}))}</p>
    <p class="tools">
      ${session.open() && html`<button type="button" class="small" onClick=${edit}>${t.edit}</button>`}
      <button type="button" class="small" onClick=${() => session.outbox.discard(entry.clientId)}>${t.discard}</button>
    </p>`;
}

function Tools({session, item, reactions, onReply}) {
  const [picking, setPicking] = useState(false);
  const react = useRef(null);
  const open = session.open();
  const pending = session.outbox.entries.filter(e => e.action.target === item.id && e.action.type === 'reaction' && e.state !== 'failed');
  const of = icon => reactions.filter(r => r.icon === icon);
  const names = icon => of(icon).map(r => r.user === session.user.id ? t.you : session.nameOf(r.user));
  const own = icon => reactions.find(r => r.icon === icon && r.user === session.user.id);
  const busy = icon => pending.some(e => e.action.icon === icon);
  const shown = icons.filter(i => open && picking || of(i).length || busy(i));
  const toggle = icon => {
    if (busy(icon)) return;
    if (own(icon)) session.takeBack(item, own(icon));
    else session.react(item, icon);
    if (picking) {
      setPicking(false);
      react.current.focus();
    }
  };
  return html`
    <div class="foot">
    ${shown.length > 0 && html`<div role="group" aria-label=${t.reactions} class="reactions">
      ${shown.map(icon => {
        const [name, sign] = t.icons[icon];
        const n = of(icon).length;
        return html`<button type="button" key=${icon} class=${'reaction' + (busy(icon) ? ' busy' : '')} disabled=${!open}
          aria-pressed=${!!own(icon) || busy(icon)} aria-label=${n ? t.reacted(name, n) : name} title=${names(icon).join(', ')}
          onClick=${() => toggle(icon)}><span aria-hidden="true">${sign}${n > 0 && ' ' + n}</span></button>`;
      })}
    </div>`}
    ${open && html`<div class="tools">
      ${onReply && html`<button type="button" class="small" onClick=${() => onReply(item)}>${t.reply}</button>`}
      <button type="button" class="small" ref=${react} aria-expanded=${picking} onClick=${() => setPicking(!picking)}>${t.react}</button>
      <${Delete} session=${session} item=${item} />
    </div>`}
    </div>
    ${picking && reactions.length > 0 && html`<p class="hint" aria-hidden="true">
      ${icons.filter(i => of(i).length).map(i => t.reactedBy(t.icons[i][1], names(i))).join('  ')}
    </p>`}`;
}

function Delete({session, item}) {
  const [asking, setAsking] = useState(false);
  const button = useRef(null);
  const therapist = session.therapist();
  if (!therapist && item.user !== session.user.id) return null;
  const no = () => {
    setAsking(false);
    button.current.focus();
  };
  const yes = () => {
    setAsking(false);
    session.remove(item);
  };
  return html`
    <button type="button" class="small" ref=${button} aria-expanded=${asking} onClick=${() => setAsking(!asking)}>${t.delete}</button>
    ${asking && html`<${Confirm} ask=${t.deleteAsk} about=${therapist ? t.deleteTherapist : t.deleteAbout} yes=${t.deleteNow}
      onYes=${yes} onNo=${no} />`}`;
}

/** What the server, or a therapist, says. */
export function Notice({session, item}) {
  const time = timeOfDay(item.at);
  const who = item.sender === 'system' ? '' : author(session, item);
  const to = item.recipients.map(p => session.nameOf(p));
  return html`
    <div class=${'notice-row' + (item.deleted ? ' gone' : '')}>
      ${item.deleted && html`<p class="removed">${t.noticeDeleted}</p>`}
      ${item.body !== undefined && html`<p>
        ${who && html`<strong>${who}</strong> `}${to.length > 0 && html`<em>${t.to(to)}</em> `}<span dir="auto">${item.body}</span>${' '}
        <time datetime=${item.at}>${time}</time>
      </p>`}
      ${session.open() && session.therapist() && who && !item.deleted && html`<div class="tools"><${Delete} session=${session} item=${item} /></div>`}
    </div>`;
}
