// The end of a session for everyone: asked for, counted down, stopped.
import {html, useEffect, useRef, useState} from '../ui.js';
import {choices, clockText, planEnd, planState, readPlan, secondsLeft, spokenMark} from '../countdown.js';
import {timeOfDay} from '../format.js';
import {text} from '../strings.js';
import {onEscape, useNow} from './panel.js';

const t = text.end;

/**
 * It is there as long as the session is shown to a therapist: what was planned goes on while something else is on the
 * screen, and after a reload.
 * @param {{session: import('../session.js').Session, asking: boolean, onAsked: () => void, back: {current: any}}} p
 *   asking: the question is to be shown; onAsked: it is answered; back: where the focus goes then
 */
export function End({session, asking, onAsked, back}) {
  const kept = session.kept('end');
  const [plan, setPlan] = useState(() => readPlan(session.keep.get(kept)));
  const now = useNow(plan ? 1000 : 0);
  const stopButton = useRef(/** @type {any} */ (null));
  const [chosen, setChosen] = useState(false); // by hand, on this page
  useEffect(() => { if (chosen && plan) stopButton.current.focus(); }, [plan]);

  /** @param {import('../countdown.js').Plan|null} p */
  const set = p => {
    if (p) session.keep.set(kept, p);
    else session.keep.drop(kept);
    setPlan(p);
  };
  const state = plan && planState(plan, Math.max(now, Date.now()));
  const over = session.state === 'ended';
  useEffect(() => {
    if (plan && over) set(null); // somebody else was faster
    else if (state === 'due' && session.open()) {
      set(null);
      session.endForAll();
    }
  }, [state, over]);

  const focusBack = () => { if (back.current) back.current.focus(); };
  /** @param {number} minutes 0 is now */
  const choose = minutes => {
    if (minutes) session.notice(t.notice(minutes));
    setChosen(true);
    set(planEnd(minutes, Date.now()));
    onAsked();
  };
  const stop = () => {
    if (plan && plan.minutes) session.notice(t.stopped);
    set(null);
    focusBack();
  };
  const cancel = () => {
    onAsked();
    focusBack();
  };
  const endLate = () => {
    set(null);
    session.endForAll();
    focusBack();
  };

  if (!session.open() || !session.therapist()) return null;
  if (plan) {
    const left = secondsLeft(plan, Math.max(now, Date.now()));
    const late = state === 'late';
    return html`
      <section class="card ending" aria-label=${t.title}>
        ${late ? html`<p role="alert"><strong>${t.late(timeOfDay(new Date(plan.at).toISOString()))}</strong></p>`
          : html`<p><strong role="timer" aria-live="off">${t.left(clockText(left))}</strong> <span>${t.keepOpen}</span></p>
            <p role="status" class="spoken">${left > 0 && t.leftSpoken(spokenMark(left))}</p>`}
        <p class="row">
          ${late && html`<button type="button" class="danger" onClick=${endLate}>${t.now}</button>`}
          <button type="button" class="main" ref=${stopButton} onClick=${stop}>${t.stop}</button>
        </p>
      </section>`;
  }
  return asking ? html`<${Ask} choose=${choose} cancel=${cancel} />` : null;
}

/** @param {{choose: (minutes: number) => void, cancel: () => void}} p */
function Ask({choose, cancel}) {
  const out = useRef(/** @type {any} */ (null));
  useEffect(() => { out.current.focus(); }, []);
  return html`
    <div role="group" aria-label=${text.chat.endAsk} class="confirm" onKeyDown=${onEscape(cancel)}>
      <p class="ask">${text.chat.endAsk}</p>
      <p>${t.about}</p>
      <p class="row">
        <button type="button" class="danger" onClick=${() => choose(0)}>${t.now}</button>
        ${choices.map(n => html`<button type="button" key=${n} onClick=${() => choose(n)}>${t.inMinutes(n)}</button>`)}
        <button type="button" onClick=${cancel} ref=${out}>${text.cancel}</button>
      </p>
    </div>`;
}
