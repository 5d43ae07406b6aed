// One conversation: what was said in it, and where it goes on.
import {html} from '../ui.js';
import {text} from '../strings.js';
import {Composer} from './composer.js';
import {Messages} from './messages.js';

const t = text.chat;

/**
 * @param {{session: import('../session.js').Session, conv: import('../conversations.js').Conversation, hidden: boolean}} p
 *   hidden: it is not on the screen at present
 */
export function Talk({session, conv, hidden}) {
  const open = session.open();
  const reply = session.replyIn(conv.key);
  const setReply = item => {
    session.replyTo(conv.key, item ? item.id : 0);
    if (item) document.getElementById('message').focus();
  };
  return html`
    ${conv.key && html`<p class="hint private">${conv.write === 'not_allowed' && session.therapist() ? t.watchNote : t.privateNote(conv.names)}</p>`}
    <${Messages} session=${session} conv=${conv} hidden=${hidden} onReply=${conv.write === 'ok' && open ? setReply : null} />
    <${Typing} session=${session} />
    ${open && html`<${Composer} session=${session} conv=${conv} reply=${reply} onReply=${setReply} />`}`;
}

function Typing({session}) {
  const names = session.typingNow();
  return html`<p class="typing" aria-live="off">${names.length ? t.typing(names) : ''}</p>`;
}
