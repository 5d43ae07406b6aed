// How the line to the server is. A short loss is nobody's concern: it is
// silent for some seconds, and then said once, calmly.
import {html, useEffect, useState} from '../ui.js';
import {text} from '../strings.js';

const t = text.link;
const patience = 3000; // ms without a connection before it is said

/** @param {{session: import('../session.js').Session}} p */
export function Link({session}) {
  const {up, via, retryAt, since} = session.link;
  const [was, setWas] = useState(up); // connected once
  const [, tick] = useState(0);
  const now = Date.now();
  const lost = !up && now - since >= patience;
  useEffect(() => { if (up) setWas(true); }, [up]);
  useEffect(() => {
    if (up || lost) return undefined;
    const timer = setTimeout(() => tick(n => n + 1), Math.max(0, since + patience - now) + 20);
    return () => clearTimeout(timer);
  }, [up, lost, since]);
  useEffect(() => {
    if (!lost || !retryAt) return undefined;
    const timer = setInterval(() => tick(n => n + 1), 1000);
    return () => clearInterval(timer);
  }, [lost, retryAt]);
  const left = retryAt ? Math.max(1, Math.ceil((retryAt - now) / 1000)) : 0;
  const said = lost ? (session.outbox.kept ? t.lost : t.lostUnkept) : up || was ? (via === 'ws' || !up ? t.up : t.slow) : t.connecting;
  return html`
    <div class=${'link' + (lost ? ' down' : up || was ? ' up' : '')}>
      <span role="status" aria-label=${t.title}>${said}</span>
      ${lost && html`
        ${left > 0 && html`<span aria-hidden="true">${t.retry(left)}</span>`}
        <button type="button" class="quiet" onClick=${() => session.nudge()}>${text.tryNow}</button>`}
    </div>`;
}
