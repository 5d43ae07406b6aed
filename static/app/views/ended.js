// What is left to do after the end.
import {html, useFocus} from '../ui.js';
import {text} from '../strings.js';
import {Surveys} from './list.js';

const t = text.ended;

export function Ended({app, session}) {
  const title = useFocus('ended');
  const readable = Array.from(session.log.items.values()).some(i => i.kind === 'message');
  return html`
    <section class="card ended" aria-labelledby="ended-title">
      <h2 id="ended-title" tabindex="-1" ref=${title}>${t.title}</h2>
      ${session.caughtUp && html`<p>${readable ? t.read : t.closed}</p>`}
      ${session.due.length > 0 && html`<p>${t.surveys}</p><${Surveys} items=${session.due} label=${i => i.title || i.name} />`}
      <button type="button" onClick=${() => app.leave()}>${t.back}</button>
    </section>`;
}
