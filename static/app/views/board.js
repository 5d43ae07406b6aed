// The whiteboard: one text that everybody sees and therapists write.
import {html, useEffect, useState} from '../ui.js';
import {text} from '../strings.js';

const t = text.board;

export function Board({session}) {
  const board = session.board();
  return html`
    <section class="board" aria-labelledby="board-title">
      <h2 id="board-title">${t.title}</h2>
      ${session.therapist() && session.open() ? html`<${Editor} session=${session} board=${board} />`
        : html`<p class="body" dir="auto" aria-live="polite">${board || html`<span class="hint">${t.empty}</span>`}</p>`}
    </section>`;
}

function Editor({session, board}) {
  const [mine, setMine] = useState(null); // null: not being changed
  const [from, setFrom] = useState(board); // what it was when the change began
  const saving = session.outbox.entries.some(e => e.action.type === 'whiteboard' && e.state !== 'failed');
  const changed = mine !== null && mine !== board;
  useEffect(() => { if (mine === board) setMine(null); }, [board]); // saved
  const input = e => {
    if (mine === null) setFrom(board);
    setMine(e.target.value);
  };
  const save = e => {
    e.preventDefault();
    if (changed) session.write(mine);
    setFrom(mine === null ? board : mine);
  };
  const take = () => {
    setMine(null);
    setFrom(board);
  };
  return html`
    <form onSubmit=${save}>
      <label for="board-text" class="spoken">${t.text}</label>
      <textarea id="board-text" rows="6" dir="auto" value=${mine === null ? board : mine} onInput=${input}></textarea>
      ${changed && board !== from && !saving && html`<p class="hint" role="status">${t.changed}
        <button type="button" class="small" onClick=${take}>${t.take}</button></p>`}
      <button type="submit" aria-disabled=${String(!changed)}>${saving ? t.saving : t.save}</button>
    </form>`;
}
