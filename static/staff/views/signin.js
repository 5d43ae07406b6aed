// Signing in with an API token.
import {html, useAlive, useEffect, useRef, useState} from '../../app/ui.js';
import {Languages} from '../../app/views/shell.js';
import {text} from '../strings.js';
import {Problem} from './frame.js';

const t = text.signIn;

/** @param {{app: import('../app.js').App}} p */
export function SignIn({app}) {
  const field = useRef(/** @type {any} */ (null));
  const notice = useRef(/** @type {any} */ (null));
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(/** @type {{text: string, error: any}} */ ({text: '', error: null}));
  const alive = useAlive();
  useEffect(() => { document.title = t.title + ' – ' + text.app; }, []);
  useEffect(() => { if (app.why && notice.current) notice.current.focus(); }, [app.why]);
  const wrong = problem.text !== '';

  /** @param {Event} e */
  const submit = async e => {
    e.preventDefault();
    if (busy) return;
    const token = field.current.value.replace(/\s+/g, ''); // mails break long lines
    const odd = !token ? t.missing : /^[\w.-]+$/.test(token) ? '' : t.odd;
    if (odd) {
      setProblem({text: odd, error: null});
      field.current.focus();
      return;
    }
    setBusy(true);
    setProblem({text: '', error: null});
    try {
      const signed = app.signIn(token);
      await signed;
    } catch (err) {
      if (!alive.current) return;
      setBusy(false);
      setProblem({text: err.status === 401 ? t.wrong : '', error: err});
      if (err.status === 401) field.current.focus();
      return;
    }
  };
  // What goes away must not hold it: browsers offer to save a password that is in a form that disappears.
  useEffect(() => {
    const input = field.current;
    return () => {
      input.value = '';
      input.removeAttribute('value');
    };
  }, []);
  // The field has no name, so that no browser sends it, should the script have failed to take the form.
  return html`
    <div class="page">
      <main>
        <h1 class="staff-title">${t.title}</h1>
        <p>${text.app}</p>
        ${app.why && html`<p class="notice" role="status" tabindex="-1" ref=${notice}>${t.why[app.why]}</p>`}
        <form class="card fields" onSubmit=${submit} novalidate autocomplete="off">
          <p id="token-about">${t.about}</p>
          <label for="token">${t.token}</label>
          <input id="token" type=${shown ? 'text' : 'password'} ref=${field} required autocomplete="off" autocapitalize="off" autocorrect="off" spellcheck="false"
            dir="ltr" data-1p-ignore data-lpignore="true" data-bwignore data-form-type="other"
            aria-invalid=${wrong ? 'true' : undefined} aria-describedby=${(wrong ? 'token-error ' : '') + 'token-hint'} />
          <p class="row"><button type="button" class="small" aria-pressed=${shown} onClick=${() => setShown(!shown)}>${t.show}</button></p>
          <p id="token-hint" class="hint">${t.hint}</p>
          <${Problem} id="token-error" text=${problem.text} error=${problem.error} />
          <p><button type="submit" class="main" aria-disabled=${busy}>${busy ? t.going : t.go}</button></p>
        </form>
      </main>
      <footer class="page-foot"><${Languages} /></footer>
    </div>`;
}
