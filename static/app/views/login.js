import {html, useAlive, useEffect, useFocus, useRef, useState} from '../ui.js';
import {errorText, text} from '../strings.js';
import {Alert, Page} from './shell.js';

const t = text.login;

export function Login({app}) {
  const [phone, setPhone] = useState('');
  const [name, setName] = useState('');
  const [challenge, setChallenge] = useState(null);
  const props = {app, phone, setPhone, name, setName, challenge, setChallenge};
  return html`<${Page} app=${app} title=${t.title}>
    ${challenge ? html`<${Code} ...${props} />` : html`<${Who} ...${props} />`}
  <//>`;
}

/** A form whose call is under way once at a time; go throws what is shown. */
function useCall() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const alive = useAlive();
  const call = async go => {
    if (busy) return;
    setBusy(true);
    setError('');
    try {
      await go();
    } catch (e) {
      if (alive.current) setError(e.code ? errorText(e) + (e.code === 'too_many_tries' ? ' ' + text.unlock : '') : e.message);
    }
    if (alive.current) setBusy(false);
  };
  return {busy, error, setError, call};
}

function Who({app, phone, setPhone, name, setName, setChallenge}) {
  const {busy, error, setError, call} = useCall();
  const first = useFocus('phone', !app.notice && !phone);
  const second = useRef(null);
  const submit = e => {
    e.preventDefault();
    const [p, n] = [phone.trim(), name.trim()];
    if (!p || !n) {
      setError(p ? t.nameMissing : t.phoneMissing);
      (p ? second : first).current.focus();
      return;
    }
    call(async () => setChallenge(await app.api.login(p, n)));
  };
  return html`
    <form class="form" onSubmit=${submit} novalidate>
      <p>${t.about}</p>
      <label for="phone">${t.phone}</label>
      <input id="phone" name="phone" type="tel" autocomplete="tel" required aria-describedby="phone-hint error" ref=${first}
        value=${phone} onInput=${e => setPhone(e.target.value)} />
      <p id="phone-hint" class="hint">${t.phoneHint}</p>
      <label for="last-name">${t.lastName}</label>
      <input id="last-name" name="last-name" type="text" autocomplete="family-name" required aria-describedby="error" ref=${second}
        value=${name} onInput=${e => setName(e.target.value)} />
      <${Alert} text=${error} id="error" />
      <button type="submit" class="main" aria-disabled=${busy}>${busy ? t.sending : t.sendCode}</button>
    </form>`;
}

function Code({app, phone, name, challenge, setChallenge}) {
  const [code, setCode] = useState('');
  const [said, setSaid] = useState('');
  const [spent, setSpent] = useState(false);
  const {busy, error, setError, call} = useCall();
  const field = useFocus('code');
  const left = useCountdown(challenge);

  const submit = e => {
    e.preventDefault();
    setSaid('');
    const digits = code.replace(/\s/g, '');
    if (!digits) {
      setError(t.codeMissing);
      field.current.focus();
      return;
    }
    call(async () => {
      try {
        const answer = await app.api.verify(challenge.challenge, digits);
        await app.verified(answer.user);
      } catch (e) {
        if (e.code === 'invalid_code') setSpent(true);
        setCode('');
        if (field.current) field.current.focus();
        throw e;
      }
    });
  };
  // A code that was used up takes its challenge with it; then the login begins anew.
  const resend = () => call(async () => {
    setSaid('');
    const again = () => app.api.login(phone.trim(), name.trim());
    let next;
    try {
      next = await app.api.resend(challenge.challenge);
    } catch (e) {
      if (e.code !== 'invalid_code') throw e;
      next = await again();
    }
    setChallenge(next);
    setSpent(false);
    setCode('');
    setSaid(t.resent);
    if (field.current) field.current.focus();
  });
  const wait = spent ? 0 : left;
  return html`
    <form class="form" onSubmit=${submit} novalidate>
      <p>${t.codeAbout}</p>
      <p role="status" class="said">${said}</p>
      <label for="code">${t.code}</label>
      <input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" required class="code"
        aria-describedby="code-hint error" ref=${field} value=${code} onInput=${e => setCode(e.target.value)} />
      <p id="code-hint" class="hint">${t.codeHint}</p>
      <${Alert} text=${error} id="error" />
      <button type="submit" class="main" aria-disabled=${busy}>${busy ? t.sending : t.logIn}</button>
      <div class="row">
        <button type="button" onClick=${resend} disabled=${busy || wait > 0}>${wait > 0 ? t.resendIn(wait) : t.resend}</button>
        <button type="button" class="quiet" onClick=${() => setChallenge(null)}>${t.back}</button>
      </div>
    </form>`;
}

/** @returns {number} seconds until another code may be asked for */
function useCountdown(challenge) {
  const until = useRef({of: null, at: 0});
  if (until.current.of !== challenge) until.current = {of: challenge, at: Date.now() + challenge.resend_after * 1000};
  const left = () => Math.max(0, Math.ceil((until.current.at - Date.now()) / 1000));
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      tick(n => n + 1);
      if (!left()) clearInterval(timer);
    }, 1000);
    return () => clearInterval(timer);
  }, [challenge]);
  return left();
}
