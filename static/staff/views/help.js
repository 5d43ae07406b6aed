// Help for somebody who cannot log in: unlock, or a code to be read out. A code
// is in the memory of the view and on the screen, and nowhere else.
import {html, useAlive, useEffect, useFocus, useRef, useState} from '../../app/ui.js';
import {timeOfDay} from '../../app/format.js';
import {Confirm} from '../../app/views/shell.js';
import {onEscape, useNow} from '../../app/views/panel.js';
import {text} from '../strings.js';
import {minutesLeft} from '../words.js';
import {Problem, useCall} from './frame.js';

const t = text.sessions;

/** @typedef {{code: string, until: number}} Code until: ms */

/**
 * @param {{api: import('../client.js').StaffApi, person: import('../client.js').Person, made: Code|null, setMade: (c: Code|null) => void,
 *   onDone: () => void}} p
 */
export function Help({api, person, made, setMade, onDone}) {
  const {busy, error, call} = useCall();
  const [asking, setAsking] = useState(/** @type {''|'unlock'|'code'} */ (''));
  const [said, setSaid] = useState('');
  const first = useFocus('help', made !== null);
  const result = useRef(/** @type {any} */ (null));
  const alive = useAlive();
  useEffect(() => {
    if (!made) return undefined;
    result.current.scrollIntoView({block: 'nearest'});
    const timer = setTimeout(() => {
      setMade(null);
      setSaid(t.expired);
    }, made.until - Date.now());
    return () => clearTimeout(timer);
  }, [made]);
  /** @param {'unlock'|'code'} what */
  const yes = what => {
    setAsking('');
    setSaid('');
    first.current.focus();
    call(async () => {
      if (what === 'unlock') {
        await api.unlock(person.id);
        setSaid(t.unlocked(person.name));
        return;
      }
      const got = await api.code(person.id);
      if (alive.current) setMade({code: got.code, until: Date.now() + got.expires_in * 1000});
    });
  };
  const no = () => {
    setAsking('');
    first.current.focus();
  };
  return html`
    <div class="help" role="group" aria-label=${t.helpFor(person.name)} onKeyDown=${onEscape(onDone)}>
      <p>${t.about}</p>
      <ul class="hint">
        <li>${t.unlockAbout}</li>
        <li>${t.codeAbout}</li>
      </ul>
      <p class="row">
        <button type="button" ref=${first} aria-disabled=${busy} onClick=${() => setAsking('unlock')}>${t.unlock}</button>
        <button type="button" aria-disabled=${busy} onClick=${() => setAsking('code')}>${t.make}</button>
        ${!made && html`<button type="button" class="quiet" onClick=${onDone}>${text.close}</button>`}
      </p>
      ${asking === 'unlock' && html`<${Confirm} ask=${t.unlockAsk(person.name)} about=${t.unlockAsked} yes=${t.unlock} onYes=${() => yes('unlock')} onNo=${no} />`}
      ${asking === 'code' && html`<${Confirm} ask=${t.makeAsk(person.name)} about=${t.makeAsked} yes=${t.make} onYes=${() => yes('code')} onNo=${no} />`}
      <${Problem} error=${error} text=${error && error.code === 'not_found' ? t.unknown : ''} />
      <p role="status" class=${said ? 'notice' : 'spoken'}>${said}</p>
      ${made && html`
        <div ref=${result}>
          <div role="status">
            <p>${t.code}</p>
            <p class="onetime"><span aria-hidden="true">${made.code}</span><span class="spoken">${Array.from(made.code).join(' ')}</span></p>
          </div>
          <${Lives} until=${made.until} />
          <p><button type="button" class="main" onClick=${onDone}>${text.done}</button></p>
        </div>`}
    </div>`;
}

/** @param {{until: number}} p ms */
function Lives({until}) {
  const now = useNow(1000);
  return html`<p class="hint">${t.lives(timeOfDay(new Date(until).toISOString()), minutesLeft(until - Math.max(now, Date.now())))}</p>`;
}
