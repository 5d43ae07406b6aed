// The whiteboard: one text that everybody sees and therapists write.
import {html, useEffect, useRef, useState} from '../ui.js';
import {text} from '../strings.js';

const t = text.board;
const long = 600; // characters that may need scrolling

/** @param {{session: import('../session.js').Session, onSave: (body: string) => void}} p onSave: told of what this page writes */
export function Board({session, onSave}) {
  const board = session.board();
  const [two, setTwo] = useState(false); // there are two texts to look at
  return html`
    <section class=${two ? 'board two' : 'board'} aria-labelledby="board-title">
      <h2 id="board-title" tabindex="-1">${t.title}</h2>
      ${session.therapist() && session.open() ? html`<${Editor} session=${session} board=${board} onSave=${onSave} onConflict=${setTwo} />`
        : html`<p class="body" dir="auto" tabindex=${board.length > long ? 0 : undefined}>${board || html`<span class="hint">${t.empty}</span>`}</p>`}
    </section>`;
}

/**
 * @param {{session: import('../session.js').Session, board: string, onSave: (body: string) => void,
 *   onConflict: (is: boolean) => void}} p
 */
function Editor({session, board, onSave, onConflict}) {
  const kept = session.kept('board');
  // mine: null while nothing is being changed; from: what stood there when the change began
  const [edit, setEdit] = useState(/** @returns {{mine: string|null, from: string}} */ () => session.keep.get(kept) || {mine: null, from: board});
  const field = useRef(/** @type {any} */ (null));
  const other = useRef(/** @type {any} */ (null)); // what somebody else wrote, where that matters
  const {mine, from} = edit;
  const saving = session.outbox.entries.some(e => e.action.type === 'whiteboard' && e.state !== 'failed');
  const changed = mine !== null && mine !== board;
  const conflict = changed && board !== from && !saving;

  /** @param {string|null} to @param {string} since */
  const set = (to, since) => {
    const next = {mine: to, from: since};
    if (to === null) session.keep.drop(kept);
    else session.keep.set(kept, next);
    setEdit(next);
  };
  useEffect(() => { if (mine !== null && mine === board) set(null, board); }, [board, mine]); // saved
  useEffect(() => {
    onConflict(conflict);
    if (conflict) other.current.scrollIntoView({block: 'nearest'});
    return () => onConflict(false);
  }, [conflict]);
  const save = (/** @type {Event} */ e) => {
    e.preventDefault();
    if (mine === null || !changed || saving) return;
    onSave(mine);
    session.write(mine);
    set(mine, board);
  };
  /** @param {string|null} to */
  const settle = to => {
    set(to, board);
    field.current.focus();
  };
  const shown = mine === null ? board : mine;
  return html`
    <form onSubmit=${save}>
      <label for="board-text" class="spoken">${t.text}</label>
      <textarea id="board-text" ref=${field} dir="auto" rows=${Math.max(5, Math.min(16, lines(shown) + 1))} value=${shown}
        onInput=${(/** @type {any} */ e) => set(e.target.value, mine === null ? board : from)}></textarea>
      ${conflict && html`<div class="conflict" ref=${other}>
        <p role="alert">${t.changed}</p>
        <p class="hint" id="board-theirs">${t.theirs}</p>
        <div class="body theirs" dir="auto" role="group" aria-labelledby="board-theirs" tabindex="0">${board || html`<span class="hint">${t.empty}</span>`}</div>
        <p class="row">
          <button type="button" class="small" onClick=${() => settle(null)}>${t.take}</button>
          <button type="button" class="small" onClick=${() => settle(board ? board + '\n' + mine : mine)}>${t.both}</button>
        </p>
      </div>`}
      <p class="row">
        <button type="submit" class="main" aria-disabled=${String(!changed || saving)}>${saving ? t.saving : t.save}</button>
        ${changed && !saving && !conflict && html`<button type="button" class="quiet" onClick=${() => settle(null)}>${t.discard}</button>`}
      </p>
      <p class="hint" role="status">${changed && !saving ? t.unsaved : ''}</p>
    </form>`;
}

/** @param {string} s @returns {number} about how many lines it takes */
function lines(s) { return s.split('\n').reduce((n, l) => n + 1 + Math.floor(l.length / 38), 0); }
