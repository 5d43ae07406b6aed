// What every view stands in, and what views have in common.
import {html, useCall as useOneCall, useEffect, useLayoutEffect, useRef, useState} from '../../app/ui.js';
import {said, text} from '../strings.js';
import {views} from '../app.js';

/** @typedef {import('../app.js').App} App @typedef {import('../client.js').StaffApi} StaffApi */
/** @typedef {{app: App, api: StaffApi}} Props of each view */

/** @param {{app: App, children?: any}} p */
export function Frame({app, children}) {
  const title = text.views[app.view];
  const heading = useRef(/** @type {any} */ (null));
  const first = useRef(true);
  useLayoutEffect(() => { // at once: later it would be taken from what somebody has begun to type in
    document.title = title + ' – ' + text.app;
    if (!first.current) scrollTo(0, 0);
    first.current = false;
    heading.current.focus({preventScroll: true}); // after signing in, too: the field that had it is gone
  }, [app.view]);
  /** @param {Event} e */
  const skip = e => {
    e.preventDefault(); // the address names the view
    heading.current.focus();
  };
  return html`
    <div class="staff">
      <a class="skip" href="#content" onClick=${skip}>${text.skip}</a>
      <header class="staff-bar">
        <p class="staff-name">${text.app}</p>
        <button type="button" onClick=${() => app.signOut('signedOut')}>${text.signOut}</button>
      </header>
      <nav aria-label=${text.nav} class="views">
        <ul>
          ${views.map(v => html`<li key=${v}><a href=${'#' + v} aria-current=${v === app.view ? 'page' : undefined}>${text.views[v]}</a></li>`)}
        </ul>
      </nav>
      ${app.warned && html`<${Idle} app=${app} />`}
      <main id="content">
        <h1 tabindex="-1" ref=${heading}>${title}</h1>
        ${children}
      </main>
    </div>`;
}

/** @param {{app: App}} p */
function Idle({app}) {
  return html`
    <div role="alert" class="alert">
      <p>${text.idle}</p>
      <p><button type="button" onClick=${() => app.touch()}>${text.stay}</button></p>
    </div>`;
}

export function Broken() {
  return html`
    <main class="page">
      <h1>${text.app}</h1>
      <p role="alert" class="alert">${text.broken}</p>
      <p><button type="button" class="main" onClick=${() => location.reload()}>${text.reload}</button></p>
    </main>`;
}

/**
 * Why something did not work, read out at once: plain words, and what the
 * server itself said where that helps.
 * @param {{error: any, text?: string, id?: string}} p error: what was caught; text: instead, in plain words
 */
export function Problem({error, text: plain, id}) {
  const s = plain ? {text: plain, detail: ''} : error ? said(error) : {text: '', detail: ''};
  return html`
    <div role="alert" id=${id} class=${s.text ? 'alert' : 'none'}>
      ${s.text}
      ${s.detail && html`<p class="detail">${text.saidByServer} <span lang="en" dir="auto">${s.detail}</span></p>`}
    </div>`;
}

/** A call by a button, whose failure is for a Problem to show. */
export function useCall() { return useOneCall(/** @type {any} */ (null), e => e); }

/**
 * Something that is asked for again and again while the page is looked at.
 * What came last stays when a call fails.
 * @template T
 * @param {() => Promise<T>} load
 * @param {number} every ms; 0: once, and when again is called
 * @returns {{value: T|null, error: any, at: number, again: () => void}} at: when value came, ms
 */
export function usePoll(load, every) {
  const [state, set] = useState(/** @type {{value: T|null, error: any, at: number}} */ ({value: null, error: null, at: 0}));
  const again = useRef(() => {});
  useEffect(() => {
    let over = false;
    let under = false;
    let next = 0; // a call is wanted as soon as the one under way has ended
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let timer;
    const go = async () => {
      clearTimeout(timer);
      if (under) {
        next = 1;
        return;
      }
      under = true;
      try {
        const value = await load();
        if (!over) set({value, error: null, at: Date.now()});
      } catch (error) {
        if (!over && error.code !== 'stopped') set(s => ({value: s.value, error, at: s.at}));
      }
      under = false;
      if (over) return;
      if (next) {
        next = 0;
        go();
      } else if (every && !document.hidden) timer = setTimeout(go, every);
    };
    const seen = () => { if (every && !document.hidden) go(); };
    again.current = go;
    document.addEventListener('visibilitychange', seen);
    go();
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, []);
  return {value: state.value, error: state.error, at: state.at, again: () => again.current()};
}

/**
 * Until something has come: that it is on its way, or why it did not come.
 * @param {{error: any, again: () => void}} p
 */
export function Waiting({error, again}) {
  if (!error) return html`<p role="status" class="calm">${text.loading}</p>`;
  return html`
    <${Problem} error=${error} />
    <p><button type="button" onClick=${again}>${text.again}</button></p>`;
}

/**
 * Puts the focus back to where something was opened from, when it closes.
 * @param {*} open
 */
export function useFocusBack(open) {
  const opener = useRef(/** @type {any} */ (null));
  const was = useRef(open);
  useLayoutEffect(() => {
    if (was.current && !open && opener.current) opener.current.focus();
    was.current = open;
  }, [open]);
  return opener;
}

/**
 * A name and what belongs to it.
 * @param {{name: string, children?: any}} p
 */
export function Fact({name, children}) {
  return html`<div class="fact"><dt>${name}</dt><dd>${children}</dd></div>`;
}

/**
 * A checkbox, with what it means below it.
 * @param {{id: string, label: string, hint: string, on: boolean, disabled?: boolean, change: (on: boolean) => void}} p
 */
export function Check({id, label, hint, on, disabled, change}) {
  return html`
    <div class="check">
      <input id=${id} type="checkbox" checked=${on} disabled=${disabled} aria-describedby=${id + '-hint'}
        onChange=${(/** @type {any} */ e) => change(e.target.checked)} />
      <label for=${id}>${label}</label>
      <p id=${id + '-hint'} class="hint">${hint}</p>
    </div>`;
}
