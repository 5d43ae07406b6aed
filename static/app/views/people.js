// Who is in the session, and what its therapists do about them.
import {html, useAlive, useLayoutEffect, useRef, useState} from '../ui.js';
import {timeOfDay} from '../format.js';
import {comings, peopleRows} from '../people.js';
import {errorText, text} from '../strings.js';
import {Access} from './access.js';
import {onEscape, useNow} from './panel.js';
import {Alert, Confirm} from './shell.js';

const t = text.people;
const quietFrom = 3; // minutes without writing that are worth a word
const tick = 30000; // ms between looks at the clock

/**
 * @typedef {import('../api.js').Person} Person
 * @typedef {import('../people.js').Row} Row
 */

/** @param {{session: import('../session.js').Session, onWrite: (person: string) => void}} p onWrite: opens a conversation */
export function People({session, onWrite}) {
  const [error, setError] = useState('');
  const [said, setSaid] = useState('');
  const [open, setOpen] = useState(''); // whose actions are shown
  const alive = useAlive();
  const therapist = session.therapist();
  const may = session.open() && therapist;
  const now = useNow(may ? tick : 0);
  const box = useKeptFocus();

  /** @param {Person} person @param {string} action */
  const moderate = async (person, action) => {
    setError('');
    setSaid('');
    try {
      await session.moderate(person.id, action);
      if (action === 'admit' && person.reason === 'assessments_incomplete' && alive.current) setSaid(t.admittedLater([person.name]));
    } catch (e) {
      if (alive.current) setError(errorText(e));
    }
  };
  const cameAt = useComings(session.log);
  const rows = peopleRows(session.detail.participants, {
    now: Math.max(now, Date.now()), since: id => session.since(id) || cameAt.get(session.nameOf(id)) || 0, spoke: id => session.lastSpoke(id),
  });
  const waiting = rows.filter(r => r.place === 'waiting').map(r => r.person);
  const here = rows.filter(r => r.place === 'here').length;
  const admitAll = async () => {
    await Promise.all(waiting.map(p => moderate(p, 'admit')));
    if (!alive.current) return;
    const later = waiting.filter(p => p.reason === 'assessments_incomplete').map(p => p.name);
    const admitted = waiting.map(p => p.name).filter(n => later.indexOf(n) < 0);
    setSaid([admitted.length > 0 && t.admitted(admitted), later.length > 0 && t.admittedLater(later)].filter(Boolean).join(' '));
  };
  const writable = new Set(session.open() ? session.conversations().filter(c => c.write === 'ok' && c.others.length === 1).map(c => c.others[0]) : []);
  writable.delete(session.user.id);
  return html`
    <section class="people" aria-labelledby="people-title" ref=${box}>
      <div class="title"><h2 id="people-title" tabindex="-1">${t.title}</h2> <span class="meta">${t.hereCount(here)}</span></div>
      <${Alert} text=${error} />
      ${may && waiting.length > 1 && html`<p class="row">
        <button type="button" class="main" onClick=${admitAll}>${t.admitAll}</button>
        ${waiting.some(p => p.reason === 'assessments_incomplete') && html`<span class="hint">${t.admitAllSurveys}</span>`}
      </p>`}
      <p role="status" class="hint">${said}</p>
      <ul>
        ${rows.map(r => html`<${Entry} key=${r.person.id} session=${session} row=${r} me=${r.person.id === session.user.id}
          detailed=${therapist} moderate=${may && r.person.role !== 'therapist' ? moderate : null}
          write=${writable.has(r.person.id) ? onWrite : null}
          open=${open === r.person.id} onOpen=${() => setOpen(open === r.person.id ? '' : r.person.id)} />`)}
      </ul>
    </section>`;
}

/**
 * People change places, and what could be done about them goes: the focus stays with the button, or goes to the person's
 * next best.
 * @returns {{current: any}} gets the element around them
 */
function useKeptFocus() {
  const box = useRef(/** @type {any} */ (null));
  const had = /** @type {HTMLElement|null} */ (box.current && box.current.contains(document.activeElement) ? document.activeElement : null);
  const item = had && had.closest('li');
  useLayoutEffect(() => {
    if (!had || document.activeElement === had) return;
    const to = had.isConnected ? had : item && item.isConnected && item.querySelector('button') || box.current.querySelector('#people-title');
    if (document.activeElement === document.body) to.focus();
  });
  return box;
}

/**
 * The notices of who came and went, read anew only when there are new ones.
 * @param {import('../log.js').Log} log
 */
function useComings(log) {
  const known = useRef({epoch: '', people: -1, at: /** @type {Map<string, number>} */ (new Map())});
  const k = known.current;
  if (k.epoch !== log.epoch || k.people !== log.people) known.current = {epoch: log.epoch, people: log.people, at: comings(log)};
  return known.current.at;
}

/**
 * @param {{session: import('../session.js').Session, row: Row, me: boolean, detailed: boolean, open: boolean, onOpen: () => void,
 *   moderate: ((p: Person, action: string) => void)|null, write: ((person: string) => void)|null}} p
 *   detailed: for somebody who looks after the others
 */
function Entry({session, row, me, detailed, open, onOpen, moderate, write}) {
  const {person} = row;
  const button = useRef(/** @type {any} */ (null));
  const close = () => {
    onOpen();
    button.current.focus();
  };
  const notes = [me && t.you, person.role === 'therapist' && t.therapist, person.muted && t.muted]
    .concat(detailed ? details(session, row) : t.status[person.status]).filter(Boolean);
  return html`
    <li class=${'person ' + person.status + (open ? ' open' : '')} onKeyDown=${open ? onEscape(close) : undefined}>
      <div class="who">
        <span class="dot" aria-hidden="true"></span>
        <p><strong dir="auto" title=${person.name}>${person.name}</strong>${' '}<span class="meta">${notes.join(', ')}</span></p>
        ${moderate && row.place === 'waiting' && html`<${Act} p=${person} action="admit" main=${true} moderate=${moderate} />`}
        ${moderate ? html`<button type="button" class="small" ref=${button} aria-expanded=${open} aria-label=${t.actionsOf(person.name)}
          title=${t.actions} onClick=${onOpen}><span aria-hidden="true">⋯</span></button>`
          : write && html`<button type="button" class="small" aria-label=${t.writeTo(person.name)} onClick=${() => write(person.id)}>${t.write}</button>`}
      </div>
      ${open && moderate && html`<${Actions} session=${session} row=${row} moderate=${moderate} write=${write} />`}
    </li>`;
}

/**
 * @param {import('../session.js').Session} session
 * @param {Row} row
 * @returns {string[]} what is worth knowing of somebody
 */
function details(session, row) {
  const {person, since} = row;
  const time = since ? timeOfDay(new Date(since).toISOString()) : '';
  switch (row.place) {
    case 'waiting': {
      const missing = session.assessmentsOf(person.id).filter(a => a.phase === 'pre' && a.required && a.status !== 'complete');
      const why = person.reason === 'assessments_incomplete' && missing.length ? t.waitsFor(missing.map(a => a.title || a.name))
        : person.reason && /** @type {Record<string, string>} */ (t.reason)[person.reason] || t.status.waiting;
      return [why, time && t.hereSince(time)];
    }
    case 'away': return [time ? t.awaySince(time) : t.status.offline];
    case 'absent': return [t.absent];
  }
  if (person.role === 'therapist' || row.silent < quietFrom) return [t.status.online];
  return [row.spoke ? t.silent(row.silent) : t.silentNever(row.silent)];
}

/** @param {{p: Person, action: 'admit'|'mute'|'unmute'|'revoke', main?: boolean, moderate: (p: Person, action: string) => void}} p */
function Act({p, action, main, moderate}) {
  return html`<button type="button" class=${main ? 'small main' : 'small'} aria-label=${t.of[action](p.name)}
    onClick=${() => moderate(p, action)}>${t[action]}</button>`;
}

/**
 * @param {{session: import('../session.js').Session, row: Row, moderate: (p: Person, action: string) => void,
 *   write: ((person: string) => void)|null}} p
 */
function Actions({session, row, moderate, write}) {
  const p = row.person;
  const [asking, setAsking] = useState(''); // remove or access
  const remove = useRef(/** @type {any} */ (null));
  const access = useRef(/** @type {any} */ (null));
  /** @param {{current: any}} button */
  const back = button => {
    setAsking('');
    button.current.focus();
  };
  return html`
    <div class="tools" role="group" aria-label=${t.actionsOf(p.name)}>
      ${write && html`<button type="button" class="small" aria-label=${t.writeTo(p.name)} onClick=${() => write(p.id)}>${t.write}</button>`}
      ${(row.place === 'away' || row.place === 'absent') && html`<${Act} p=${p} action="admit" moderate=${moderate} />`}
      <${Act} p=${p} action=${p.muted ? 'unmute' : 'mute'} moderate=${moderate} />
      ${row.place === 'here' && html`<${Act} p=${p} action="revoke" moderate=${moderate} />`}
      <button type="button" class="small" ref=${access} aria-expanded=${asking === 'access'}
        onClick=${() => setAsking(asking === 'access' ? '' : 'access')}>${text.access.title(p.name)}</button>
      <button type="button" class="small" ref=${remove} aria-label=${t.of.remove(p.name)} aria-expanded=${asking === 'remove'}
        onClick=${() => setAsking(asking === 'remove' ? '' : 'remove')}>${t.remove}</button>
      ${asking === 'remove' && html`<${Confirm} ask=${t.removeAsk(p.name)} about=${t.removeAbout} yes=${t.remove} onNo=${() => back(remove)}
        onYes=${() => { back(remove); moderate(p, 'remove'); }} />`}
      ${asking === 'access' && html`<${Access} session=${session} person=${p} onDone=${() => back(access)} />`}
    </div>`;
}
