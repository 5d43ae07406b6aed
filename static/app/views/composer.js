// Where a message is written.
import {html, useEffect, useLayoutEffect, useRef, useState} from '../ui.js';
import {domId} from '../conversations.js';
import {excerpt} from '../format.js';
import {candidates, complete, mentionAt} from '../mentions.js';
import {text} from '../strings.js';
import {author} from './message.js';

const t = text.chat;
const most = 10000; // characters (Unicode code points); the server's own limit may be another, and is said then
const warnFrom = 500; // characters left

// Where the keyboard is on the screen, Enter is a new line and Send is near.
const enterSends = typeof matchMedia === 'function' && matchMedia('(hover: hover) and (pointer: fine)').matches;

/**
 * @typedef {import('../session.js').Session} Session
 * @typedef {import('../conversations.js').Conversation} Conversation
 * @typedef {{at: number, query: string, found: {id: string, name: string}[], index: number}} Picking whom a mention may mean
 */

/**
 * @param {{session: Session, conv: Conversation, people: Map<string, string>, field: {current: any}}} p
 *   field: gets the element that is written in
 */
export function Composer({session, conv, people, field}) {
  const [, again] = useState(0);
  const [picking, setPicking] = useState(/** @type {Picking|null} */ (null));
  const dismissed = useRef(-1); // where the @ is whose list was closed
  const cursor = useRef(-1); // where it is to be after rendering
  const draft = session.draft(conv.key);
  const reply = session.replyIn(conv.key);
  const writable = conv.write === 'ok';
  const why = useRef(/** @type {any} */ (null)); // there is no writing
  const had = [field.current, why.current].some(el => el !== null && el === document.activeElement);
  useLayoutEffect(() => {
    if (field.current) fit(field.current);
  }, [draft, writable]);
  useLayoutEffect(() => {
    if (cursor.current < 0 || !field.current) return;
    field.current.setSelectionRange(cursor.current, cursor.current);
    cursor.current = -1;
  });
  // What one was in goes: the focus stays here.
  useLayoutEffect(() => {
    const el = writable ? field.current : why.current;
    if (had && el) el.focus({preventScroll: true});
  }, [writable]);
  if (!writable) return html`<p class="composer hint" role="status" tabindex="-1" ref=${why}>${conv.write === 'muted' ? muted(session) : t.cannotWrite}</p>`;

  const id = domId(conv.key);
  const keys = session.keystrokesOf(conv.key);
  const over = tooMany(draft);
  /** @param {string} value */
  const set = value => {
    session.setDraft(conv.key, value);
    again(n => n + 1);
  };
  const noReply = () => {
    if (session.targetIn(conv.key)) session.replyTo(conv.key, 0);
  };
  const send = (/** @type {Event|null} */ e) => {
    if (e) e.preventDefault();
    if (draft.trim() && over <= 0) {
      session.say(conv, draft, session.targetIn(conv.key));
      set('');
      setPicking(null);
      noReply();
    }
    field.current.focus();
  };
  const lookForMention = () => {
    const el = field.current;
    const m = el.selectionStart === el.selectionEnd ? mentionAt(el.value, el.selectionStart) : null;
    if (!m || m.at !== dismissed.current) dismissed.current = -1;
    const found = m && dismissed.current < 0 ? candidates(m.query, others(people, session.user.id)) : [];
    const done = m && found.length === 1 && found[0].name === m.query;
    if (!m || !found.length || done) setPicking(null);
    else setPicking({at: m.at, query: m.query, found, index: 0});
  };
  /** @param {Picking} p @param {number} index */
  const choose = (p, index) => {
    const c = complete(field.current.value, p, p.found[index].name);
    if (keys) keys.mark('Mention', c.put, c.value);
    cursor.current = c.cursor;
    set(c.value);
    setPicking(null);
    field.current.focus();
  };
  const keydown = (/** @type {KeyboardEvent} */ e) => {
    const composing = e.isComposing || e.keyCode === 229;
    if (picking && !composing && pick(e, picking)) {
      e.preventDefault();
      e.stopPropagation();
      return;
    }
    if (e.key === 'Enter' && enterSends && !e.shiftKey && !composing) {
      send(e);
      return;
    }
    if (e.key === 'Escape' && reply) {
      e.stopPropagation();
      noReply();
      return;
    }
    if (keys) keys.keydown(e);
  };
  /** @param {KeyboardEvent} e @param {Picking} p @returns {boolean} whether it was for the list */
  const pick = (e, p) => {
    const n = p.found.length;
    switch (e.key) {
      case 'ArrowDown': setPicking(Object.assign({}, p, {index: (p.index + 1) % n})); return true;
      case 'ArrowUp': setPicking(Object.assign({}, p, {index: (p.index + n - 1) % n})); return true;
      case 'Enter':
      case 'Tab':
        if (e.shiftKey || e.ctrlKey || e.altKey || e.metaKey) return false;
        choose(p, p.index);
        return true;
      case 'Escape':
        dismissed.current = p.at;
        setPicking(null);
        return true;
    }
    return false;
  };
  const input = (/** @type {any} */ e) => {
    const {value} = e.target;
    if (keys) keys.input(e, value);
    set(value);
    lookForMention();
    if (value.trim()) session.type(conv);
  };
  return html`
    <form class="composer" onSubmit=${send}>
      ${reply && html`<div class="replying">
        <p><strong>${t.replyingTo(author(session, reply))}</strong> <span dir="auto">${excerpt(reply.body || t.deleted, 80)}</span></p>
        <button type="button" class="small" onClick=${() => { noReply(); field.current.focus(); }}>${t.cancelReply}</button>
      </div>`}
      ${picking && html`<${People} id=${id} picking=${picking} onChoose=${(/** @type {number} */ i) => choose(picking, i)} />`}
      <label for=${id} class="spoken">${conv.key ? t.messageTo(conv.names) : t.message}</label>
      <textarea id=${id} ref=${field} dir="auto" rows="1" placeholder=${conv.key ? t.placeholder.one(conv.names) : t.placeholder.group}
        value=${draft} enterkeyhint=${enterSends ? 'send' : 'enter'} autocapitalize="sentences"
        aria-describedby=${id + '-count'} aria-invalid=${over > 0 ? 'true' : undefined} aria-autocomplete="list" aria-haspopup="listbox"
        aria-controls=${picking ? id + '-list' : undefined} aria-activedescendant=${picking ? id + '-option-' + picking.index : undefined}
        onInput=${input} onKeyDown=${keydown} onClick=${() => { if (picking) lookForMention(); }} onBlur=${() => setPicking(null)}></textarea>
      <button type="submit" class="main">${t.send}</button>
      <p id=${id + '-count'} class=${'count' + (over > 0 ? ' failed' : '')}>${over > 0 ? t.tooLong(over) : over > -warnFrom ? t.left(-over) : ''}</p>
      <p role="status" class="spoken">${picking ? t.mentionHelp(picking.found.length) : over > 0 ? text.errors.too_large : ''}</p>
    </form>`;
}

/** @param {{id: string, picking: Picking, onChoose: (index: number) => void}} p */
function People({id, picking, onChoose}) {
  const list = useRef(/** @type {any} */ (null));
  useEffect(() => { list.current.children[picking.index].scrollIntoView({block: 'nearest'}); }, [picking.index]);
  return html`
    <ul class="mention-list" role="listbox" id=${id + '-list'} aria-label=${t.mentionWho} ref=${list}>
      ${picking.found.map((p, i) => html`<li role="option" key=${p.id} id=${id + '-option-' + i} aria-selected=${i === picking.index} dir="auto"
        onMouseDown=${(/** @type {Event} */ e) => e.preventDefault()} onClick=${() => onChoose(i)}>${p.name}</li>`)}
    </ul>`;
}

/** As high as what is in it, within what the style allows. @param {HTMLTextAreaElement} el */
function fit(el) {
  el.style.height = 'auto';
  if (el.scrollHeight) el.style.height = el.scrollHeight + el.offsetHeight - el.clientHeight + 'px';
}

/** @param {string} value @returns {number} characters over the limit; negative: that many are left */
function tooMany(value) {
  if (value.length < most - warnFrom) return -most; // sure to be far from it
  return Array.from(value).length - most;
}

/** @param {Map<string, string>} people @param {string} me @returns {{id: string, name: string}[]} */
function others(people, me) {
  return Array.from(people, ([id, name]) => ({id, name})).filter(p => p.id !== me);
}

/** @param {Session} session */
function muted(session) {
  const mayStill = session.conversations().some(c => c.key && c.write === 'ok');
  return t.muted + (mayStill ? ' ' + t.mutedPrivate : '');
}
