// The chat of one therapy session: conversations, messages, people, whiteboard.
import {html, useEffect, useFocus, useRef, useState} from '../ui.js';
import {errorText, text} from '../strings.js';
import {Board} from './board.js';
import {Ended} from './ended.js';
import {Link} from './link.js';
import {People} from './people.js';
import {Confirm, LogOut} from './shell.js';
import {Talk} from './talk.js';

const t = text.chat;

export function Chat({app, session}) {
  const [key, setKey] = useState('');
  const [aside, setAside] = useState(''); // '', people or board: what a narrow window shows instead of the messages
  const [asking, setAsking] = useState(false);
  const title = useFocus('chat');
  const endButton = useRef(null);

  const {detail} = session;
  const all = session.conversations();
  const conv = all.find(c => c.key === key) || all[0];
  const unread = all.reduce((n, c) => n + session.unread(c.key), 0);
  useEffect(() => { document.title = (unread ? `(${unread}) ` : '') + `${detail.name} – ${text.app}`; }, [unread, detail.name]);

  const waiting = detail.participants.filter(p => p.status === 'waiting').length;
  const therapist = session.therapist();
  const open = session.open();
  const dontEnd = () => {
    setAsking(false);
    endButton.current.focus();
  };
  const end = () => {
    setAsking(false);
    session.endForAll();
    title.current.focus();
  };
  const toggle = what => () => setAside(aside === what ? '' : what);

  return html`
    <div class=${'chat' + (aside ? ' show-' + aside : '')}>
      <header class="bar">
        <h1 tabindex="-1" ref=${title}>${detail.name}</h1>
        <${Link} session=${session} />
        <div class="row buttons">
          <button type="button" class="quiet toggle" aria-pressed=${aside === 'people'} onClick=${toggle('people')}>
            ${t.showPeople}${therapist && waiting > 0 && html` <span class="badge">${t.waitingCount(waiting)}</span>`}
          </button>
          <button type="button" class="quiet toggle" aria-pressed=${aside === 'board'} onClick=${toggle('board')}>${t.showBoard}</button>
          ${therapist && open && html`<button type="button" class="quiet" ref=${endButton} aria-expanded=${asking} onClick=${() => setAsking(true)}>${t.end}</button>`}
          ${open && html`<button type="button" class="quiet" onClick=${() => app.leave()}>${t.leave}</button>`}
          <${LogOut} app=${app} />
        </div>
      </header>
      <nav aria-label=${t.conversations} class="convs">
        ${all.map(c => html`<${Tab} key=${c.key} name=${nameOf(c)} unread=${session.unread(c.key)} current=${c === conv}
          onClick=${() => { setKey(c.key); setAside(''); }} />`)}
      </nav>
      <main>
        <div class="first">
          ${asking && open && html`<${Confirm} ask=${t.endAsk} about=${t.endAbout} yes=${t.endNow} onYes=${end} onNo=${dontEnd} />`}
          <${Failed} session=${session} />
        </div>
        <div class="talk">
          ${session.state === 'ended' && html`<${Ended} app=${app} session=${session} />`}
          <${Talk} key=${conv.key} session=${session} conv=${conv} hidden=${aside !== ''} />
        </div>
        <div class="side">
          <${People} session=${session} />
          <${Board} session=${session} />
        </div>
      </main>
    </div>`;
}

function nameOf(conv) {
  if (!conv.key) return t.group;
  return t.between(conv.names);
}

function Tab({name, unread, current, onClick}) {
  return html`
    <button type="button" class="conv" aria-current=${current ? 'true' : undefined} onClick=${onClick}>
      ${name}${unread > 0 && html` <span class="badge">${unread}<span class="spoken"> ${t.unread(unread).replace(/^\d+ /, '')}</span></span>`}
    </button>`;
}

/** What was refused, other than messages, which say it themselves. */
function Failed({session}) {
  const failed = session.outbox.entries.filter(e => e.state === 'failed' && e.action.type !== 'message');
  return html`<div role="alert" class=${failed.length ? 'alert' : 'none'}>
    ${failed.map(e => html`<p key=${e.clientId} class="row">
      <span>${(t.actionFailed[e.action.type] || t.notSent)(errorText({code: e.code}))}</span>
      <button type="button" class="quiet" onClick=${() => session.outbox.discard(e.clientId)}>${t.discard}</button>
    </p>`)}
  </div>`;
}
