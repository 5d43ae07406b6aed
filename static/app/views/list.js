import {html, useAlive, useEffect, useFocus, useState} from '../ui.js';
import {dayAndTime, webLink} from '../format.js';
import {errorText, text} from '../strings.js';
import {Alert, Page} from './shell.js';

const t = text.list;

export function List({app}) {
  const [all, setAll] = useState(null);
  const [error, setError] = useState('');
  const alive = useAlive();
  const title = useFocus('list');
  const load = async () => {
    try {
      const got = await app.api.sessions();
      if (!alive.current) return;
      setAll(got);
      setError('');
    } catch (e) {
      if (!alive.current) return;
      if (e.code === 'not_authenticated') app.over('login', e.code);
      else setError(errorText(e));
    }
  };
  useEffect(() => {
    load();
    const seen = () => { if (!document.hidden) load(); };
    document.addEventListener('visibilitychange', seen);
    return () => document.removeEventListener('visibilitychange', seen);
  }, []);
  return html`<${Page} app=${app} title=${t.title} titleRef=${title}>
    <${Alert} text=${error} />
    ${!all && !error && html`<p role="status">${text.loading}</p>`}
    ${all && all.action_items.length > 0 && html`<${ToDo} items=${all.action_items} />`}
    ${all && !all.therapy_sessions.length && html`<p>${t.none}</p>`}
    ${all && all.therapy_sessions.map(s => html`<${Entry} key=${s.id} s=${s} onEnter=${() => app.open(s.id)} />`)}
    <p><button type="button" class="quiet" onClick=${load}>${t.refresh}</button></p>
  <//>`;
}

function ToDo({items}) {
  return html`
    <section aria-labelledby="todo" class="todo">
      <h2 id="todo">${t.todo}</h2>
      <p>${t.todoAbout}</p>
      <${Surveys} items=${items} label=${i => t.todoItem(i.title || i.name, i.ts_name)} />
    </section>`;
}

/** Links to surveys. They open in this window: the way back is theirs. */
export function Surveys({items, label}) {
  return html`<ul class="surveys">
    ${items.map(i => html`<li key=${(i.ts_id || '') + i.name}>
      ${webLink(i.url) ? html`<a href=${i.url} rel="noreferrer">${label(i)}</a>` : `${label(i)}. ${text.waiting.noLink}`}
    </li>`)}
  </ul>`;
}

function Entry({s, onEnter}) {
  const id = 'ts-' + s.id;
  const ended = s.status === 'ended';
  return html`
    <article aria-labelledby=${id} class="card">
      <h2 id=${id}>${s.name}</h2>
      ${s.topic && html`<p>${s.topic}</p>`}
      <p class="meta">
        ${s.date && dayAndTime(s.date) + ' · '}${t.status[s.status] || s.status}
        ${s.unread > 0 && html` · <strong>${t.unread(s.unread)}</strong>`}
      </p>
      <button type="button" class="main" aria-describedby=${id} onClick=${onEnter}>${ended ? t.read : t.enter}</button>
    </article>`;
}
