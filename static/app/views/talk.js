// One conversation: what was said in it, and where it goes on. Several may be
// on the page at once.
import {html, useMemo, useRef} from '../ui.js';
import {text} from '../strings.js';
import {Composer} from './composer.js';
import {Heard} from './heard.js';
import {Messages} from './messages.js';

const t = text.chat;

/**
 * @typedef {import('../session.js').Session} Session
 * @typedef {import('../conversations.js').Conversation} Conversation
 */

/**
 * @param {{session: Session, conv: Conversation, hidden: boolean}} p
 *   hidden: it is not on the screen at present
 */
export function Talk({session, conv, hidden}) {
  const open = session.open();
  const field = useRef(/** @type {any} */ (null));
  const people = usePeople(session, conv);
  // The same function as long as it does the same: the messages compare it.
  const reply = useMemo(() => (/** @type {import('../log.js').Item} */ item) => {
    session.replyTo(conv.key, item.id);
    if (field.current) field.current.focus();
  }, [session, conv.key]);
  return html`
    ${conv.key && html`<p class="hint private">${conv.write === 'not_allowed' && session.therapist() ? t.watchNote : t.privateNote(conv.names)}</p>`}
    <${Messages} session=${session} conv=${conv} hidden=${hidden} people=${people} onReply=${conv.write === 'ok' && open ? reply : null} />
    <${Heard} session=${session} conv=${conv} people=${people} />
    <${Typing} session=${session} conv=${conv} />
    ${open && html`<${Composer} session=${session} conv=${conv} people=${people} field=${field} />`}`;
}

/**
 * Who can be mentioned in conv, and is known by name: the same map as long as
 * nothing changes.
 * @param {Session} session @param {Conversation} conv
 * @returns {Map<string, string>} id → name
 */
function usePeople(session, conv) {
  const {names} = session;
  return useMemo(() => {
    if (!conv.key) return names;
    /** @type {Map<string, string>} */
    const members = new Map();
    conv.key.split('|').forEach(id => members.set(id, session.nameOf(id)));
    return members;
  }, [conv.key, names]);
}

/** @param {{session: Session, conv: Conversation}} p */
function Typing({session, conv}) {
  const names = session.typingIn(conv.key);
  return html`<p class="typing" aria-live="off">${names.length ? t.typing(names) : ''}</p>`;
}
