// What is not needed all the time, behind one button.
import {html, useEffect, useRef, useState} from '../ui.js';
import {text} from '../strings.js';
import {onEscape} from './panel.js';

/**
 * @typedef {{name: string, go: () => void}} Entry
 * @param {{entries: Entry[], button: {current: any}, children?: any}} p
 *   button: gets the button, so that what an entry opened can give the focus back; children: after the entries
 */
export function Menu({entries, button, children}) {
  const [open, setOpen] = useState(false);
  const box = useRef(/** @type {any} */ (null));
  const close = () => {
    setOpen(false);
    button.current.focus();
  };
  useEffect(() => {
    if (!open) return undefined;
    box.current.querySelector('.sheet button').focus();
    const away = (/** @type {Event} */ e) => { if (box.current && !box.current.contains(e.target)) setOpen(false); };
    document.addEventListener('pointerdown', away);
    document.addEventListener('focusin', away);
    return () => {
      document.removeEventListener('pointerdown', away);
      document.removeEventListener('focusin', away);
    };
  }, [open]);
  /** @param {Entry} e */
  const choose = e => {
    close();
    e.go();
  };
  return html`
    <div class="menu" ref=${box} onKeyDown=${open ? onEscape(close) : undefined}>
      <button type="button" class="quiet" ref=${button} aria-expanded=${open} onClick=${() => setOpen(!open)}>${text.chat.more}</button>
      ${open && html`<div class="sheet" role="group" aria-label=${text.chat.more}>
        ${entries.map(e => html`<button type="button" class="quiet" key=${e.name} onClick=${() => choose(e)}>${e.name}</button>`)}
        ${children}
      </div>`}
    </div>`;
}
