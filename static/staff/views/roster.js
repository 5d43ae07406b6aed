// The roster: to be downloaded, and a file to be uploaded, which shows what it
// would change before it changes anything.
import {html, useAlive, useLayoutEffect, useRef, useState} from '../../app/ui.js';
import {Confirm} from '../../app/views/shell.js';
import {text} from '../strings.js';
import {bytes} from '../words.js';
import {grouped, mistakes, mostBytes, same, typeOf} from '../roster.js';
import {readAll, save} from '../download.js';
import {Check, Problem, useCall} from './frame.js';

const t = text.roster;

/** @typedef {import('../roster.js').Upload} Upload @typedef {import('../client.js').Imported} Imported */

/** @param {import('./frame.js').Props} p */
export function Roster({app, api}) {
  return html`
    <section class="card" aria-labelledby="roster-download">
      <h2 id="roster-download">${t.downloadTitle}</h2>
      <${Saved} api=${api} />
    </section>
    <section class="card" aria-labelledby="roster-upload">
      <h2 id="roster-upload">${t.uploadTitle}</h2>
      <${Chosen} app=${app} api=${api} />
    </section>`;
}

/** @param {{api: import('../client.js').StaffApi}} p */
function Saved({api}) {
  const {busy, error, call} = useCall();
  const [done, setDone] = useState('');
  const go = () => call(async () => {
    setDone('');
    const abort = new AbortController();
    const blob = await readAll(await api.ask('GET', 'roster?format=yaml', {signal: abort.signal}), () => {}, abort);
    const d = new Date();
    const name = `roster-${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}.yaml`;
    save(blob, name);
    setDone(t.downloaded(name));
  });
  return html`
    <p>${t.downloadAbout}</p>
    <p><button type="button" aria-disabled=${busy} onClick=${go}>${t.download}</button></p>
    <${Problem} error=${error} text=${error && error.code === 'cut' ? text.downloads.cut : ''} />
    <p role="status" class=${done ? 'notice' : 'spoken'}>${done}</p>`;
}

/** @param {import('./frame.js').Props} p */
function Chosen({app, api}) {
  const [pending, setPending] = useState(0); // answers that are waited for; only the one about what is chosen now counts
  const [applying, setApplying] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const [wrong, setWrong] = useState('');
  const [asking, setAsking] = useState(false);
  const [, again] = useState(0);
  const alive = useAlive();
  const input = useRef(/** @type {any} */ (null));
  const result = useRef(/** @type {any} */ (null));
  const applyButton = useRef(/** @type {any} */ (null));
  const goOn = useRef(false); // to the result, when it comes; not if a box was ticked, which keeps the focus
  const up = app.upload;
  const busy = pending > 0;
  useLayoutEffect(() => { // at once: one that comes later would still know what was before
    if (!goOn.current || busy) return;
    goOn.current = false;
    (result.current || input.current).focus();
  });

  /** @param {Upload|null} u */
  const set = u => {
    app.upload = u;
    setAsking(false);
    if (alive.current) again(n => n + 1);
  };
  /** What the server says of u, or does with it. @param {Upload} u @param {boolean} dry */
  const send = async (u, dry) => {
    setError(null);
    setPending(n => n + 1);
    try {
      const got = await api.roster(u.bytes, u.type, {prune: u.prune, dry});
      if (app.upload === u) set(Object.assign({}, u, dry ? {preview: got, mistakes: null} : {done: got}));
    } catch (e) {
      if (app.upload === u && e.mistakes && e.mistakes.length) set(Object.assign({}, u, {preview: null, mistakes: mistakes(e.mistakes, u.bytes)}));
      else if (app.upload === u && alive.current && e.code !== 'stopped') setError(e);
    }
    if (alive.current) setPending(n => n - 1);
  };
  /** @param {any} e */
  const choose = async e => {
    const file = e.target.files[0];
    if (!file) return;
    setError(null);
    set(null);
    const type = typeOf(file.name);
    const no = !type ? t.wrongType : file.size > mostBytes ? t.tooBig : file.size === 0 ? t.empty : '';
    setWrong(no);
    if (no) return;
    let content;
    try {
      content = await new Response(file).arrayBuffer();
    } catch (err) {
      if (alive.current) setWrong(t.unread);
      return;
    }
    if (!alive.current || app.api !== api) return;
    /** @type {Upload} */
    const u = {name: file.name, bytes: content, type, prune: false, preview: null, mistakes: null, done: null};
    set(u);
    goOn.current = true;
    send(u, true);
  };
  /** @param {boolean} on */
  const prune = on => {
    if (!up) return;
    const u = Object.assign({}, up, {prune: on, preview: null, mistakes: null});
    set(u);
    send(u, true);
  };
  const removed = up && up.preview ? up.preview.changes.filter(c => c.kind === 'removed').length : 0;
  const apply = async () => {
    if (!up || busy) return;
    setAsking(false);
    setApplying(true);
    goOn.current = true;
    await send(up, false);
    if (alive.current) setApplying(false);
  };
  const forget = () => {
    set(null);
    setError(null);
    input.current.value = '';
    input.current.focus();
  };
  return html`
    <p>${t.uploadAbout}</p>
    <div class="fields">
      <label for="file">${t.file}</label>
      <input id="file" type="file" accept=".yaml,.yml,.json,application/yaml,application/json" ref=${input} disabled=${applying}
        aria-describedby=${(wrong ? 'file-wrong ' : '') + 'file-hint'}
        aria-invalid=${wrong ? 'true' : undefined} onChange=${choose}
        onClick=${(/** @type {any} */ e) => { e.target.value = ''; }} />
      <p id="file-hint" class="hint">${t.fileHint}</p>
      <${Problem} id="file-wrong" error=${null} text=${wrong} />
    </div>
    ${up && html`<p class="chosen" dir="auto"><strong>${t.chosen(up.name, bytes(up.bytes.byteLength))}</strong></p>`}
    ${up && !up.done && html`<${Check} id="prune" label=${t.prune} hint=${t.pruneHint} on=${up.prune} disabled=${applying} change=${prune} />`}
    <p role="status" class=${busy ? 'hint' : 'spoken'}>${busy ? applying ? t.applying : t.checking : up && !up.done && up.preview && summary(up.preview)}</p>
    <${Problem} error=${error} />
    ${error && up && !up.preview && html`<p><button type="button" onClick=${() => send(up, true)}>${text.again}</button></p>`}
    ${up && up.mistakes && html`
      <section aria-labelledby="mistakes" class="mistakes">
        <h2 id="mistakes" tabindex="-1" ref=${result}>${t.mistakes}</h2>
        <p class="alert">${t.mistakesAbout(up.mistakes.length)}</p>
        <ol class="plain">${up.mistakes.map((m, i) => html`<${Wrong} key=${i} m=${m} />`)}</ol>
      </section>`}
    ${up && up.preview && !up.done && html`
      <section aria-labelledby="preview">
        <h2 id="preview" tabindex="-1" ref=${result}>${t.preview}</h2>
        ${up.preview.changes.length ? html`<p class="hint">${t.notYet} ${t.totals(up.preview.people, up.preview.therapy_sessions)}</p>` : html`<p>${t.nothing}</p>`}
        <${Changes} app=${app} of=${up.preview} />
        <p class="row">
          ${up.preview.changes.length > 0 && html`<button type="button" class="main" ref=${applyButton} aria-disabled=${busy}
            onClick=${() => { if (removed) setAsking(true); else apply(); }}>${t.apply}</button>`}
          <button type="button" onClick=${forget}>${t.forget}</button>
        </p>
        ${asking && html`<${Confirm} ask=${t.removeAsk(removed)} about=${t.removeAsked} yes=${t.apply} onYes=${apply}
          onNo=${() => { setAsking(false); applyButton.current.focus(); }} />`}
      </section>`}
    ${up && up.done && html`
      <section aria-labelledby="applied">
        <h2 id="applied" class="notice" tabindex="-1" ref=${result}>
          ${!up.done.changes.length ? t.appliedNothing : up.preview && same(up.preview, up.done) ? t.applied : t.appliedOther}</h2>
        <${Changes} app=${app} of=${up.done} />
        <p class="hint">${t.totals(up.done.people, up.done.therapy_sessions)}</p>
        <p><button type="button" onClick=${forget}>${t.forget}</button></p>
      </section>`}`;
}

/** @param {Imported} of @returns {string} in a few words */
function summary(of) {
  return grouped(of.changes).map(g => t.groups[g.what][g.kind](g.all.length)).join(', ') || t.nothing;
}

/** @param {{app: import('../app.js').App, of: Imported}} p */
function Changes({app, of}) {
  const fields = /** @type {Record<string, string>} */ (t.fields);
  return grouped(of.changes).map(g => html`
    <div class=${'change ' + g.kind} key=${g.what + g.kind}>
      <h3>${t.groups[g.what][g.kind](g.all.length)}</h3>
      <ul class="plain">
        ${g.all.map(c => html`
          <li key=${c.id} dir="auto"><strong>${app.nameOf(c.id) || c.id}</strong>
            ${app.nameOf(c.id) !== '' && html` <span class="meta">${c.id}</span>`}
            ${c.fields && html`: ${c.fields.map(f => fields[f] || f).join(', ')}`}
          </li>`)}
      </ul>
    </div>`);
}

/** @param {{m: import('../roster.js').Mistake}} p */
function Wrong({m}) {
  return html`
    <li class="mistake">
      <h3>${m.line ? t.line(m.line) : t.whole}</h3>
      <p lang="en" dir="auto">${m.text}</p>
      ${m.around.length > 0 && html`
        <div class="lines" dir="ltr">
          ${m.around.map(l => html`
            <div key=${l.n} class=${l.wrong ? 'wrong' : ''}><span class="n">${l.n}</span><code>${l.text}</code>${l.wrong && html`<span class="spoken">(${t.lineWrong})</span>`}</div>`)}
        </div>`}
    </li>`;
}
