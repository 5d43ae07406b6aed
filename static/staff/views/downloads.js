// Data for research, as files.
import {html, useEffect, useRef, useState} from '../../app/ui.js';
import {text} from '../strings.js';
import {bytes} from '../words.js';
import {fileName, missing, path, readAll, save} from '../download.js';
import {dayAndTime} from '../../app/format.js';
import {Check, Problem, useCall} from './frame.js';

const t = text.downloads;
const tables = /** @type {const} */ (['attendance', 'transcript', 'keystrokes', 'codebook']);

/** @param {import('./frame.js').Props} p */
export function Downloads({app, api}) {
  const form = app.forms.downloads;
  const [, again] = useState(0);
  const [sessions, setSessions] = useState(app.sessions || []);
  const {busy, error, setError, call} = useCall();
  const [lack, setLack] = useState('');
  const [so, setSo] = useState({bytes: -1, done: ''}); // bytes: that have come, -1 before the first
  const abort = useRef(/** @type {AbortController|null} */ (null));
  const button = useRef(/** @type {any} */ (null));
  const stopButton = useRef(/** @type {any} */ (null));
  useEffect(() => {
    api.sessions().then(all => {
      app.sessions = all;
      setSessions(all);
    }, () => {}); // those that were known before are shown; what is asked for tells the rest
    return () => { if (abort.current) abort.current.abort(); };
  }, []);
  /** @param {Partial<import('../download.js').Choice>} change */
  const set = change => {
    Object.assign(form, change);
    if (form.format === 'redcap' && form.table !== 'codebook') form.format = 'csv';
    setLack('');
    setError(null);
    again(n => n + 1);
  };
  const codebook = form.table === 'codebook';
  const formats = /** @type {(keyof typeof t.formats)[]} */ (codebook ? ['csv', 'json', 'ndjson', 'redcap'] : ['csv', 'json', 'ndjson']);

  /** @param {Event} e */
  const submit = e => {
    e.preventDefault();
    if (busy) return;
    const m = missing(form);
    setLack(m);
    if (m) {
      const el = document.getElementById({session: 'session', table: 'of', dates: 'from'}[m]);
      if (el) el.focus();
      return;
    }
    setSo({bytes: -1, done: ''});
    const ending = new AbortController();
    abort.current = ending;
    app.busy++;
    const otherwise = form.table + '.' + (form.format === 'redcap' ? 'csv' : form.format);
    call(async () => {
      try {
        const answer = await api.ask('GET', path(form), {signal: ending.signal});
        const name = fileName(answer, otherwise);
        let shown = 0;
        const blob = await readAll(answer, n => {
          if (Date.now() - shown < 250) return; // not for each of a thousand pieces
          shown = Date.now();
          setSo({bytes: n, done: ''});
        }, ending);
        try {
          save(blob, name);
        } catch (err) {
          throw Object.assign(new Error('unsaved'), {code: 'unsaved'});
        }
        setSo({bytes: -1, done: t.done(name, bytes(blob.size))});
      } catch (err) {
        if (err.code === 'stopped') setSo({bytes: -1, done: app.api ? t.stopped : ''});
        throw err;
      } finally {
        abort.current = null;
        app.busy = Math.max(0, app.busy - 1);
      }
    });
  };
  useEffect(() => { // the button that was pressed has gone
    const now = busy ? stopButton.current : button.current;
    if (now && document.activeElement === document.body) now.focus();
  }, [busy]);
  const own = error && (error.code === 'cut' ? t.cut : error.code === 'unsaved' ? t.unsaved : '');
  const described = (/** @type {string} */ m) => lack === m ? {'aria-invalid': 'true', 'aria-describedby': 'download-lack'} : {};
  return html`
    <form class="fields" onSubmit=${submit} novalidate autocomplete="off">
      <fieldset class="card">
        <legend>${t.what}</legend>
        ${tables.map(x => html`
          <div class="check" key=${x}>
            <input type="radio" id=${'table-' + x} name="table" checked=${form.table === x} aria-describedby=${'table-' + x + '-hint'} onChange=${() => set({table: x})} />
            <label for=${'table-' + x}>${t.tables[x]}</label>
            <p id=${'table-' + x + '-hint'} class="hint">${t.about[x]}</p>
          </div>`)}
      </fieldset>
      <fieldset class="card">
        <legend>${t.which}</legend>
        ${codebook ? html`
          <label for="of">${t.of}</label>
          <select id="of" ...${described('table')} onChange=${(/** @type {any} */ e) => set({of: e.target.value})}>
            <option value="" selected=${!form.of}>${t.ofAll}</option>
            ${tables.filter(x => x !== 'codebook').map(x => html`<option key=${x} value=${x} selected=${form.of === x}>${t.tables[x]}</option>`)}
          </select>` : html`
          <label for="session">${t.session}</label>
          <select id="session" ...${described('session')} onChange=${(/** @type {any} */ e) => set({ts: e.target.value})}>
            <option value="" selected=${!form.ts}>${form.table === 'transcript' ? t.choose : t.all}</option>
            ${sessions.map(s => html`<option key=${s.id} value=${s.id} selected=${form.ts === s.id}>${[s.name, s.date ? dayAndTime(s.date) : '', s.id].filter(Boolean).join(' · ')}</option>`)}
          </select>
          ${form.table !== 'transcript' && html`
            <div class="pair">
              <div><label for="from">${t.from}</label>
                <input id="from" type="date" value=${form.from} ...${described('dates')} onInput=${(/** @type {any} */ e) => set({from: e.target.value})} /></div>
              <div><label for="to">${t.to}</label>
                <input id="to" type="date" value=${form.to} ...${described('dates')} onInput=${(/** @type {any} */ e) => set({to: e.target.value})} /></div>
            </div>
            <p class="hint">${t.dates}</p>`}`}
      </fieldset>
      <fieldset class="card">
        <legend>${t.how}</legend>
        <label for="format">${t.format}</label>
        <select id="format" onChange=${(/** @type {any} */ e) => set({format: e.target.value})}>
          ${formats.map(f => html`<option key=${f} value=${f} selected=${form.format === f}>${t.formats[f]}</option>`)}
        </select>
        ${!codebook && html`<${Check} id="deidentify" label=${t.deidentify} hint=${t.deidentifyHint} on=${form.deidentify} change=${(/** @type {boolean} */ on) => set({deidentify: on})} />`}
        ${!codebook && form.format === 'csv' && html`<${Check} id="spreadsheet" label=${t.spreadsheet} hint=${t.spreadsheetHint} on=${form.spreadsheet}
          change=${(/** @type {boolean} */ on) => set({spreadsheet: on})} />`}
      </fieldset>
      ${!codebook && html`<p class="notice">${!form.deidentify && html`<strong>${t.identified}</strong>${' '}`}${t.freeText}</p>`}
      <${Problem} id="download-lack" error=${error} text=${lack ? t.missing[/** @type {'session'} */ (lack)] : own} />
      <p class="row">
        <button type="submit" class="main" ref=${button} hidden=${busy}>${t.go}</button>
        <button type="button" ref=${stopButton} hidden=${!busy} onClick=${() => { if (abort.current) abort.current.abort(); }}>${t.stop}</button>
        ${busy && so.bytes >= 0 && html`<span class="hint">${t.coming(bytes(so.bytes))}</span>`}
      </p>
      <p role="status" class=${busy && so.bytes < 0 ? 'hint' : so.done ? 'notice' : 'spoken'}>${busy ? t.waiting : so.done}</p>
    </form>`;
}
