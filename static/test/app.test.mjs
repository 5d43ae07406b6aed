// Who is logged in, and what is left behind.
import test from 'node:test';
import assert from 'node:assert/strict';
import {ApiError} from '../app/api.js';
import {App} from '../app/app.js';
import {Keep} from '../app/keep.js';
import {Notify} from '../app/notify.js';
import {readSettings} from '../app/settings.js';
import {FakeStorage} from './storage.mjs';

const denver = {id: 'P123', name: 'Gilligan', role: 'participant'};
const howell = {id: 'T1', name: 'Dr. Howell', role: 'therapist'};

function page(address = 'https://chat.example/', storage = new FakeStorage()) {
  const did = [];
  const url = new URL(address);
  const go = to => {
    const u = new URL(to, url);
    [url.pathname, url.search] = [u.pathname, u.search];
  };
  const p = {
    did, url, storage, me: {user: denver, poll_interval_ms: 4000, keystrokes: true}, refuses: {},
    api: {
      me: async () => {
        if (p.refuses.me) throw new ApiError(p.refuses.me);
        return p.me;
      },
      logout: async () => {
        did.push('logout');
        if (p.refuses.logout) throw new ApiError(p.refuses.logout);
      },
      enter: () => new Promise(() => {}),
      leave: async () => {},
    },
  };
  p.app = new App({
    api: p.api, keep: new Keep(storage), notify: new Notify({}), settings: readSettings(() => ''),
    place: {
      location: {get pathname() { return url.pathname; }, get search() { return url.search; }, replace: to => did.push('replace ' + to)},
      history: {pushState: (s, t, to) => go(to), replaceState: (s, t, to) => go(to)},
    },
    title: t => { p.title = t; }, empty: () => did.push('empty'), endLogin: () => did.push('endLogin'),
    online: () => !p.offline, tell: w => did.push('tell ' + w),
  });
  return p;
}

test('who is not logged in is asked to, and comes to the session of the address afterwards', async () => {
  const p = page('https://chat.example/?ts=TS1&transport=poll');
  p.refuses.me = 'not_authenticated';
  await p.app.begin();
  assert.equal(p.app.view, 'login');
  p.refuses = {};
  await p.app.verified(denver);
  assert.deepEqual([p.app.view, p.app.session.ts, p.app.pollInterval, p.url.search], ['session', 'TS1', 4000, '?ts=TS1&transport=poll']);
  p.app.close();
});

test('the window’s title names neither people nor sessions', async () => {
  const p = page();
  await p.app.begin();
  p.app.setUnread(2);
  assert.equal(p.title, '(2) Hearth');
  p.app.setUnread(0);
  assert.equal(p.title, 'Hearth');
});

test('a login that has ended keeps what its person wrote, for them alone', async () => {
  const p = page();
  await p.app.begin();
  p.app.keep.of('P123').set('TS1.drafts', 'secret');
  p.app.over('login', 'not_authenticated');
  assert.equal(p.app.view, 'login');
  assert.match(p.app.notice, /still here/);
  p.app.loggedIn(denver);
  assert.equal(p.app.keep.of('P123').get('TS1.drafts'), 'secret');
  p.app.over('login', 'not_authenticated');
  p.app.loggedIn(howell);
  assert.equal(p.storage.length, 0);
});

test('only what somebody was writing is said to be still there', async () => {
  const p = page();
  await p.app.begin();
  p.app.keep.of('P123').set('notify', 1);
  p.app.over('login', 'not_authenticated');
  assert.doesNotMatch(p.app.notice, /still here/);
});

test('a question who is logged in that hangs and fails late does not take the page away from who has come in meanwhile', async () => {
  const p = page();
  const asked = [];
  p.api.me = () => new Promise((answer, refuse) => asked.push({answer, refuse}));
  p.app.begin();
  p.app.begin(); // Try now
  asked[1].answer(p.me);
  await new Promise(setImmediate);
  assert.equal(p.app.view, 'list');
  asked[0].refuse(new ApiError('timeout'));
  await new Promise(setImmediate);
  clearTimeout(p.app.timer);
  assert.equal(p.app.view, 'list');
});

test('a logout whose answer is lost is one, once the server has ended the login', async () => {
  const p = page('https://chat.example/?ts=TS1&transport=poll');
  await p.app.begin();
  p.api.logout = async () => {
    p.app.session.over('login', 'not_authenticated'); // the connection hears it first
    throw new ApiError('timeout');
  };
  await p.app.logOut();
  assert.deepEqual(p.did, ['tell logout', 'empty', 'replace /']);
});

test('who is removed while a logout fails is told', async () => {
  const p = page('https://chat.example/?ts=TS1&transport=poll');
  await p.app.begin();
  p.api.logout = async () => {
    p.app.session.over('list', 'removed');
    throw new ApiError('network');
  };
  await assert.rejects(p.app.logOut(), {code: 'network'});
  assert.deepEqual([p.app.view, p.app.session], ['list', null]);
});

test('what was typed to log in is not kept after it', async () => {
  const p = page();
  p.app.keep.set('login', {phone: '650 555 0123', field: 'Denver', asked: null, until: Infinity});
  await p.app.verified(denver);
  assert.equal(p.storage.length, 0);
});

test('logging out leaves nothing, and tells the other tabs', async () => {
  const p = page();
  await p.app.begin();
  p.app.keep.of('P123').set('TS1.drafts', 'secret');
  await p.app.logOut();
  assert.equal(p.storage.length, 0);
  assert.deepEqual(p.did, ['logout', 'tell logout', 'empty', 'replace /']);
  assert.equal(p.app.keep.of('P123').set('TS1.outbox', 'late'), false);
});

test('a logout that does not reach the server changes nothing', async () => {
  const p = page();
  await p.app.begin();
  p.app.keep.of('P123').set('TS1.drafts', 'secret');
  p.refuses.logout = 'network';
  await assert.rejects(p.app.logOut(), {code: 'network'});
  assert.equal(p.app.keep.of('P123').get('TS1.drafts'), 'secret');
  assert.deepEqual(p.did, ['logout']);
});

test('leaving quickly asks nobody, and shows nothing more', async () => {
  const p = page();
  await p.app.begin();
  p.app.keep.of('P123').set('TS1.drafts', 'secret');
  p.app.exit();
  p.app.exit();
  p.app.show('list');
  assert.deepEqual(p.did, ['empty', 'endLogin', 'tell exit', 'replace /away']);
  assert.deepEqual(p.storage.all(), {'hearth.left': '1'});
  assert.deepEqual([p.app.user, p.app.sessions], [null, null]);
});

test('leaving quickly without a network leads to an empty page', async () => {
  const p = page();
  await p.app.begin();
  p.offline = true;
  p.app.exit();
  assert.equal(p.did.pop(), 'replace about:blank');
});

test('who left quickly without a network is logged out when the page is opened again', async () => {
  const storage = new FakeStorage();
  const first = page(undefined, storage);
  await first.app.begin();
  first.app.exit();
  const p = page(undefined, storage);
  p.refuses.logout = 'network';
  await p.app.begin();
  assert.equal(p.app.view, 'offline');
  clearTimeout(p.app.timer);
  p.refuses = {logout: 'not_authenticated', me: 'not_authenticated'};
  await p.app.begin();
  assert.equal(p.app.view, 'login');
  assert.equal(storage.length, 0);
});

test('an exit in another tab is one here, and a logout empties this tab too', async () => {
  const p = page();
  await p.app.begin();
  p.app.told('exit');
  assert.ok(p.did.includes('replace /away'));
  const q = page();
  await q.app.begin();
  q.app.keep.of('P123').set('TS1.drafts', 'secret');
  q.app.told('logout');
  assert.equal(q.storage.length, 0);
  assert.deepEqual(q.did, ['empty', 'replace /']);
});

test('who went to a survey from the list comes back to it; else to the session', async () => {
  const p = page();
  await p.app.begin();
  assert.equal(p.app.view, 'list');
  p.app.toSurvey();
  const back = page('https://chat.example/?ts=TS1', p.storage);
  await back.app.begin();
  assert.deepEqual([back.app.view, back.url.search], ['list', '']);
  const again = page('https://chat.example/?ts=TS1', p.storage);
  await again.app.begin();
  assert.equal(again.app.view, 'session');
  again.app.close();
});

test('a server that does not answer is said, with why, and asked again', async () => {
  const p = page();
  p.refuses.me = 'http_503';
  await p.app.begin();
  assert.deepEqual([p.app.view, p.app.trouble], ['offline', 'http_503']);
  p.refuses = {};
  p.app.nudge();
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(p.app.view, 'list');
  clearTimeout(p.app.timer);
});

test('settings that make no sense are the defaults', () => {
  const of = m => readSettings(n => m[n] || '');
  const usual = {field: 'last_name', digits: 6, tries: 1, exit: '/away'};
  assert.deepEqual(of({}), usual);
  assert.deepEqual(of({'hearth-login-field': 'LOGIN_FIELD', 'hearth-code-digits': 'x', 'hearth-code-tries': '-1', 'hearth-exit': 'javascript:x'}), usual);
  assert.deepEqual(of({'hearth-exit': '//x.example'}), usual);
  assert.deepEqual(of({'hearth-login-field': 'name', 'hearth-code-digits': '8', 'hearth-code-tries': '3', 'hearth-exit': 'https://x.example/'}),
    {field: 'name', digits: 8, tries: 3, exit: 'https://x.example/'});
});

test('who leaves while a message waits for the line is told so', async () => {
  const p = page('https://chat.example/?ts=TS1&transport=poll');
  await p.app.begin();
  p.app.session.outbox.add({type: 'message', body: 'x', recipients: []}, '');
  p.app.leave();
  assert.match(p.app.notice, /not be sent yet/);
  p.app.open('TS1');
  p.app.session.outbox.entries = [];
  p.app.leave();
  assert.equal(p.app.notice, 'You have left the session.');
});

test('who leaves quickly while a logout is under way stays away', async () => {
  const p = page();
  await p.app.begin();
  let done;
  p.api.logout = () => new Promise(answer => { done = answer; });
  const out = p.app.logOut();
  p.app.exit();
  done();
  await out;
  assert.deepEqual(p.did.filter(d => d.startsWith('replace')), ['replace /away']);
});

test('leaving quickly leads away even after a logout', async () => {
  const p = page();
  await p.app.begin();
  await p.app.logOut();
  p.app.exit();
  p.app.exit();
  assert.deepEqual(p.did.filter(d => d.startsWith('replace')), ['replace /', 'replace /away']);
  assert.equal(p.storage.length, 0);
});
