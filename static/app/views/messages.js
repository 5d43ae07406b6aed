// The messages of one conversation.
import {html, useEffect, useLayoutEffect, useRef, useState} from '../ui.js';
import {dayOf} from '../format.js';
import {readers} from '../log.js';
import {text} from '../strings.js';
import {Message, Notice} from './message.js';

const t = text.chat;
const page = 80; // messages shown at first: old phones are slow
const near = 40; // px from the end that count as the end

export function Messages({session, conv, hidden, onReply}) {
  const [most, setMost] = useState(page);
  const box = useRef(null);
  const atEnd = useRef(true);
  const [below, setBelow] = useState(false);
  const {log} = session;

  const ids = log.convs.get(conv.key) || [];
  const shown = ids.slice(-most);
  const newest = shown.length ? shown[shown.length - 1] : 0;
  const pending = session.outbox.entries.filter(e => e.conv === conv.key && e.action.type === 'message');

  // What is on the screen is seen; who reads further up stays there.
  const look = () => {
    const el = box.current;
    if (!el || !el.clientHeight) return;
    atEnd.current = el.scrollHeight - el.scrollTop - el.clientHeight < near;
    if (atEnd.current && newest && !document.hidden && !hidden) session.saw(conv.key, newest);
    setBelow(!atEnd.current && session.unread(conv.key) > 0);
  };
  useLayoutEffect(() => {
    const el = box.current;
    if (el && atEnd.current) el.scrollTop = el.scrollHeight;
    look();
  });
  const looks = useRef(null);
  looks.current = look;
  useEffect(() => {
    // The box changes with the window, the keyboard, and what stands around it; who was at the end stays there.
    const again = () => {
      if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
      looks.current();
    };
    const shown = () => looks.current();
    const watch = typeof ResizeObserver === 'undefined' ? null : new ResizeObserver(again);
    if (watch && box.current) watch.observe(box.current);
    addEventListener('resize', again);
    document.addEventListener('visibilitychange', shown);
    return () => {
      if (watch) watch.disconnect();
      removeEventListener('resize', again);
      document.removeEventListener('visibilitychange', shown);
    };
  }, [session.caughtUp]);

  const earlier = () => {
    const el = box.current;
    const fromEnd = el.scrollHeight - el.scrollTop;
    setMost(most + page);
    requestAnimationFrame(() => { el.scrollTop = el.scrollHeight - fromEnd; });
    el.focus({preventScroll: true});
  };
  const toEnd = () => {
    box.current.scrollTop = box.current.scrollHeight;
    box.current.focus({preventScroll: true});
  };

  if (!session.caughtUp) return html`<div class="log"><p role="status">${t.catchingUp}</p></div>`;
  const last = lastOwn(log, shown);
  let day = '';
  return html`
    <div class="logbox">
      <div class="log" role="log" aria-label=${t.messages} aria-live="polite" tabindex="0" ref=${box} onScroll=${look}>
        ${shown.length < ids.length && html`<p class="centre"><button type="button" class="quiet" onClick=${earlier}>${t.earlier}</button></p>`}
        ${!ids.length && !pending.length && html`<p class="centre hint">${t.none}</p>`}
        ${shown.map(id => log.items.get(id)).concat(pending.map(e => underWay(log.me, e))).reduce((rows, item) => {
          const d = dayOf(item.at);
          if (d !== day) rows.push(html`<p class="day centre" key=${'d' + (item.id || item.clientId)}>${d}</p>`);
          day = d;
          // One on its way becomes the one in the log: the same place, not read out twice.
          rows.push(item.kind === 'notice'
            ? html`<${Notice} key=${item.id} session=${session} item=${item} />`
            : html`<${Message} key=${item.clientId || item.id} session=${session} item=${item} entry=${item.entry}
                answers=${item.target ? log.items.get(item.target) : null} reactions=${log.reactions.get(item.id)}
                readers=${item.id === last ? readers(log, item).map(p => session.nameOf(p)) : null} onReply=${onReply} />`);
          return rows;
        }, [])}
      </div>
      ${below && html`<button type="button" class="below" onClick=${toEnd}>${t.newBelow}</button>`}
    </div>`;
}

/** An outbox entry as the item that it will be. */
const underWay = (me, e) => ({
  id: 0, kind: 'message', user: me, sender: '', at: e.action.client_ts, body: e.action.body,
  recipients: e.action.recipients, target: e.action.target || 0, conv: e.conv, clientId: e.clientId, deleted: false, entry: e,
});

/** The reader's own newest message: there, who has read it is shown. */
function lastOwn(log, ids) {
  for (let i = ids.length - 1; i >= 0; i--) {
    const item = log.items.get(ids[i]);
    if (item.user === log.me && item.kind === 'message' && !item.deleted) return item.id;
  }
  return 0;
}
