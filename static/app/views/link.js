// How the line to the server is.
import {html, useEffect, useState} from '../ui.js';
import {text} from '../strings.js';

const t = text.link;

export function Link({session}) {
  const {up, via, retryAt} = session.link;
  const [was, setWas] = useState(false); // connected once
  const [, tick] = useState(0);
  useEffect(() => { if (up) setWas(true); }, [up]);
  useEffect(() => {
    if (up || !retryAt) return undefined;
    const timer = setInterval(() => tick(n => n + 1), 1000);
    return () => clearInterval(timer);
  }, [up, retryAt]);
  const left = retryAt ? Math.max(1, Math.ceil((retryAt - Date.now()) / 1000)) : 0;
  return html`
    <div class=${'link ' + (up ? 'up' : 'down')}>
      <span role="status" aria-label=${t.title}>${up ? (via === 'ws' ? t.up : t.slow) : was || left ? t.lost : t.connecting}</span>
      ${!up && left > 0 && html`
        <span>${t.retry(left)}</span>
        <button type="button" class="quiet" onClick=${() => session.nudge()}>${text.tryNow}</button>`}
    </div>`;
}
