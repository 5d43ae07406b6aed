// Where the page begins: it gives the application the browser's things, and
// shows the view that the application says.
import {html, render, useErrorBoundary, useSubject} from './ui.js';
import {Api} from './api.js';
import {App} from './app.js';
import {endLogin, Tabs, TwoPresses} from './exit.js';
import {tabKeep} from './keep.js';
import {declare} from './language.js';
import {Notify} from './notify.js';
import {pageSettings} from './settings.js';
import {Login} from './views/login.js';
import {List} from './views/list.js';
import {SessionView} from './views/session.js';
import {Broken, Loading, Offline} from './views/shell.js';

export {App};

/** @param {{app: App}} p */
function Root({app}) {
  useSubject(app);
  const [broken] = useErrorBoundary();
  if (broken) return html`<${Broken} app=${app} />`; // a blank page would say nothing, and have no way out
  switch (app.view) {
    case 'login': return html`<${Login} app=${app} />`;
    case 'list': return html`<${List} app=${app} key=${app.notice} />`;
    case 'session': return app.session && html`<${SessionView} app=${app} session=${app.session} key=${app.session.ts} />`;
    case 'offline': return html`<${Offline} app=${app} />`;
  }
  return html`<${Loading} app=${app} />`;
}

declare();
const root = /** @type {HTMLElement} */ (document.getElementById('app'));
const notify = new Notify(/** @type {any} */ (window));
const app = new App({
  api: new Api(), keep: tabKeep(), notify, settings: pageSettings(document), place: window,
  title: t => { document.title = t; },
  empty: () => {
    root.hidden = true; // at once; taking it apart may take a moment
    document.title = '';
    render(null, root);
    document.body.textContent = '';
  },
  endLogin: () => endLogin(/** @type {any} */ (window)),
  online: () => navigator.onLine !== false,
  tell: what => tabs.tell(what),
});
const tabs = new Tabs(/** @type {any} */ (window).BroadcastChannel, what => app.told(what));
root.textContent = '';
render(html`<${Root} app=${app} />`, root);

const presses = new TwoPresses();
document.addEventListener('keydown', e => { if (presses.key(e, Date.now())) app.exit(); });
addEventListener('popstate', () => app.moved());
addEventListener('online', () => app.nudge());
addEventListener('offline', () => app.nudge());
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  notify.seen();
  app.nudge();
});
// A page that the browser has put aside and takes up again (Back) would show
// what was on it, whoever is logged in by now: it goes dark, and begins anew.
addEventListener('pagehide', () => { root.hidden = true; });
addEventListener('pageshow', e => { if (e.persisted) location.reload(); });
app.begin();
