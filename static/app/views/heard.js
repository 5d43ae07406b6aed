// What a screen reader says by itself of a conversation: each new message of
// others, once. The list of messages says nothing: what is added to it may be
// history, or one's own.
import {html, useEffect, useRef, useState} from '../ui.js';
import {excerpt} from '../format.js';
import {heardSince} from '../hear.js';
import {split} from '../mentions.js';
import {text} from '../strings.js';
import {author} from './message.js';

const t = text.chat;
const most = 3; // at once; of more only the number
const length = 400; // characters of one
const stays = 2000; // ms; it is said by then, or waits in the screen reader

/** @param {{session: import('../session.js').Session, conv: import('../conversations.js').Conversation, people: Map<string, string>}} p */
export function Heard({session, conv, people}) {
  const [lines, setLines] = useState(/** @type {{id: number, line: string}[]} */ ([]));
  const upTo = useRef(-1);
  const {log, caughtUp} = session;
  const ids = log.convs.get(conv.key);
  useEffect(() => {
    if (!caughtUp) return;
    const fresh = upTo.current < 0 ? [] : heardSince(log, conv.key, Math.max(upTo.current, session.old));
    upTo.current = log.id;
    if (!fresh.length) return;
    const last = fresh[fresh.length - 1].id;
    setLines(fresh.length > most ? [{id: last, line: t.heardMany(fresh.length)}] : fresh.map(item => ({id: item.id, line: line(session, item, people)})));
  }, [caughtUp, ids]);
  useEffect(() => {
    if (!lines.length) return undefined;
    const timer = setTimeout(() => setLines([]), stays);
    return () => clearTimeout(timer);
  }, [lines]);
  return html`<div class="spoken" aria-live="polite">${lines.map(l => html`<p key=${l.id}>${l.line}</p>`)}</div>`;
}

/**
 * @param {import('../session.js').Session} session
 * @param {import('../log.js').Item} item
 * @param {Map<string, string>} people
 */
function line(session, item, people) {
  const body = excerpt(item.body || '', length);
  if (item.kind === 'notice' && item.sender === 'system') return body;
  const me = split(body, people).some(p => p.ids.indexOf(session.user.id) >= 0);
  return (me ? t.heardYou : t.heard)(author(session, item), body);
}
