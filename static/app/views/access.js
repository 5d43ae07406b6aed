// Help for somebody who cannot log in. A code that was made is in this
// component's memory and on the screen, and nowhere else.
import {html, useAlive, useCall, useEffect, useFocus, useRef, useState} from '../ui.js';
import {timeOfDay} from '../format.js';
import {errorText, text} from '../strings.js';
import {onEscape} from './panel.js';
import {Alert} from './shell.js';

const t = text.access;

/**
 * @param {{session: import('../session.js').Session, person: import('../api.js').Person, onDone: () => void}} p
 */
export function Access({session, person, onDone}) {
  const [made, setMade] = useState(/** @type {{code: string, until: number}|null} */ (null));
  const [said, setSaid] = useState('');
  const {busy, error, call} = useCall('', errorText);
  const alive = useAlive();
  const first = useFocus('access');
  useEffect(() => {
    if (!made) return undefined;
    const timer = setTimeout(() => {
      setMade(null);
      setSaid(t.expired);
    }, made.until - Date.now());
    return () => clearTimeout(timer);
  }, [made]);

  const unlock = () => call(async () => {
    setSaid('');
    await session.unlock(person.id);
    if (alive.current) setSaid(t.unlocked);
  });
  const make = () => call(async () => {
    setSaid('');
    const got = await session.makeCode(person.id);
    if (alive.current) setMade({code: got.code, until: Date.now() + got.expires_in * 1000});
  });
  return html`
    <div class="card access" role="group" aria-label=${t.title(person.name)} onKeyDown=${onEscape(onDone)}>
      <p class="hint">${t.about}</p>
      <p class="row">
        <button type="button" class="small" ref=${first} aria-disabled=${busy} onClick=${unlock}>${t.unlock}</button>
        <button type="button" class="small" aria-disabled=${busy} onClick=${make}>${t.make}</button>
        ${!made && html`<button type="button" class="small" onClick=${onDone}>${text.chat.close}</button>`}
      </p>
      <${Alert} text=${error} />
      <p role="status" class="hint">${said}</p>
      ${made && html`<${Made} made=${made} onDone=${onDone} />`}
    </div>`;
}

/** @param {{made: {code: string, until: number}, onDone: () => void}} p */
function Made({made, onDone}) {
  const done = useRef(/** @type {any} */ (null));
  useEffect(() => { done.current.scrollIntoView({block: 'nearest'}); }, [made]);
  return html`
    <div role="status">
      <p>${t.code}</p>
      <p class="onetime"><span aria-hidden="true">${made.code}</span><span class="spoken">${Array.from(made.code).join(' ')}</span></p>
      <p class="hint">${t.until(timeOfDay(new Date(made.until).toISOString()))}</p>
    </div>
    <p><button type="button" class="main" ref=${done} onClick=${onDone}>${t.done}</button></p>`;
}
