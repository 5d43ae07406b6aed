// What every view stands in.
import {html, useAlive, useEffect, useRef, useState} from '../ui.js';
import {errorText, text} from '../strings.js';

/**
 * @param {{app: object, title: string, titleRef?: object, aside?: any, children: any}} p
 */
export function Page({app, title, titleRef, children}) {
  return html`
    <div class="page">
      <header class="bar">
        <h1 tabindex="-1" ref=${titleRef}>${title}</h1>
        ${app && app.user && app.view !== 'login' && html`<${LogOut} app=${app} />`}
      </header>
      <main>
        ${app && app.notice && html`<p class="notice" role="status">${app.notice}</p>`}
        ${children}
      </main>
    </div>`;
}

export function LogOut({app}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const alive = useAlive();
  const go = async () => {
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
    <button type="button" class="quiet" onClick=${go} disabled=${busy}>${text.logOut}</button>
    <${Alert} text=${error} />`;
}

/** An error that is read out at once. */
export function Alert({text: said, id}) {
  return html`<div role="alert" id=${id} class=${said ? 'alert' : 'none'}>${said}</div>`;
}

export function Loading() {
  return html`<${Page} title=${text.app}><p role="status">${text.loading}</p><//>`;
}

export function Offline({app}) {
  return html`
    <${Page} title=${text.app}>
      <p role="status">${text.offline}</p>
      <button type="button" onClick=${() => app.begin()}>${text.tryNow}</button>
    <//>`;
}

/**
 * A question before something that cannot be undone. The focus goes to the
 * way out; Escape takes it.
 * @param {{ask: string, about: string, yes: string, onYes: () => void, onNo: () => void}} p
 */
export function Confirm({ask, about, yes, onYes, onNo}) {
  const box = useRef(null);
  const out = useRef(null);
  useEffect(() => {
    out.current.focus();
    box.current.scrollIntoView({block: 'nearest'});
  }, []);
  return html`
    <div ref=${box} role="group" aria-label=${ask} class="confirm" onKeyDown=${e => { if (e.key === 'Escape') onNo(); }}>
      <p class="ask">${ask}</p>
      <p>${about}</p>
      <p class="row">
        <button type="button" class="danger" onClick=${onYes}>${yes}</button>
        <button type="button" onClick=${onNo} ref=${out}>${text.cancel}</button>
      </p>
    </div>`;
}
