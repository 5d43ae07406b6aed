// The audit log: who did what, and when.
import {html, useEffect, useRef, useState} from '../../app/ui.js';
import {text} from '../strings.js';
import {stamp} from '../words.js';
import {eventWords, has, older} from '../audit.js';
import {midnight} from '../download.js';
import {Problem, useCall} from './frame.js';

const t = text.audit;

/** @typedef {import('../client.js').Entry} Entry */

/** @param {import('./frame.js').Props} p */
export function Audit({app, api}) {
  const form = app.forms.audit;
  const [, again] = useState(0);
  const {busy, error, call} = useCall();
  const [got, setGot] = useState(/** @type {{entries: Entry[], more: boolean}|null} */ (null));
  const [tokens, setTokens] = useState(/** @type {Record<string, string>} */ ({}));
  const asked = useRef({search: '', from: '', to: ''}); // what is shown was asked for with this
  const list = useRef(/** @type {any} */ (null));
  const first = useRef(0); // of what came last

  /** @param {Entry[]} have */
  const load = have => call(async () => {
    const page = await older(q => api.audit(q), asked.current, have);
    first.current = have.length;
    setGot(page);
  });
  const show = () => {
    if (busy) return;
    asked.current = {search: form.search.trim(), from: midnight(form.from, 0), to: midnight(form.to, 1)};
    load([]);
  };
  useEffect(() => {
    show();
    api.tokens().then(all => setTokens(Object.assign({}, ...all.map(x => ({['token:' + x.id]: x.name || x.id})))), () => {}); // ids do without
  }, []);
  useEffect(() => { // behind "older entries": where they begin
    const li = got && first.current > 0 && list.current && list.current.children[first.current];
    if (li) li.focus();
  }, [got]);
  /** @param {Partial<typeof form>} change */
  const set = change => {
    Object.assign(form, change);
    again(n => n + 1);
  };
  /** @param {string|undefined} id @returns {string} */
  const who = (id = '') => {
    if (id === 'operator') return t.operator;
    if (id.startsWith('token:')) return t.token(has(tokens, id) ? tokens[id] : id.slice(6));
    const name = app.nameOf(id);
    return name ? name + ' (' + id + ')' : id;
  };
  return html`
    <p>${t.about}</p>
    <form class="card fields" novalidate autocomplete="off" onSubmit=${(/** @type {Event} */ e) => { e.preventDefault(); show(); }}>
      <label for="search">${t.search}</label>
      <input id="search" type="search" autocomplete="off" spellcheck="false" aria-describedby="search-hint" value=${form.search}
        onInput=${(/** @type {any} */ e) => set({search: e.target.value})} />
      <p id="search-hint" class="hint">${t.searchHint}</p>
      <div class="pair">
        <div><label for="from">${t.from}</label><input id="from" type="date" value=${form.from} onInput=${(/** @type {any} */ e) => set({from: e.target.value})} /></div>
        <div><label for="to">${t.to}</label><input id="to" type="date" value=${form.to} aria-describedby="to-hint" onInput=${(/** @type {any} */ e) => set({to: e.target.value})} /></div>
      </div>
      <p id="to-hint" class="hint">${t.dates}</p>
      <p><button type="submit" class="main" aria-disabled=${busy}>${t.show}</button></p>
    </form>
    <${Problem} error=${error} />
    <p role="status" class=${busy || got ? 'hint' : 'spoken'}>${busy ? text.loading : got && (got.entries.length ? t.found(got.entries.length, got.more) : t.none)}</p>
    ${got && got.entries.length > 0 && html`
      <ol class="rows entries" ref=${list}>
        ${got.entries.map(e => html`<${One} key=${e.seq} e=${e} who=${who} />`)}
      </ol>`}
    ${got && (got.more ? html`<p><button type="button" aria-disabled=${busy} onClick=${() => load(got.entries)}>${t.older}</button></p>`
      : got.entries.length > 0 && html`<p class="hint">${t.allShown}</p>`)}`;
}

/** @param {{e: Entry, who: (id: string|undefined) => string}} p */
function One({e, who}) {
  const details = e.details || {};
  const facts = [
    e.actor && t.by + ': ' + who(e.actor), // a login that was refused is nobody's
    (e.subject || e.ts_id) && t.on + ': ' + [e.subject, e.ts_id].filter(Boolean).map(who).join(', '),
    e.reason && t.why + ': ' + (has(t.reasons, e.reason) ? t.reasons[e.reason] : e.reason),
    e.count && (/^(import|restore_withdrawn)$/.test(e.event) ? t.changes(e.count) : t.times(e.count)),
  ].concat(Object.keys(details).map(k => k + ': ' + details[k])).filter(Boolean);
  return html`
    <li class="entry" tabindex="-1">
      <time datetime=${e.time}>${stamp(e.time)}</time>
      <div>
        <p><strong>${eventWords(e, t.events)}</strong> <span class="meta code">${e.event}</span></p>
        <p class="meta" dir="auto">
          ${facts.join(' · ')}
        </p>
      </div>
    </li>`;
}
