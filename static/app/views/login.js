// The login: who one is, and then the code from the SMS.
import {html, useCall, useEffect, useFocus, useRef, useState} from '../ui.js';
import {codeOf, LoginUnderWay} from '../login.js';
import {duration, errorText, text} from '../strings.js';
import {Alert, Page} from './shell.js';

const t = text.login;

/**
 * @typedef {import('../app.js').App} App
 * @typedef {{app: App, login: LoginUnderWay, again: () => void}} Props again: renders both steps again
 * @typedef {{text: string, field: string}} Problem field: which one it is about, '' if none
 */

const none = /** @type {Problem} */ ({text: '', field: ''});

/** @param {{app: App}} p */
export function Login({app}) {
  const [, set] = useState(0);
  const again = () => set(n => n + 1);
  const login = useRef(/** @type {any} */ (null));
  if (!login.current) login.current = new LoginUnderWay(app.keep);
  const p = {app, login: login.current, again};
  return html`<${Page} app=${app} title=${t.title}>
    <div class="card login">
      ${p.login.asked ? html`<${Code} key="code" ...${p} />` : html`<${Who} key="who" ...${p} />`}
    </div>
  <//>`;
}

/** @param {any} e @param {string} field that it is about, '' if none @returns {Problem} */
function refused(e, field) {
  return {text: errorText(e) + (e.code === 'too_many_tries' ? ' ' + text.unlock : ''), field};
}

/**
 * @param {Problem} problem
 * @param {string} field
 * @param {string} hint the id of what describes the field anyway
 */
function about(problem, field, hint) {
  const wrong = problem.text !== '' && problem.field === field;
  return {'aria-invalid': wrong ? 'true' : undefined, 'aria-describedby': (wrong ? 'error ' : '') + hint};
}

/** @param {Props} p */
function Who({app, login, again}) {
  const {busy, error: problem, setError: setProblem, call} = useCall(none, e => refused(e, e.code === 'invalid_phone' ? 'phone' : ''));
  const field = t.field[app.settings.field];
  const first = useFocus('phone', !login.phone && !app.notice);
  const second = useRef(/** @type {any} */ (null));
  /** @param {string} phone @param {string} name */
  const type = (phone, name) => {
    login.type(phone, name);
    again();
  };
  /** @param {Event} e */
  const submit = e => {
    e.preventDefault();
    // What the browser has filled in without telling counts as well.
    login.type(first.current.value, second.current.value);
    const [p, n] = [login.phone.trim(), login.field.trim()];
    if (!p || !n) {
      setProblem({text: p ? field.missing : t.phoneMissing, field: p ? 'name' : 'phone'});
      (p ? second : first).current.focus();
      return;
    }
    call(async () => {
      try {
        login.sent(await app.api.login(p, n));
      } catch (e) {
        if (e.code === 'invalid_phone' && first.current) first.current.focus();
        throw e;
      }
      app.notice = '';
      again();
    });
  };
  return html`
    <form class="form" onSubmit=${submit} novalidate>
      <p class="step">${t.step(1, 2)}</p>
      <p>${t.about(field.inText)}</p>
      <label for="phone">${t.phone}</label>
      <input id="phone" name="phone" type="tel" inputmode="tel" autocomplete="tel" required ...${about(problem, 'phone', 'phone-hint')}
        ref=${first} value=${login.phone} onInput=${(/** @type {any} */ e) => type(e.target.value, login.field)} />
      <p id="phone-hint" class="hint">${t.phoneHint}</p>
      <label for="name">${field.label}</label>
      <input id="name" name="name" type="text" autocomplete=${app.settings.field === 'name' ? 'name' : 'family-name'} required
        autocapitalize="words" spellcheck="false" dir="auto" ...${about(problem, 'name', '')}
        ref=${second} value=${login.field} onInput=${(/** @type {any} */ e) => type(login.phone, e.target.value)} />
      <${Alert} text=${problem.text} id="error" />
      <button type="submit" class="main" aria-disabled=${busy}>${busy ? t.sending : t.sendCode}</button>
    </form>`;
}

/** @param {Props} p */
function Code({app, login, again}) {
  const [code, setCode] = useState('');
  const [news, setNews] = useState('');
  const {busy, error: problem, setError: setProblem, call} = useCall(none, e => refused(e, ''));
  const field = useFocus('code');
  const resendButton = useRef(/** @type {any} */ (null));
  const {digits, tries} = app.settings;
  const {spent, expired, resendIn} = login.state(tries);
  const over = spent || expired; // this code is of no use any more
  const asked = /** @type {import('../login.js').Asked} */ (login.asked);
  const label = t.field[app.settings.field];
  const ticks = useTicks(!over);
  useEffect(() => { if (over && resendButton.current) resendButton.current.focus(); }, [over]);

  /** @param {Event} e */
  const submit = e => {
    e.preventDefault();
    setNews('');
    const typed = field.current.value;
    const plain = codeOf(typed);
    // A code that cannot be right must not be spent on a try.
    if (plain.length !== digits) {
      setProblem({text: !typed.trim() ? t.codeMissing : plain ? t.codeLength(digits) : t.codeNotDigits, field: 'code'});
      field.current.focus();
      return;
    }
    call(async () => {
      try {
        const answer = await app.api.verify(asked.id, plain);
        await app.verified(answer.user); // may take a while; until then this is on the screen
        login.done();
      } catch (err) {
        if (err.code === 'invalid_code') {
          login.wrong();
          setCode('');
          again();
        }
        if (field.current) field.current.focus();
        throw err;
      }
    }, e => refused(e, 'code'));
  };

  // A code that was used up, or is too old, takes its challenge with it: then
  // the login begins anew, with what was typed.
  const resend = () => {
    if (resendIn > 0) return;
    call(async () => {
      setNews('');
      const anew = () => app.api.login(login.phone.trim(), login.field.trim());
      try {
        login.sent(over ? await anew() : await app.api.resend(asked.id).catch((/** @type {any} */ e) => {
          if (e.code !== 'invalid_code') throw e;
          return anew();
        }));
      } catch (e) {
        if (e.code === 'resend_too_soon' && e.retryAfter) login.wait(e.retryAfter);
        again();
        throw e;
      }
      setCode('');
      setNews(t.resent);
      again();
      setTimeout(() => { if (field.current) field.current.focus(); });
    });
  };
  const back = () => {
    login.back();
    again();
  };

  // What is wrong with the code is beside its field; when that is gone, beside the way on.
  const problemText = problem.text || (expired ? t.expired : spent ? text.errors.invalid_code : '');
  return html`
    <form class="form" onSubmit=${submit} novalidate>
      <p class="step">${t.step(2, 2)}</p>
      ${!over && html`<p>${t.codeAbout(login.phone.trim(), label.inText)} ${t.goodFor(duration(ticks(asked.expiresAt)))}</p>`}
      <p role="status" class=${news ? 'notice' : 'spoken'}>${news}</p>
      ${!over && html`
        <label for="code">${t.code}</label>
        <input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" required class="code"
          ...${about(problem, 'code', 'code-hint')} ref=${field} value=${code}
          onInput=${(/** @type {any} */ e) => setCode(e.target.value)} />
        <p id="code-hint" class="hint">${t.codeHint(digits)}</p>`}
      <${Alert} text=${problemText} id="error" />
      ${!over && html`<button type="submit" class="main" aria-disabled=${busy}>${busy ? t.sending : t.logIn}</button>`}
      <div class="row">
        <button type="button" class=${over ? 'main' : ''} ref=${resendButton} onClick=${resend} aria-disabled=${busy || resendIn > 0}
          aria-describedby=${resendIn > 0 ? 'resend-hint' : over ? 'error' : undefined}>${t.resend}</button>
        <button type="button" class="quiet" onClick=${back}>${t.back}</button>
      </div>
      ${resendIn > 0 && html`<p id="resend-hint" class="hint">${t.resendIn(duration(resendIn))}</p>`}
    </form>`;
}

/**
 * Renders again each second.
 * @param {boolean} on
 * @returns {(at: number) => number} ms left until then
 */
function useTicks(on) {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!on) return undefined;
    const timer = setInterval(() => tick(n => n + 1), 1000);
    return () => clearInterval(timer);
  }, [on]);
  return at => Math.max(0, at - Date.now());
}
