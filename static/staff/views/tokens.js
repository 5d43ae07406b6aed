// API tokens: for study staff, and for programs. A secret that was made is in
// this component's memory and on the screen, and nowhere else.
import {html, useEffect, useRef, useState} from '../../app/ui.js';
import {Confirm} from '../../app/views/shell.js';
import {text} from '../strings.js';
import {moment} from '../words.js';
import {Fact, Problem, useCall, useFocusBack, usePoll, Waiting} from './frame.js';

const t = text.tokens;

/** @typedef {import('../client.js').Token} Token @typedef {import('../client.js').NewToken} NewToken */

/** @param {import('./frame.js').Props} p */
export function Tokens({app, api}) {
  const poll = usePoll(() => api.tokens(), 0);
  const [made, setMade] = useState(/** @type {NewToken|null} */ (null));
  const [said, setSaid] = useState('');
  const all = poll.value;
  return html`
    <p>${t.about}</p>
    <${Make} app=${app} api=${api} made=${made} onMade=${(/** @type {NewToken|null} */ m) => {
      setMade(m);
      setSaid('');
      if (m) poll.again();
    }} />
    <section aria-labelledby="tokens-list">
      <h2 id="tokens-list">${t.listTitle}</h2>
      <p role="status" class=${said ? 'notice' : 'spoken'}>${said}</p>
      ${!all ? html`<${Waiting} error=${poll.error} again=${poll.again} />` : html`
        <${Problem} error=${poll.error} />
        <ul class="plain">
          ${all.map(x => html`<${One} key=${x.id} x=${x} all=${all} app=${app} api=${api} onRevoked=${(/** @type {string} */ name) => {
            setSaid(t.revokedNow(name));
            poll.again();
          }} />`)}
        </ul>`}
    </section>`;
}

/** @param {import('./frame.js').Props & {made: NewToken|null, onMade: (m: NewToken|null) => void}} p */
function Make({app, api, made, onMade}) {
  const form = app.forms.token;
  const [, again] = useState(0);
  const [lack, setLack] = useState(false);
  const {busy, error, call} = useCall();
  const field = useRef(/** @type {any} */ (null));
  /** @param {Partial<typeof form>} change */
  const set = change => {
    Object.assign(form, change);
    setLack(false);
    again(n => n + 1);
  };
  /** @param {Event} e */
  const submit = e => {
    e.preventDefault();
    if (busy) return;
    const name = form.name.trim();
    setLack(!name);
    if (!name) {
      field.current.focus();
      return;
    }
    call(async () => {
      const m = await api.makeToken(name, form.expires);
      form.name = '';
      onMade(m);
    });
  };
  const done = () => {
    onMade(null);
    field.current.focus();
  };
  const late = error && error.code === 'bad_request' && /^expires/.test(error.message);
  return html`
    <form class="card fields" novalidate autocomplete="off" onSubmit=${submit}>
      <h2>${t.makeTitle}</h2>
      <label for="token-name">${t.name}</label>
      <input id="token-name" type="text" maxlength="100" autocomplete="off" dir="auto" ref=${field} value=${form.name} aria-invalid=${lack ? 'true' : undefined}
        aria-describedby=${(lack ? 'token-lack ' : '') + 'token-name-hint'} onInput=${(/** @type {any} */ e) => set({name: e.target.value})} />
      <p id="token-name-hint" class="hint">${t.nameHint}</p>
      <label for="token-expires">${t.expires}</label>
      <select id="token-expires" onChange=${(/** @type {any} */ e) => set({expires: e.target.value})}>
        ${['', '1d', '7d', '30d', '90d'].map(x => html`<option key=${x} value=${x} selected=${form.expires === x}>${t.lifetimes[x]}</option>`)}
      </select>
      <${Problem} id="token-lack" error=${error} text=${lack ? t.nameMissing : late ? t.tooLong : ''} />
      <p><button type="submit" class="main" aria-disabled=${busy}>${t.make}</button></p>
    </form>
    ${made && html`<${Made} made=${made} onDone=${done} />`}`;
}

/** @param {{made: NewToken, onDone: () => void}} p */
function Made({made, onDone}) {
  const box = useRef(/** @type {any} */ (null));
  const secret = useRef(/** @type {any} */ (null));
  const [said, setSaid] = useState('');
  useEffect(() => { box.current.focus(); }, [made]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(made.token);
      setSaid(t.copied);
    } catch (e) { // an old browser, or one that was told not to
      const all = document.createRange();
      all.selectNodeContents(secret.current);
      const s = /** @type {Selection} */ (getSelection());
      s.removeAllRanges();
      s.addRange(all);
      setSaid(t.uncopied);
    }
  };
  return html`
    <section class="card made" aria-labelledby="made">
      <h2 id="made" tabindex="-1" ref=${box}>${t.madeTitle}</h2>
      <p>${t.made(made.name)}</p>
      <p class="secret" dir="ltr" ref=${secret}>${made.token}</p>
      <p class="hint">${made.expires_at ? t.works(moment(made.expires_at)) : t.worksOn}</p>
      <p class="row">
        <button type="button" class="main" onClick=${copy}>${t.copy}</button>
        <button type="button" onClick=${onDone}>${text.done}</button>
      </p>
      <p role="status" class="hint">${said}</p>
    </section>`;
}

/** @param {{x: Token, all: Token[], onRevoked: (name: string) => void} & import('./frame.js').Props} p */
function One({x, all, app, api, onRevoked}) {
  const {busy, error, call} = useCall();
  const [asking, setAsking] = useState(false);
  const opener = useFocusBack(asking);
  const name = x.name || x.id;
  const over = !!x.expires_at && new Date(x.expires_at).getTime() <= Date.now();
  const by = all.find(y => 'token:' + y.id === x.created_by);
  const maker = x.created_by === 'operator' ? text.audit.operator : by && by.name || x.created_by;
  const revoke = () => {
    setAsking(false);
    call(async () => {
      await api.revoke(x.id);
      if (x.current) app.signOut('revoked');
      else onRevoked(name);
    });
  };
  return html`
    <li class=${'card token' + (over ? ' past' : '')}>
      <div class="bar">
        <h3 dir="auto">${x.name || t.unnamed}${x.current && html` <span class="badge">${t.current}</span>`}${over && html` <span class="meta">${t.over}</span>`}</h3>
        <button type="button" class="danger small" ref=${opener} aria-label=${t.revokeName(name)} aria-disabled=${busy}
          onClick=${() => setAsking(true)}>${t.revoke}</button>
      </div>
      <dl class="facts">
        <${Fact} name=${t.created}>${moment(x.created_at)}${x.created_by && html` ${t.by} ${maker}`}<//>
        <${Fact} name=${t.until}>${x.expires_at ? moment(x.expires_at) : t.never}<//>
        <${Fact} name=${t.used}>${x.last_used_at ? moment(x.last_used_at) : t.unused}<//>
        <${Fact} name=${t.id}><span class="code">${x.id}</span><//>
      </dl>
      ${asking && html`<${Confirm} ask=${t.revokeAsk(name)} about=${x.current ? t.revokeOwn : t.revokeAsked} yes=${t.revoke} onYes=${revoke} onNo=${() => setAsking(false)} />`}
      <${Problem} error=${error} />
    </li>`;
}
