// A therapy session, whatever state it is in.
import {html, useFocus, useSubject} from '../ui.js';
import {text} from '../strings.js';
import {Chat} from './chat.js';
import {Surveys} from './list.js';
import {Link} from './link.js';
import {Page} from './shell.js';

/**
 * @typedef {{app: import('../app.js').App, session: import('../session.js').Session}} Props
 * @param {Props} p
 */
export function SessionView({app, session}) {
  useSubject(session);
  if (!session.detail) return html`<${Entering} app=${app} session=${session} />`;
  if (session.state === 'waiting') return html`<${Waiting} app=${app} session=${session} />`;
  return html`<${Chat} app=${app} session=${session} />`;
}

const t = text.waiting;

/** @param {Props} p */
function Entering({app, session}) {
  const title = useFocus('entering');
  return html`<${Page} app=${app} title=${text.app} titleRef=${title}>
    <p role="status">${t.connecting}</p>
    <${Link} session=${session} />
    <p><button type="button" onClick=${() => app.leave()}>${t.leave}</button></p>
  <//>`;
}

/** @param {Props} p */
function Waiting({app, session}) {
  const {reason, detail} = session;
  const title = useFocus('waiting');
  const surveys = session.assessments.filter(a => a.phase === 'pre' && a.required && a.status !== 'complete');
  const before = reason === 'assessments_incomplete';
  const here = detail.participants.filter(p => p.role === 'therapist' && p.status === 'online').map(p => p.name);
  const next = [before && surveys.length > 0 && t.nextSurveys(surveys.length), (detail.waiting_room || !before) && t.nextAdmit, t.nextIn].filter(Boolean);
  return html`<${Page} app=${app} title=${detail.name} titleRef=${title}>
    <section class="card" aria-labelledby="why">
      <h2 id="why">${before ? t.beforeTitle : t.title}</h2>
      <div role="status">
        <p>${reason === 'assessments_incomplete' || reason === 'waiting_room' ? t[reason] : t.moment}</p>
        ${(!before || detail.waiting_room) && html`<p class="present"><span class=${'dot' + (here.length ? ' on' : '')} aria-hidden="true"></span>${
          here.length ? t.present(here) : t.absent}</p>`}
      </div>
      ${before && html`<${Surveys} items=${surveys} label=${(/** @type {any} */ a) => a.title || a.name} />`}
      ${before && html`<p class="hint">${t.back}</p>`}
    </section>
    <section class="card" aria-labelledby="next">
      <h2 id="next">${t.nextTitle}</h2>
      <ol>${next.map(line => html`<li key=${line}>${line}</li>`)}</ol>
    </section>
    <${Link} session=${session} />
    <p><button type="button" onClick=${() => app.leave()}>${t.leave}</button></p>
  <//>`;
}
