// Who is in the session, and what its therapists do about them.
import {html, useAlive, useRef, useState} from '../ui.js';
import {errorText, text} from '../strings.js';
import {Alert, Confirm} from './shell.js';

const t = text.people;
const order = {waiting: 0, online: 1, offline: 2};

export function People({session}) {
  const [error, setError] = useState('');
  const alive = useAlive();
  const me = session.user.id;
  const moderate = async (person, action) => {
    setError('');
    try {
      await session.moderate(person.id, action);
    } catch (e) {
      if (alive.current) setError(errorText(e));
    }
  };
  const people = session.detail.participants.slice().sort((a, b) =>
    order[a.status] - order[b.status] || (a.role === 'therapist' ? 0 : 1) - (b.role === 'therapist' ? 0 : 1) || a.name.localeCompare(b.name));
  return html`
    <section class="people" aria-labelledby="people-title">
      <h2 id="people-title">${t.title}</h2>
      <${Alert} text=${error} />
      <ul>
        ${people.map(p => html`<${Person} key=${p.id} p=${p} me=${p.id === me}
          moderate=${session.open() && session.therapist() && p.role !== 'therapist' ? moderate : null} />`)}
      </ul>
    </section>`;
}

function Person({p, me, moderate}) {
  const [asking, setAsking] = useState(false);
  const button = useRef(null);
  const notes = [me && t.you, p.role === 'therapist' && t.therapist, p.status === 'waiting' && t.reason[p.reason] || t.status[p.status],
    p.muted && t.muted].filter(Boolean);
  const act = (action, main) => html`
    <button type="button" class=${main ? 'small main' : 'small'} aria-label=${t.of[action](p.name)} onClick=${() => moderate(p, action)}>${t[action]}</button>`;
  const no = () => {
    setAsking(false);
    button.current.focus();
  };
  return html`
    <li class=${'person ' + p.status}>
      <p><span class="dot" aria-hidden="true"></span><strong>${p.name}</strong> <span class="meta">${notes.join(', ')}</span></p>
      ${moderate && html`<p class="tools">
        ${p.status !== 'online' && act('admit', p.status === 'waiting')}
        ${act(p.muted ? 'unmute' : 'mute')}
        ${p.status === 'online' && act('revoke')}
        <button type="button" class="small" ref=${button} aria-label=${t.of.remove(p.name)} aria-expanded=${asking}
          onClick=${() => setAsking(!asking)}>${t.remove}</button>
      </p>`}
      ${asking && html`<${Confirm} ask=${t.removeAsk(p.name)} about=${t.removeAbout} yes=${t.remove} onNo=${no}
        onYes=${() => { no(); moderate(p, 'remove'); }} />`}
    </li>`;
}
