// Who is where now, and help for those who cannot log in.
import {html, useEffect, useRef, useState} from '../../app/ui.js';
import {dayAndTime} from '../../app/format.js';
import {text} from '../strings.js';
import {clockTime} from '../words.js';
import {matching, present, sorted} from '../presence.js';
import {Problem, usePoll, useFocusBack, Waiting} from './frame.js';
import {Help} from './help.js';

const t = text.sessions;
const every = 4000; // ms

/** @typedef {import('../client.js').Session} Session @typedef {import('../client.js').Person} Person */
/** @typedef {{key: string, made: import('./help.js').Code|null}} Helping key: session and person */
/** @typedef {{api: import('../client.js').StaffApi, helping: Helping|null, setHelping: (h: Helping|null) => void}} Help */

/** @param {import('./frame.js').Props} p */
export function Sessions({app, api}) {
  const poll = usePoll(async () => {
    const all = await api.sessions();
    app.sessions = all;
    return all;
  }, every);
  const [find, setFind] = useState('');
  const [helping, setHelping] = useState(/** @type {Helping|null} */ (null));
  const held = useRef(/** @type {{[id: string]: Session['status']}} */ ({})); // what is being used must not move away
  const all = poll.value || app.sessions;
  if (!all) return html`<${Waiting} error=${poll.error} again=${poll.again} />`;
  if (!helping) held.current = Object.assign({}, ...all.map(s => ({[s.id]: s.status})));
  const groups = sorted(matching(all, find), held.current);
  const help = {api, helping, setHelping};
  return html`
    <div class="fields">
      <label for="find">${t.find}</label>
      <input id="find" type="search" autocomplete="off" spellcheck="false" dir="auto" aria-describedby="find-hint" value=${find}
        onInput=${(/** @type {any} */ e) => setFind(e.target.value)} />
      <p id="find-hint" class="hint">${t.findHint}</p>
    </div>
    <${Problem} error=${poll.error} text="" />
    <p class="hint">${poll.error ? text.stale : poll.at > 0 && text.updated(clockTime(poll.at))}</p>
    ${!all.length && html`<p class="calm">${t.none}</p>`}
    <p role="status" class=${all.length && !groups.length ? 'calm' : 'spoken'}>${all.length > 0 && !groups.length && t.noMatch}</p>
    ${groups.map(g => html`
      <section class="group" key=${g.status} aria-labelledby=${'group-' + g.status}>
        <h2 id=${'group-' + g.status}>${t.groups[g.status]}</h2>
        ${g.sessions.map(s => html`<${One} key=${s.id} s=${s} open=${!!find.trim()} ...${help} />`)}
      </section>`)}`;
}

/** @param {{s: Session, open: boolean} & Help} p open: to be looked into */
function One({s, open, ...help}) {
  const n = present(s);
  const lively = s.status === 'open' || n.online + n.waiting > 0;
  const [shown, setShown] = useState(lively || open);
  useEffect(() => { if (lively || open) setShown(true); }, [lively, open]);
  return html`
    <article class=${'card one ' + s.status} aria-label=${s.name}>
      <h3 dir="auto">${s.name}</h3>
      <p class="meta" dir="auto">${s.topic}</p>
      <p class="meta">${s.date ? dayAndTime(s.date) : t.noDate} · ${t.status[s.status]} · ${s.id}</p>
      <details open=${shown} onToggle=${(/** @type {any} */ e) => setShown(e.target.open)}>
        <summary>${open ? t.fits(s.participants.length) : t.people(s.participants.length)}
          ${n.online > 0 && html` <span class="badge here">${t.here(n.online)}</span>`}
          ${n.waiting > 0 && html` <span class="badge">${t.wait(n.waiting)}</span>`}
        </summary>
        ${shown && (s.participants.length ? html`
          <ul class="rows">${s.participants.map(p => html`<${Who} key=${p.id} s=${s} p=${p} ...${help} />`)}</ul>` : html`<p class="hint">${t.nobody}</p>`)}
      </details>
    </article>`;
}

/** @param {{s: Session, p: Person} & Help} p */
function Who({s, p, api, helping, setHelping}) {
  const key = s.id + ' ' + p.id;
  const open = helping !== null && helping.key === key;
  const opener = useFocusBack(open);
  return html`
    <li class="who-row">
      <div class="who">
        <span class=${'dot ' + p.status} aria-hidden="true"></span>
        <span class="what"><strong dir="auto">${p.name}</strong> <span class="meta">${p.id} · ${t.role[/** @type {'participant'} */ (p.role)] || p.role}</span></span>
        <span class=${'presence ' + p.status}>${t.presence[p.status]}${p.muted && ', ' + t.muted}</span>
        <button type="button" class="small" ref=${opener} aria-expanded=${open} aria-label=${t.help + ': ' + p.name}
          onClick=${() => setHelping(open ? null : {key, made: null})}>${t.help}</button>
      </div>
      ${open && html`<${Help} api=${api} person=${p} made=${helping && helping.made} setMade=${(/** @type {any} */ made) => setHelping({key, made})}
        onDone=${() => setHelping(null)} />`}
    </li>`;
}
