// Where a therapist writes a notice to the group.
import {html, useEffect, useRef, useState} from '../ui.js';
import {text} from '../strings.js';
import {onEscape} from './panel.js';

const t = text.notice;
const draft = ' notice'; // no conversation is called so: ids hold no white space

/** @param {{session: import('../session.js').Session, onClose: () => void}} p */
export function NoticeForm({session, onClose}) {
  const [body, setBody] = useState(session.draft(draft));
  const field = useRef(/** @type {any} */ (null));
  useEffect(() => { field.current.focus(); }, []);
  /** @param {string} value */
  const set = value => {
    session.setDraft(draft, value);
    setBody(value);
  };
  const send = (/** @type {Event} */ e) => {
    e.preventDefault();
    if (!body.trim()) {
      field.current.focus();
      return;
    }
    session.notice(body);
    set('');
    onClose();
  };
  return html`
    <section class="card panel" aria-labelledby="notice-title" onKeyDown=${onEscape(onClose)}>
      <h2 id="notice-title">${t.title}</h2>
      <form onSubmit=${send}>
        <label for="notice-text">${t.text}</label>
        <textarea id="notice-text" ref=${field} rows="2" dir="auto" value=${body} aria-describedby="notice-about"
          onInput=${(/** @type {any} */ e) => set(e.target.value)}></textarea>
        <p id="notice-about" class="hint">${t.about}</p>
        <p class="row">
          <button type="submit" class="main">${t.send}</button>
          <button type="button" onClick=${onClose}>${text.cancel}</button>
        </p>
      </form>
    </section>`;
}

/**
 * Puts the text of a notice that was not sent back into the form.
 * @param {import('../session.js').Session} session
 * @param {string} body
 */
export function takeUpNotice(session, body) {
  const was = session.draft(draft);
  session.setDraft(draft, was ? body + '\n' + was : body);
}
