// A therapy session, whatever state it is in.
import {html, useFocus, useSubject} from '../ui.js';
import {text} from '../strings.js';
import {Chat} from './chat.js';
import {Surveys} from './list.js';
import {Link} from './link.js';
import {Page} from './shell.js';

export function SessionView({app, session}) {
  useSubject(session);
  if (!session.detail) return html`<${Entering} app=${app} session=${session} />`;
  if (session.state === 'waiting') return html`<${Waiting} app=${app} session=${session} />`;
  return html`<${Chat} app=${app} session=${session} />`;
}

const t = text.waiting;

function Entering({app, session}) {
  const title = useFocus('entering');
  return html`<${Page} app=${app} title=${text.app} titleRef=${title}>
    <p role="status">${t.connecting}</p>
    <${Link} session=${session} />
    <p><button type="button" onClick=${() => app.leave()}>${t.leave}</button></p>
  <//>`;
}

function Waiting({app, session}) {
  const {reason, detail} = session;
  const title = useFocus('waiting');
  const surveys = session.assessments.filter(a => a.phase === 'pre' && a.required && a.status !== 'complete');
  const before = reason === 'assessments_incomplete';
  const here = detail.participants.some(p => p.role === 'therapist' && p.status === 'online');
  return html`<${Page} app=${app} title=${detail.name} titleRef=${title}>
    <section class="card" aria-labelledby="why">
      <h2 id="why">${before ? t.beforeTitle : t.title}</h2>
      <p role="status">${t[reason] || t.moment}</p>
      ${before && html`<${Surveys} items=${surveys} label=${a => a.title || a.name} />`}
      ${!before && html`<p>${here ? t.present : t.absent}</p>`}
    </section>
    <${Link} session=${session} />
    <p><button type="button" onClick=${() => app.leave()}>${t.leave}</button></p>
  <//>`;
}
