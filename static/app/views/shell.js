// What every view stands in.
import {html, useAlive, useEffect, useRef, useState} from '../ui.js';
import {change, language, languages} from '../language.js';
import {errorText, text} from '../strings.js';

/** @typedef {import('../app.js').App} App */

/**
 * @param {{app: App, title: string, titleRef?: {current: any}, children?: any}} p
 */
export function Page({app, title, titleRef, children}) {
  return html`
    <div class="page">
      <header class="bar">
        <h1 tabindex="-1" ref=${titleRef} dir="auto">${title}</h1>
        <${QuickExit} app=${app} />
      </header>
      <main>
        ${app.notice && html`<p class="notice" role="status">${app.notice}</p>`}
        ${children}
      </main>
      <footer class="page-foot">
        <${Languages} />
        ${app.user && app.view !== 'login' && html`<${LogOut} app=${app} />`}
      </footer>
    </div>`;
}

/**
 * Away from here at once: see exit.js. It belongs in the banner of every view.
 * @param {{app: App}} p
 */
export function QuickExit({app}) {
  return html`<button type="button" class="exit" title=${text.exit.hint} onClick=${() => app.exit()}>${text.exit.button}</button>`;
}

/** The languages, each named in itself; choosing one loads the page again, and loses nothing that is being typed. */
export function Languages() {
  return html`
    <div role="group" aria-label=${text.language} class="languages">
      ${languages.map(l => html`<button type="button" key=${l.id} lang=${l.id} class="small" aria-pressed=${l.id === language}
        onClick=${() => { if (l.id !== language) change(l.id); }}>${l.name}</button>`)}
    </div>`;
}

/** @param {{app: App}} p */
export function LogOut({app}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const alive = useAlive();
  const go = async () => {
    if (busy) return;
    setBusy(true);
    setError('');
    try {
      await app.logOut();
    } catch (e) {
      if (!alive.current) return;
      setError(errorText(e));
      setBusy(false);
    }
  };
  return html`
    <button type="button" class="quiet" onClick=${go} aria-disabled=${busy}>${text.logOut}</button>
    <${Alert} text=${error} />`;
}

/**
 * An error that is read out at once.
 * @param {{text: string, id?: string}} p
 */
export function Alert({text: said, id}) {
  return html`<div role="alert" id=${id} class=${said ? 'alert' : 'none'}>${said}</div>`;
}

/** @param {{app: App}} p */
export function Loading({app}) {
  return html`<${Page} app=${app} title=${text.app}><p role="status" class="calm">${text.loading}</p><//>`;
}

/**
 * A view has failed: a mistake of ours. What was being written is kept in the
 * tab, and loading again brings it back.
 * @param {{app: App}} p
 */
export function Broken({app}) {
  return html`
    <${Page} app=${app} title=${text.app}>
      <p role="alert" class="alert">${text.broken}</p>
      <p><button type="button" class="main" onClick=${() => location.reload()}>${text.reload}</button></p>
    <//>`;
}

/** @param {{app: App}} p */
export function Offline({app}) {
  const said = app.trouble === 'network' ? text.offline : errorText({code: app.trouble});
  return html`
    <${Page} app=${app} title=${text.app}>
      <p role="status" class="calm">${said}</p>
      <p><button type="button" onClick=${() => app.begin()}>${text.tryNow}</button></p>
    <//>`;
}

/**
 * A question before something that cannot be undone. The focus goes to the
 * way out; Escape takes it.
 * @param {{ask: string, about: string, yes: string, onYes: () => void, onNo: () => void}} p
 */
export function Confirm({ask, about, yes, onYes, onNo}) {
  const box = useRef(/** @type {any} */ (null));
  const out = useRef(/** @type {any} */ (null));
  useEffect(() => {
    out.current.focus();
    box.current.scrollIntoView({block: 'nearest'});
  }, []);
  /** @param {KeyboardEvent} e */
  const key = e => {
    if (e.key !== 'Escape' || e.isComposing) return;
    e.preventDefault(); // so that it is not one of the two that leave quickly
    e.stopPropagation();
    onNo();
  };
  return html`
    <div ref=${box} role="group" aria-label=${ask} class="confirm" onKeyDown=${key}>
      <p class="ask">${ask}</p>
      <p>${about}</p>
      <p class="row">
        <button type="button" class="danger" onClick=${onYes}>${yes}</button>
        <button type="button" onClick=${onNo} ref=${out}>${text.cancel}</button>
      </p>
    </div>`;
}
