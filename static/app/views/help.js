// What a person may want to know while they are in the chat.
import {html, useFocus} from '../ui.js';
import {text} from '../strings.js';
import {onEscape} from './panel.js';

const t = text.help;

/** @param {{session: import('../session.js').Session, onClose: () => void}} p */
export function Help({session, onClose}) {
  const title = useFocus('help');
  return html`
    <section class="card panel" aria-labelledby="help-title" onKeyDown=${onEscape(onClose)}>
      <h2 id="help-title" tabindex="-1" ref=${title}>${t.title}</h2>
      <ul>
        ${(session.therapist() ? t.items.concat(t.therapist) : t.items).map(item => html`<li key=${item}>${item}</li>`)}
      </ul>
      <button type="button" onClick=${onClose}>${t.close}</button>
    </section>`;
}
