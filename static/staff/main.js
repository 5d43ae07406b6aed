// Where the page for study staff begins: it gives the application the
// browser's things, and shows the view that the application says.
import {html, render, useErrorBoundary, useSubject} from '../app/ui.js';
import {declare} from '../app/language.js';
import {App} from './app.js';
import {StaffApi} from './client.js';
import {Broken, Frame} from './views/frame.js';
import {SignIn} from './views/signin.js';
import {Sessions} from './views/sessions.js';
import {Roster} from './views/roster.js';
import {Downloads} from './views/downloads.js';
import {Audit} from './views/audit.js';
import {Tokens} from './views/tokens.js';
import {Health} from './views/health.js';

const view = {sessions: Sessions, roster: Roster, downloads: Downloads, audit: Audit, tokens: Tokens, health: Health};

/** @param {{app: App}} p */
function Root({app}) {
  useSubject(app);
  const [broken] = useErrorBoundary();
  if (broken) return html`<${Broken} />`;
  if (!app.api) return html`<${SignIn} app=${app} />`;
  return html`<${Frame} app=${app}><${view[app.view]} app=${app} api=${app.api} key=${app.view} /><//>`;
}

declare();
const root = /** @type {HTMLElement} */ (document.getElementById('app'));
const app = new App({api: (token, ended) => new StaffApi(token, {ended}), view: location.hash});
root.textContent = '';
render(html`<${Root} app=${app} />`, root);

addEventListener('hashchange', () => app.moved(location.hash));
app.subscribe(() => { // a new sign-in does not begin where somebody else was
  if (!app.api && location.hash && location.hash !== '#' + app.view) history.replaceState(null, '', location.pathname);
});
['keydown', 'pointerdown', 'input', 'wheel'].forEach(what => addEventListener(what, () => app.touch(), {passive: true}));
setInterval(() => app.tick(), 5000);
document.addEventListener('visibilitychange', () => app.tick());
// Whoever comes back to a page that the browser has put aside finds nothing in
// it: neither the token nor what was on the screen.
addEventListener('pagehide', () => {
  root.hidden = true;
  app.signOut('signedOut');
  render(null, root);
});
addEventListener('pageshow', e => { if (e.persisted) location.reload(); });
