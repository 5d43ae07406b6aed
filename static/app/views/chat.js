// The chat of one therapy session: conversations, messages, people, whiteboard.
import {html, useEffect, useFocus, useRef, useState} from '../ui.js';
import {convOf} from '../log.js';
import {newlyWaiting} from '../people.js';
import {errorText, text} from '../strings.js';
import {Bar, Count} from './bar.js';
import {Board} from './board.js';
import {End} from './end.js';
import {Ended} from './ended.js';
import {Help} from './help.js';
import {NoticeForm, takeUpNotice} from './notice.js';
import {onEscape, useMedia, useVisibleHeight} from './panel.js';
import {Pane, usePanes} from './panes.js';
import {People} from './people.js';
import {Print} from './print.js';

const t = text.chat;
const sideFits = '(min-width: 60rem)'; // as in room.css: people and whiteboard stand beside the messages
const panesFit = '(min-width: 75rem)'; // and several conversations beside each other

/**
 * @typedef {import('../session.js').Session} Session
 * @typedef {import('../conversations.js').Conversation} Conversation
 */

/** @param {{app: import('../app.js').App, session: Session}} p */
export function Chat({app, session}) {
  const beside = useMedia(sideFits);
  const wide = useMedia(panesFit);
  const [aside, setAside] = useState(''); // '', people or board: what a narrow window shows instead of the messages
  const [sides, setSides] = useState({people: true, board: true}); // what a wider one shows beside them
  const [panel, setPanel] = useState(''); // '', notice, end, help or print
  const [taken, setTaken] = useState(0); // how often a notice was taken up again: the form begins anew
  const title = useFocus('chat');
  const menu = useRef(/** @type {any} */ (null));
  const buttons = useRef(/** @type {any} */ (null));
  const root = useRef(/** @type {any} */ (null));
  const side = useRef(/** @type {any} */ (null));
  useVisibleHeight(root);

  const all = session.conversations();
  const panes = usePanes(session, all, wide);
  const shows = beside ? sides : {people: aside === 'people', board: aside === 'board'};
  const news = useNews(session, shows.board, all.filter(c => panes.shown.indexOf(c) < 0));

  const unread = all.reduce((n, c) => n + session.unread(c.key), 0);
  useEffect(() => { app.setUnread(unread); }, [unread]);

  /** @param {'people'|'board'} what */
  const focusToggle = what => buttons.current.querySelector(`[data-shows=${what}]`).focus();
  /** @param {'people'|'board'} what */
  const toggle = what => {
    if (beside) setSides(Object.assign({}, sides, {[what]: !sides[what]}));
    else setAside(aside === what ? '' : what);
  };
  const toMessages = () => {
    const was = /** @type {'people'|'board'} */ (aside);
    setAside('');
    focusToggle(was);
  };
  useEffect(() => {
    if (!beside && aside && side.current) side.current.querySelector(aside === 'people' ? '#people-title' : '#board-title').focus();
  }, [aside]);
  /** @param {string} key */
  const show = key => {
    setAside('');
    panes.show(key);
  };
  /** @param {string} person */
  const writeTo = person => show(convOf(session.user.id, [person]));
  const closePanel = () => {
    setPanel('');
    if (menu.current) menu.current.focus();
  };
  const closePrint = () => {
    setPanel('');
    setTimeout(() => { if (menu.current) menu.current.focus(); });
  };

  const end = html`<${End} key="end" session=${session} asking=${panel === 'end'} onAsked=${() => setPanel('')} back=${menu} />`;
  if (panel === 'print' && session.therapist()) return html`<div class="paper"><${Print} session=${session} onClose=${closePrint} />${end}</div>`;
  return html`
    <div class=${'chat' + (wide ? ' wide' : beside ? ' medium' : ' narrow') + (aside && !beside ? ' aside' : '')} ref=${root}
      onKeyDown=${keys(panes, !beside && aside ? onEscape(toMessages) : null)}>
      <${Bar} app=${app} session=${session} title=${title} menu=${menu} buttons=${buttons} shows=${shows} toggle=${toggle}
        boardNew=${news.board} onPanel=${setPanel} onSkip=${() => { setAside(''); panes.focusMessages(); }} />
      <p role="status" class="spoken">${news.said}</p>
      <${Tabs} session=${session} all=${all} panes=${panes} onShow=${show} />
      <main>
        <div class="first">
          ${end}
          ${panel === 'notice' && session.open() && html`<${NoticeForm} key=${'notice' + taken} session=${session} onClose=${closePanel} />`}
          ${panel === 'help' && html`<${Help} session=${session} onClose=${closePanel} />`}
          <${Failed} session=${session} onNotice=${() => { setTaken(taken + 1); setPanel('notice'); }} />
          ${session.state === 'ended' && html`<${Ended} app=${app} session=${session} onPrint=${session.therapist() ? () => setPanel('print') : null} />`}
        </div>
        <div class="panes" id="messages" tabindex="-1" ref=${panes.box}>
          ${panes.shown.map(c => html`<${Pane} key=${c.key} session=${session} conv=${c} name=${nameOf(c)} panes=${panes}
            hidden=${!beside && aside !== ''} onClose=${wide && c.key ? () => panes.close(c.key) : null} />`)}
        </div>
        ${(shows.people || shows.board) && html`<div class="side" ref=${side}>
          ${!beside && html`<button type="button" class="back" onClick=${toMessages}>${t.toMessages}</button>`}
          ${shows.people && html`<${People} session=${session} onWrite=${writeTo} />`}
          ${shows.board && html`<${Board} session=${session} onSave=${news.wrote} />`}
        </div>`}
      </main>
    </div>`;
}

const saidFor = 5000; // ms

/** @param {Conversation} conv */
function nameOf(conv) { return conv.key ? t.between(conv.names) : t.group; }

/**
 * Ctrl+F6 goes through the panes, as in other programs; Escape closes what is open.
 * @param {import('./panes.js').Panes} panes
 * @param {((e: KeyboardEvent) => void)|null} escape
 */
function keys(panes, escape) {
  return (/** @type {KeyboardEvent} */ e) => {
    if (e.key === 'F6' && e.ctrlKey) {
      e.preventDefault();
      panes.cycle(e.shiftKey ? -1 : 1);
    } else if (escape) {
      escape(e);
    }
  };
}

/**
 * What is said of others' doings outside the messages, once.
 * @param {Session} session
 * @param {boolean} boardShown
 * @param {Conversation[]} hidden those that are not shown
 * @returns {{said: string, board: boolean, wrote: (body: string) => void}} board: it was changed and not looked at since
 */
function useNews(session, boardShown, hidden) {
  const [said, setSaid] = useState('');
  const [board, setBoard] = useState(false);
  const waited = useRef(/** @type {Set<string>|null} */ (null));
  const boardId = useRef(-1);
  const own = useRef(/** @type {string|null} */ (null));
  const {detail, log, caughtUp} = session;
  useEffect(() => {
    if (!session.therapist()) return;
    const fresh = waited.current ? newlyWaiting(waited.current, detail.participants) : [];
    waited.current = new Set(detail.participants.filter(p => p.status === 'waiting').map(p => p.id));
    if (fresh.length) setSaid(fresh.map(p => (p.reason === 'assessments_incomplete' ? t.startedWaitingSurvey : t.startedWaiting)(p.name)).join(' '));
  }, [detail]);
  const id = log.board ? log.board.id : 0;
  useEffect(() => {
    if (!caughtUp) return;
    const first = boardId.current < 0;
    const changed = !first && id > boardId.current;
    boardId.current = id;
    if (!changed || log.board && log.board.body === own.current) return;
    setSaid(t.boardChanged);
    setBoard(!boardShown);
  }, [caughtUp, id]);
  useEffect(() => { if (boardShown) setBoard(false); }, [boardShown]);
  // What is written where one does not look: that it is there, and not what it says.
  const counts = hidden.map(c => session.unread(c.key));
  const known = useRef(/** @type {Map<string, number>|null} */ (null));
  useEffect(() => {
    if (!caughtUp) return;
    const before = known.current;
    known.current = new Map(hidden.map((c, i) => [c.key, counts[i]]));
    const more = before ? hidden.filter((c, i) => counts[i] > (before.get(c.key) || 0)) : [];
    if (more.length) setSaid(more.map(c => t.unreadIn(session.unread(c.key), nameOf(c))).join(' '));
  }, [caughtUp, counts.join()]);
  useEffect(() => { // so that the same is said again when it happens again
    if (!said) return undefined;
    const timer = setTimeout(() => setSaid(''), saidFor);
    return () => clearTimeout(timer);
  }, [said]);
  return {said, board, wrote: body => { own.current = body; }};
}

/**
 * @param {{session: Session, all: Conversation[], panes: import('./panes.js').Panes, onShow: (key: string) => void}} p
 */
function Tabs({session, all, panes, onShow}) {
  const elsewhere = all.filter(c => panes.shown.indexOf(c) < 0 && session.unread(c.key) > 0);
  const n = elsewhere.reduce((sum, c) => sum + session.unread(c.key), 0);
  return html`
    <nav aria-label=${t.conversations} class="convs">
      <div class="tabs" ref=${panes.tabs}>
        ${all.map(c => html`<${Tab} key=${c.key} id=${c.key} name=${nameOf(c)} unread=${session.unread(c.key)} current=${panes.active === c.key}
          open=${panes.shown.indexOf(c) >= 0} onClick=${() => onShow(c.key)} />`)}
      </div>
      ${n > 0 && html`<button type="button" class="elsewhere main" onClick=${() => onShow(elsewhere[0].key)}>
        ${t.unread(n)}<span class="spoken"> ${t.elsewhere}</span></button>`}
    </nav>`;
}

/** @param {{id: string, name: string, unread: number, current: boolean, open: boolean, onClick: () => void}} p */
function Tab({id, name, unread, current, open, onClick}) {
  return html`
    <button type="button" class=${'conv' + (open ? ' open' : '')} data-conv=${id} aria-current=${current ? 'true' : undefined} onClick=${onClick}>
      <span class="name" dir="auto">${name}</span>${unread > 0 && html` <${Count} n=${unread} said=${t.unread(unread)} />`}
    </button>`;
}

/**
 * What was refused, other than messages, which say it themselves.
 * @param {{session: Session, onNotice: () => void}} p
 */
function Failed({session, onNotice}) {
  const failed = session.outbox.entries.filter(e => e.state === 'failed' && e.action.type !== 'message' &&
    !(e.action.type === 'endChatSession' && session.state === 'ended'));
  /** @param {import('../outbox.js').Entry} e */
  const edit = e => {
    session.outbox.discard(e.clientId);
    takeUpNotice(session, e.action.body || '');
    onNotice();
  };
  /** @param {any} event @param {import('../outbox.js').Entry} e */
  const discard = (event, e) => {
    event.currentTarget.closest('main').querySelector('#messages').focus({preventScroll: true}); // the button goes
    session.outbox.discard(e.clientId);
  };
  return html`<div role="alert" class=${failed.length ? 'alert' : 'none'}>
    ${failed.map(e => html`<p key=${e.clientId} class="row">
      <span>${(/** @type {any} */ (t.actionFailed)[e.action.type] || t.notSent)(errorText({code: e.code}))}</span>
      ${e.action.type === 'notice' && session.open() && html`<button type="button" class="quiet" onClick=${() => edit(e)}>${t.edit}</button>`}
      <button type="button" class="quiet" onClick=${(/** @type {Event} */ event) => discard(event, e)}>${t.discard}</button>
    </p>`)}
  </div>`;
}
