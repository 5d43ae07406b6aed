// How the server is, in words that somebody can act on.
import {html} from '../../app/ui.js';
import {howLong, text} from '../strings.js';
import {bytes, clockTime, moment, number} from '../words.js';
import {backupAge, warnings} from '../health.js';
import {Fact, Problem, usePoll, Waiting} from './frame.js';

const t = text.health;
const every = 15000; // ms

/** @param {import('./frame.js').Props} p */
export function Health({api}) {
  const {value: h, error, at, again} = usePoll(() => api.health(), every);
  if (!h) return html`<${Waiting} error=${error} again=${again} />`;
  const all = warnings(h);
  const age = backupAge(h);
  return html`
    <${Problem} error=${error} />
    <p class="hint">${error ? text.stale : text.updated(clockTime(at))}</p>
    ${h.ready && html`<p class="good">${t.ready}</p>`}
    <section aria-label=${t.attention} class=${all.length ? '' : 'none'}>
      ${all.length > 0 && html`<h2>${t.attention}</h2>`}
      <div role="alert">
        ${all.map(w => html`
          <div class="alert" key=${w}>${t.warnings[w]}
            ${(w === 'notReady' || w === 'problem') && h.problem && html`<p class="detail">${t.problem} <span lang="en" dir="auto">${h.problem}</span></p>`}
          </div>`)}
      </div>
    </section>
    <dl class="card facts wide">
      <${Fact} name=${t.backup}>${age === null ? t.none : t.backupAge(moment(/** @type {string} */ (h.last_backup_at)), howLong(age))}<//>
      ${h.data_bytes !== undefined && html`<${Fact} name=${t.disk}>${h.free_bytes === undefined ? t.diskUsed(bytes(h.data_bytes)) : t.diskFree(bytes(h.data_bytes), bytes(h.free_bytes))}<//>`}
      ${h.sms && html`<${Fact} name=${t.sms}>
        ${[h.sms.sent_last_hour === undefined ? '' : h.sms.limit_per_hour ? t.smsOf(number(h.sms.sent_last_hour), number(h.sms.limit_per_hour)) : number(h.sms.sent_last_hour),
          h.sms.sender ? t.sender(h.sms.sender) : ''].filter(Boolean).join(', ')}<//>`}
      ${h.logins !== undefined && html`<${Fact} name=${t.logins}>${number(h.logins)}<//>`}
      ${h.connections !== undefined && html`<${Fact} name=${t.connections}>${number(h.connections)}<//>`}
      ${h.actions !== undefined && html`<${Fact} name=${t.actions}>${number(h.actions)}<//>`}
      <${Fact} name=${t.since}>${moment(h.started_at)}<//>
      ${h.version && html`<${Fact} name=${t.version}>${h.version}<//>`}
    </dl>`;
}
