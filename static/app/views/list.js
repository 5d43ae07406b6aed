// Home: what there is to do, and the sessions, today's first. It is up to date
// while somebody looks at it.
import {html, useAlive, useEffect, useFocus, useRef, useState} from '../ui.js';
import {agenda} from '../agenda.js';
import {dayAndTime, isToday, timeOfDay, webLink} from '../format.js';
import {errorText, text} from '../strings.js';
import {Alert, Page} from './shell.js';

const t = text.list;
const every = 15000; // ms between looks, while the page is seen

/**
 * @typedef {import('../app.js').App} App
 * @typedef {import('../agenda.js').Entry} Entry
 * @typedef {import('../agenda.js').ToDo} ToDo
 */

/** @param {{app: App}} p */
export function List({app}) {
  const {all, error, load} = useSessions(app);
  const title = useFocus('list', app.shown <= 1);
  const groups = all && agenda(all.therapy_sessions, new Date());
  /** @param {'today'|'coming'|'past'} which */
  const group = which => groups && groups[which].length > 0 && html`<${Group} id=${which} title=${t[which]} entries=${groups[which]} app=${app} />`;
  return html`<${Page} app=${app} title=${t.title} titleRef=${title}>
    <${Alert} text=${error && (all ? error + ' ' + t.stale : error)} />
    ${!all && !error && html`<p role="status" class="calm">${text.loading}</p>`}
    ${all && all.action_items.length > 0 && html`<${ToDos} items=${all.action_items} app=${app} />`}
    ${all && !all.therapy_sessions.length && html`<div class="calm"><p>${t.none}</p><p class="hint">${t.noneAbout}</p></div>`}
    ${group('today')}${group('coming')}${group('past')}
    <div class="row">
      <button type="button" class="quiet" onClick=${() => load(false)}>${error ? text.tryNow : t.refresh}</button>
      <${NotifySwitch} notify=${app.notify} />
    </div>
  <//>`;
}

/**
 * The sessions, looked at again and again while the page is seen, and at once
 * when it is seen again or the network is back.
 * @param {App} app
 */
function useSessions(app) {
  const [all, setAll] = useState(app.sessions);
  const [error, setError] = useState('');
  const alive = useAlive();
  const busy = useRef(false);
  /** @param {boolean} poll it is the page that asks, not the person: their idle time goes on */
  const load = async poll => {
    if (busy.current) return;
    busy.current = true;
    try {
      const got = await app.api.call('GET', 'getTherapySessions' + (poll ? '?poll=true' : ''));
      if (!alive.current) return;
      app.sessions = got;
      app.setUnread(got.therapy_sessions.reduce((/** @type {number} */ n, /** @type {Entry} */ s) => n + s.unread, 0));
      setAll(got);
      setError('');
    } catch (e) {
      if (!alive.current) return;
      if (e.code === 'not_authenticated') app.over('login', e.code);
      else setError(errorText(e));
    } finally {
      busy.current = false;
    }
  };
  useEffect(() => {
    load(false);
    const look = () => { if (!document.hidden) load(true); };
    const timer = setInterval(look, every);
    document.addEventListener('visibilitychange', look);
    addEventListener('online', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
      removeEventListener('online', look);
    };
  }, []);
  return {all, error, load};
}

/** @param {{items: ToDo[], app: App}} p */
function ToDos({items, app}) {
  return html`
    <section aria-labelledby="todo" class="card todo">
      <h2 id="todo">${t.todo}</h2>
      <p>${t.todoAbout}</p>
      <${Surveys} items=${items} label=${(/** @type {ToDo} */ i) => t.todoItem(i.title || i.name, i.ts_name)} onFollow=${() => app.toSurvey()} />
    </section>`;
}

/**
 * Links to surveys. They open in this window: the way back is theirs.
 * @param {{items: {ts_id?: string, name: string, url?: string}[], label: (item: any) => string, onFollow?: () => void}} p
 *   onFollow: somebody goes there
 */
export function Surveys({items, label, onFollow}) {
  return html`<ul class="surveys">
    ${items.map(i => html`<li key=${(i.ts_id || '') + '|' + i.name}>
      ${webLink(i.url) ? html`<a href=${i.url} rel="noreferrer" onClick=${onFollow} dir="auto">${label(i)}</a>` : `${label(i)}. ${text.waiting.noLink}`}
    </li>`)}
  </ul>`;
}

/** @param {{id: string, title: string, entries: Entry[], app: App}} p */
function Group({id, title, entries, app}) {
  return html`
    <section aria-labelledby=${'group-' + id} class="group">
      <h2 id=${'group-' + id}>${title}</h2>
      ${entries.map(s => html`<${Item} key=${s.id} s=${s} onEnter=${() => app.open(s.id)} />`)}
    </section>`;
}

/** @param {{s: Entry, onEnter: () => void}} p */
function Item({s, onEnter}) {
  const id = 'ts-' + s.id;
  const status = /** @type {Record<string, string>} */ (t.status)[s.status] || s.status;
  const when = s.date && (isToday(s.date, new Date()) ? t.todayAt(timeOfDay(s.date)) : dayAndTime(s.date));
  return html`
    <article aria-labelledby=${id} class=${'card session ' + s.status}>
      <div class="what">
        <h3 id=${id} dir="auto">${s.name}</h3>
        ${s.topic && html`<p dir="auto">${s.topic}</p>`}
        <p class="meta">${when && html`<time datetime=${s.date}>${when}</time> · `}<span class="status">${status}</span>${
          s.unread > 0 && html` · <strong class="badge">${t.unread(s.unread)}</strong>`}</p>
      </div>
      <button type="button" class=${s.status === 'open' ? 'main' : ''} aria-describedby=${id} onClick=${onEnter}>${s.status === 'ended' ? t.read : t.enter}</button>
    </article>`;
}

/**
 * Whether the system tells of new messages; only where it can.
 * @param {{notify: import('../notify.js').Notify}} p
 */
function NotifySwitch({notify}) {
  const [, again] = useState(0);
  if (!notify.supported) return null;
  const on = notify.state === 'on';
  const toggle = async () => {
    if (on) notify.turnOff();
    else await notify.turnOn();
    again(n => n + 1);
  };
  return html`
    <button type="button" class="quiet" aria-pressed=${on} aria-describedby="notify-about" onClick=${toggle}>${text.notify.turnOn}</button>
    <p id="notify-about" class="hint">${notify.state === 'denied' ? text.notify.denied : text.notify.about}</p>`;
}
