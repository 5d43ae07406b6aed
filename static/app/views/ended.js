// What is left to do after the end.
import {html, useFocus} from '../ui.js';
import {text} from '../strings.js';
import {Surveys} from './list.js';

const t = text.ended;

/** @param {{app: import('../app.js').App, session: import('../session.js').Session, onPrint: (() => void)|null}} p */
export function Ended({app, session, onPrint}) {
  const title = useFocus('ended');
  const readable = session.therapist() || session.log.items.size > 0; // where it is closed there is only the entry of its end
  return html`
    <section class="card ended" aria-labelledby="ended-title">
      <h2 id="ended-title" tabindex="-1" ref=${title}>${t.title}</h2>
      ${session.caughtUp && html`<p>${readable ? t.read : t.closed}</p>`}
      ${session.due.length > 0 ? html`<p>${t.surveys}</p><${Surveys} items=${session.due} label=${(/** @type {any} */ i) => i.title || i.name} />`
        : html`<p>${t.nothing}</p>`}
      <p class="row">
        <button type="button" class="main" onClick=${() => app.leave()}>${t.back}</button>
        ${onPrint && html`<button type="button" onClick=${onPrint}>${text.print.open}</button>`}
      </p>
    </section>`;
}
