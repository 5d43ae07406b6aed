// The whole of a session on paper, for its therapists.
import {html, useFocus} from '../ui.js';
import {dayAndTime, dayOf, excerpt, timeOfDay} from '../format.js';
import {text} from '../strings.js';
import {printRows} from '../transcript.js';
import {onEscape} from './panel.js';

const t = text.print;

/**
 * @typedef {import('../transcript.js').PrintRow} PrintRow
 * @param {{session: import('../session.js').Session, onClose: () => void}} p
 */
export function Print({session, onClose}) {
  const title = useFocus('print');
  const {detail, log} = session;
  const icons = Object.keys(text.chat.icons);
  const rows = session.caughtUp ? printRows(log, {nameOf: id => session.nameOf(id), dayOf: fullDay, icons}) : null;
  return html`
    <main class="print" onKeyDown=${onEscape(onClose)}>
      <p class="row noprint">
        <button type="button" class="main" aria-disabled=${!rows} onClick=${() => { if (rows) print(); }}>${t.go}</button>
        <button type="button" onClick=${onClose}>${t.back}</button>
      </p>
      <section aria-labelledby="print-title">
        <p class="confidential">${t.confidential}</p>
        <h1 tabindex="-1" ref=${title}>${detail.name}</h1>
        <h2 id="print-title">${t.title}</h2>
        ${detail.topic && html`<p>${detail.topic}</p>`}
        ${detail.date && html`<p>${withYear(detail.date)}</p>`}
        <p><strong>${t.people}:</strong> ${detail.participants.map(p => p.role === 'therapist' ? `${p.name} (${text.people.therapist})` : p.name).join(', ')}</p>
        <p class="hint">${t.made(withYear(new Date().toISOString()), session.user.name)}</p>
        ${!rows && html`<p role="status">${t.loading}</p>`}
        ${rows && !rows.length && html`<p>${t.none}</p>`}
        ${rows && rows.map(row => html`<${Row} key=${row.key} row=${row} />`)}
        ${session.board() && html`<div class="entry"><p><strong>${t.board}</strong></p><p class="body" dir="auto">${session.board()}</p></div>`}
      </section>
    </main>`;
}

/** @param {string} at RFC 3339 */
const fullDay = at => dayOf(at) + ' ' + new Date(at).getFullYear();

/** @param {string} at RFC 3339 */
const withYear = at => dayAndTime(at) + ' (' + new Date(at).getFullYear() + ')';

/** @param {{row: PrintRow}} p */
function Row({row}) {
  if (row.kind === 'day') return html`<h3>${fullDay(row.at)}</h3>`;
  if (!row.who) return html`<p class="entry"><time datetime=${row.at}>${timeOfDay(row.at)}</time> <em>${row.body}</em>${row.deleted && ` [${t.removed}]`}</p>`;
  const notes = [row.notice && t.notice, row.to.length > 0 && t.privately(row.to), row.deleted && t.removed].filter(Boolean);
  return html`
    <div class=${'entry' + (row.deleted ? ' gone' : '') + (row.notice ? ' of-notice' : '')}>
      <p>
        <time datetime=${row.at}>${timeOfDay(row.at)}</time>${' '}<strong dir="auto">${row.who}</strong>${notes.length > 0 && html` <em>[${notes.join(', ')}]</em>`}
      </p>
      ${row.quote && html`<blockquote class="quote">${t.replyTo(row.quote.who, timeOfDay(row.quote.at))}: ${' '}
        <span dir="auto">${row.quote.body === undefined ? text.chat.quoteDeleted : excerpt(row.quote.body, 160)}</span>
        ${row.quote.deleted && row.quote.body !== undefined && html` ${text.chat.quoteDeleted}`}</blockquote>`}
      ${row.body !== undefined && html`<p class="body" dir="auto">${row.body}</p>`}
      ${row.reactions.map(r => html`<p class="hint" key=${r.icon}>${iconName(r.icon)}: ${r.names.join(', ')}</p>`)}
    </div>`;
}

/** @param {string} icon */
function iconName(icon) { return /** @type {Record<string, string[]>} */ (text.chat.icons)[icon][0]; }
