// The top of the chat: where one is, how the line is, and what there is to do.
import {html} from '../ui.js';
import {text} from '../strings.js';
import {Link} from './link.js';
import {Menu} from './menu.js';
import {Languages, LogOut, QuickExit} from './shell.js';

const t = text.chat;

/**
 * @param {{app: import('../app.js').App, session: import('../session.js').Session, title: {current: any}, menu: {current: any},
 *   shows: {people: boolean, board: boolean}, toggle: (what: 'people'|'board') => void, boardNew: boolean,
 *   onPanel: (panel: 'notice'|'end'|'help'|'print') => void, buttons: {current: any}, onSkip: () => void}} p
 *   title and menu get the heading and the menu's button; buttons gets the row that they are in
 */
export function Bar({app, session, title, menu, shows, toggle, boardNew, onPanel, buttons, onSkip}) {
  const therapist = session.therapist();
  const open = session.open();
  const waiting = therapist ? session.detail.participants.filter(p => p.status === 'waiting').length : 0;
  const entries = [
    therapist && open && {name: text.notice.open, go: () => onPanel('notice')},
    therapist && open && {name: t.end, go: () => onPanel('end')},
    therapist && {name: text.print.open, go: () => onPanel('print')},
    {name: text.help.open, go: () => onPanel('help')},
  ].filter(Boolean);
  return html`
    <header class="bar">
      <h1 tabindex="-1" ref=${title} title=${session.detail.name} dir="auto">${session.detail.name}</h1>
      <${Link} session=${session} />
      <a class="skip" href="#messages" onClick=${(/** @type {Event} */ e) => { e.preventDefault(); onSkip(); }}>${t.skip}</a>
      <div class="buttons" ref=${buttons}>
        <button type="button" class="quiet" data-shows="people" aria-pressed=${shows.people} onClick=${() => toggle('people')}>${t.showPeople}${
          waiting > 0 && html` <${Count} n=${waiting} said=${t.waitingCount(waiting)} />`}</button>
        <button type="button" class="quiet" data-shows="board" aria-pressed=${shows.board} onClick=${() => toggle('board')}>${t.showBoard}${
          boardNew && html` <span class="badge new"><span class="spoken">${t.boardNew}</span></span>`}</button>
        ${open && html`<button type="button" class="quiet" onClick=${() => app.leave()}>${t.leave}</button>`}
        <${Menu} entries=${entries} button=${menu}>
          <${LogOut} app=${app} />
          <${Languages} />
        <//>
      </div>
      <${QuickExit} app=${app} />
    </header>`;
}

/**
 * A number for the eye, and what it counts for the ear.
 * @param {{n: number, said: string}} p said: begins with the number
 */
export function Count({n, said}) {
  return html`<span class="badge"><span aria-hidden="true">${n}</span><span class="spoken">${said}</span></span>`;
}
