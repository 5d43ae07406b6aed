// Where a message is written.
import {html, useRef, useState} from '../ui.js';
import {excerpt} from '../format.js';
import {text} from '../strings.js';
import {author} from './message.js';

const t = text.chat;
const mostRows = 6;

// Where the keyboard is on the screen, Enter is a new line and Send is near.
const enterSends = typeof matchMedia === 'function' && matchMedia('(hover: hover) and (pointer: fine)').matches;

export function Composer({session, conv, reply, onReply}) {
  const field = useRef(null);
  const [, again] = useState(0);
  if (conv.write !== 'ok') {
    return html`<p class="composer hint" role="status">${conv.write === 'muted' ? muted(session) : t.cannotWrite}</p>`;
  }
  const draft = session.draft(conv.key);
  const keys = session.keystrokesOf(conv.key);
  const set = value => {
    session.setDraft(conv.key, value);
    again(n => n + 1);
  };
  const send = e => {
    if (e) e.preventDefault();
    if (!draft.trim()) {
      field.current.focus();
      return;
    }
    session.say(conv, draft, reply ? reply.id : 0);
    set('');
    onReply(null);
    field.current.focus();
  };
  const keydown = e => {
    if (e.key === 'Enter' && enterSends && !e.shiftKey && !e.isComposing && e.keyCode !== 229) {
      send(e);
      return;
    }
    if (e.key === 'Escape' && reply) {
      onReply(null);
      return;
    }
    keys.keydown(e);
  };
  const input = e => {
    keys.input(e);
    set(e.target.value);
    if (e.target.value.trim()) session.type(conv);
  };
  return html`
    <form class="composer" onSubmit=${send}>
      ${reply && html`<div class="replying">
        <p><strong>${t.replyingTo(author(session, reply))}</strong> <span dir="auto">${excerpt(reply.body || t.deleted, 80)}</span></p>
        <button type="button" class="small" onClick=${() => { onReply(null); field.current.focus(); }}>${t.cancelReply}</button>
      </div>`}
      <label for="message" class="spoken">${t.message}</label>
      <textarea id="message" ref=${field} dir="auto" rows=${Math.min(mostRows, draft.split('\n').length + Math.floor(draft.length / 60))}
        placeholder=${conv.key ? t.placeholder.one(conv.names) : t.placeholder.group} value=${draft} enterkeyhint=${enterSends ? 'send' : 'enter'}
        onInput=${input} onKeyDown=${keydown} onCompositionStart=${e => keys.compositionstart(e)} onCompositionEnd=${e => keys.compositionend(e)}></textarea>
      <button type="submit" class="main">${t.send}</button>
    </form>`;
}

function muted(session) {
  const mayStill = session.conversations().some(c => c.key && c.write === 'ok');
  return t.muted + (mayStill ? ' ' + t.mutedPrivate : '');
}
