import test from 'node:test';
import assert from 'node:assert/strict';
import {Outbox} from '../app/outbox.js';
import {Session} from '../app/session.js';
import {Keep} from '../app/keep.js';

globalThis.document = {hidden: false};

const people = [
  {id: 'P1', name: 'Gilligan', role: 'participant', status: 'online', muted: false},
  {id: 'P2', name: 'Mary Ann', role: 'participant', status: 'online', muted: false},
  {id: 'T1', name: 'Dr. Howell', role: 'therapist', status: 'online', muted: false},
];
const detail = (more = []) => ({id: 'TS1', name: 'Evening group', whiteboard: '', private_messages: 'anyone', participants: people.concat(more)});
const at = '2026-12-01T18:00:00.000Z';
const message = (id, user, more) => ({id, type: 'message', user, body: 'x', timestamp: at, recipients: [], ...more});
const settled = async () => { for (let i = 0; i < 20; i++) await new Promise(setImmediate); };

function storage() {
  const all = new Map();
  return {
    get length() { return all.size; }, key: i => Array.from(all.keys())[i], getItem: k => all.has(k) ? all.get(k) : null,
    setItem: (k, v) => all.set(k, v), removeItem: k => all.delete(k),
  };
}

/** A session of me, entered, with an empty log; the server is played by the test. */
function world(t, me, {keep = new Keep(storage()).of(me), participants = [], api = {}, ...options} = {}) {
  t.mock.timers.enable({apis: ['setTimeout', 'setInterval', 'Date'], now: Date.parse(at)});
  const w = {keep, news: 0, over: [], calls: [], sockets: [], d: detail(participants)};
  class FakeSocket {
    constructor() {
      this.readyState = 1;
      this.sent = [];
      w.sockets.push(this);
    }
    send(text) { this.sent.push(JSON.parse(text)); }
    close() {}
  }
  const answers = {detail: async () => w.d, assessments: async () => ({assessments: []}), sessions: async () => ({action_items: []}), me: async () => ({}), ...api};
  const calls = {};
  for (const name of ['detail', 'assessments', 'sessions', 'me', 'unlock', 'code', 'moderate']) {
    calls[name] = (...args) => {
      w.calls.push([name, ...args]);
      return answers[name](...args);
    };
  }
  w.s = new Session({
    api: calls, keep, user: people.find(p => p.id === me), ts: 'TS1', pollInterval: 5000, news: () => { w.news++; },
    over: (...what) => w.over.push(what), env: {WebSocket: FakeSocket, location: {protocol: 'https:', host: 'x'}}, ...options,
  });
  w.says = frame => w.sockets[w.sockets.length - 1].onmessage({data: JSON.stringify(frame)});
  w.actions = (...actions) => w.says({type: 'actions', ts_id: 'TS1', epoch: 'e', max_id: actions.length ? actions[actions.length - 1].id : 0, actions});
  w.sent = type => w.sockets[w.sockets.length - 1].sent.filter(f => f.type === type);
  w.saved = () => w.sent('save').reduce((all, f) => all.concat(f.actions), []);
  w.enter = (max = 0) => {
    w.says({type: 'hello'});
    w.says({type: 'entered', ref: '1', ts_id: 'TS1', state: 'admitted', epoch: 'e', max_id: max, detail: w.d});
  };
  w.s.start();
  w.enter();
  w.actions();
  return w;
}
const conv = (w, name) => w.s.conversations().find(c => c.names.join() === name);

test('news are messages of others after the catch-up, and nothing else', t => {
  const w = world(t, 'P1');
  w.enter(2);
  w.s.caughtUp = false;
  w.actions(message(1, 'P2'), message(2, 'P2'));
  assert.equal(w.news, 0, 'history');
  w.actions(message(3, 'P1'));
  w.actions({id: 4, type: 'reaction', user: 'P2', target: 3, icon: 'heart', recipients: [], timestamp: at});
  w.actions(message(5, 'P2', {deleted: true}));
  assert.equal(w.news, 0);
  w.actions(message(6, 'P2'));
  assert.equal(w.news, 1);
  w.actions(message(6, 'P2'));
  assert.equal(w.news, 1, 'the same again');
});

test('typing is shown in the conversation that the message would be in, until it comes or time passes', t => {
  const w = world(t, 'P1');
  w.says({type: 'typing', user: 'P2'});
  w.says({type: 'typing', user: 'T1', recipients: ['P1']});
  w.says({type: 'typing', user: 'P1'});
  assert.deepEqual([w.s.typingIn(''), w.s.typingIn('P1|T1'), w.s.typingIn('P1|P2')], [['Mary Ann'], ['Dr. Howell'], []]);
  w.actions(message(1, 'T1'));
  assert.deepEqual(w.s.typingIn('P1|T1'), ['Dr. Howell'], 'a message elsewhere');
  w.actions(message(2, 'T1', {recipients: ['P1']}));
  assert.deepEqual(w.s.typingIn('P1|T1'), []);
  t.mock.timers.tick(5001);
  assert.deepEqual(w.s.typingIn(''), []);
});

test('how a message was typed is sent, unless the person did not agree', t => {
  for (const [keystrokes, want] of [[true, ['h', 'i']], [undefined, ['h', 'i']], [false, undefined]]) {
    t.mock.timers.reset();
    const w = world(t, 'P1', {keystrokes});
    const k = w.s.keystrokesOf('');
    assert.equal(k === null, keystrokes === false);
    if (k) ['h', 'i'].forEach(key => k.keydown({key}));
    w.s.say(conv(w, ''), 'hi', 0);
    const [a] = w.saved();
    assert.deepEqual([a.body, a.character_history, 'time_to_complete' in a], ['hi', want, keystrokes !== false], String(keystrokes));
    assert.equal(w.s.drafts.typed.size, keystrokes === false ? 0 : 1);
  }
});

test('a message that was refused is taken up with how it was typed, and what it answers', async t => {
  const w = world(t, 'P1');
  w.actions(message(1, 'P2'));
  ['a', 'b'].forEach(key => w.s.keystrokesOf('').keydown({key}));
  w.s.say(conv(w, ''), 'ab', 1);
  const [f] = w.sent('save');
  w.says({type: 'saved', ref: f.ref, max_id: 1, results: [{error: {code: 'muted'}}]});
  await settled();
  const [entry] = w.s.outbox.entries;
  assert.equal(entry.state, 'failed');
  w.s.setDraft('', 'later');
  w.s.outbox.discard(entry.clientId);
  w.s.takeUp(entry);
  w.s.keystrokesOf('').keydown({key: 'c'});
  assert.equal(w.s.draft(''), 'ab\nlater');
  assert.equal(w.s.replyIn('').id, 1);
  assert.deepEqual(w.s.keystrokesOf('').take().character_history, ['a', 'b', 'Edit', 'c']);
});

test('a draft, its answer and its history are there after a reload; of another person nothing', t => {
  const tab = new Keep(storage());
  const keep = tab.of('P1');
  const first = world(t, 'P1', {keep});
  first.s.setDraft('P1|T1', 'half a tho');
  first.s.keystrokesOf('P1|T1').keydown({key: 'o'});
  first.s.replyTo('P1|T1', 3);
  first.s.pause();
  const again = new Session({api: {}, keep, user: people[0], ts: 'TS1', pollInterval: 1, over() {}, env: {}});
  assert.equal(again.draft('P1|T1'), 'half a tho');
  assert.equal(again.drafts.replies.get('P1|T1'), 3);
  assert.deepEqual(again.keystrokesOf('P1|T1').take().character_history, ['o', 'Reload']);
  const other = new Session({api: {}, keep: tab.of('P2'), user: people[1], ts: 'TS1', pollInterval: 1, over() {}, env: {}});
  assert.equal(other.draft('P1|T1'), '');
  const unrecorded = new Session({api: {}, keep, user: people[0], ts: 'TS1', pollInterval: 1, keystrokes: false, over() {}, env: {}});
  assert.deepEqual([unrecorded.draft('P1|T1'), unrecorded.keystrokesOf('P1|T1')], ['half a tho', null]);
});

test('what was on the screen for a moment is told to be read, once, and only what others wrote', async t => {
  const w = world(t, 'P1');
  w.actions(message(1, 'P2'), message(2, 'P2'), message(3, 'P1'), message(4, 'P2'), message(5, 'P2'));
  assert.equal(w.s.unread(''), 2);
  w.s.saw('', 3);
  assert.equal(w.s.unread(''), 2);
  w.s.saw('', 4);
  assert.equal(w.s.unread(''), 1);
  t.mock.timers.tick(799);
  assert.deepEqual(w.saved(), []);
  w.s.saw('', 5);
  t.mock.timers.tick(800);
  assert.deepEqual(w.saved().map(a => [a.type, a.target]), [['message_read', 5]]);
  w.s.saw('', 5);
  t.mock.timers.tick(1000);
  assert.equal(w.saved().length, 1);
});

test('the connection is lost since the moment it went', t => {
  const w = world(t, 'P1');
  assert.deepEqual([w.s.link.up, w.s.link.since], [true, Date.now()]);
  t.mock.timers.tick(7000);
  w.s.linked({via: 'ws', up: false});
  const since = Date.now();
  t.mock.timers.tick(2000);
  w.s.linked({via: 'wait', up: false, retryAt: 1});
  assert.deepEqual([w.s.link.since, w.s.link.retryAt, w.s.link.via], [since, 1, 'wait']);
});

test('since when somebody is here or gone, as far as this page saw it', t => {
  const w = world(t, 'T1');
  assert.equal(w.s.since('P2'), 0);
  t.mock.timers.tick(60000);
  w.says({type: 'presence', user: 'P2', status: 'offline'});
  const then = Date.now();
  t.mock.timers.tick(60000);
  w.says({type: 'presence', user: 'P2', status: 'offline'});
  assert.deepEqual([w.s.since('P2'), w.s.since('P1')], [then, 0]);
});

test('when somebody wrote last, wherever the reader sees it', t => {
  const w = world(t, 'T1');
  w.actions(message(1, 'P2', {timestamp: '2026-12-01T18:00:00.000Z'}), message(2, 'P2', {recipients: ['P1'], timestamp: '2026-12-01T18:05:00.000Z'}));
  assert.deepEqual([w.s.lastSpoke('P2'), w.s.lastSpoke('P1')], [Date.parse('2026-12-01T18:05:00.000Z'), 0]);
});

test('a therapist learns what those who wait have to fill in, and again when it changes; a participant does not ask', async t => {
  const waiting = [{id: 'P9', name: 'Ginger', role: 'participant', status: 'waiting', reason: 'assessments_incomplete', muted: false}];
  let n = 0;
  const api = {assessments: async () => ({assessments: [{name: 'a' + ++n}]})};
  const w = world(t, 'T1', {participants: waiting, api});
  assert.deepEqual(w.s.assessmentsOf('P9'), []);
  await settled();
  assert.deepEqual(w.s.assessmentsOf('P9').map(a => a.name), ['a1']);
  w.says({type: 'presence', user: 'P1', status: 'offline'});
  await settled();
  assert.equal(w.calls.filter(c => c[0] === 'assessments').length, 1);
  w.actions({id: 1, type: 'update_assessments', recipients: [], timestamp: at});
  await settled();
  assert.deepEqual(w.s.assessmentsOf('P9').map(a => a.name), ['a2']);
  t.mock.timers.reset();
  const p = world(t, 'P1', {participants: waiting, api});
  await settled();
  assert.equal(p.calls.filter(c => c[0] === 'assessments').length, 0);
});

test('a notice goes to everyone, or to whom it is for', t => {
  const w = world(t, 'T1');
  w.s.notice('in five minutes');
  assert.deepEqual(w.saved().map(a => [a.type, a.body, a.recipients]), [['notice', 'in five minutes', []]]);
  t.mock.timers.reset();
  const v = world(t, 'T1');
  v.s.notice('you', ['P1']);
  assert.deepEqual(v.saved()[0].recipients, ['P1']);
});

test('another log makes what was seen and answered here mean nothing', t => {
  const w = world(t, 'P1');
  w.actions(message(1, 'P2'), message(2, 'P2'));
  w.s.saw('', 2);
  w.s.replyTo('', 2);
  w.says({type: 'actions', ts_id: 'TS1', epoch: 'e2', max_id: 2, reset: true, actions: [message(1, 'P2'), message(2, 'P2')]});
  assert.equal(w.s.unread(''), 2);
  assert.equal(w.s.replyIn(''), null);
});

test('a reply to what was deleted meanwhile, or stands elsewhere, is none', t => {
  const w = world(t, 'P1');
  w.actions(message(1, 'P2'), message(2, 'P2', {recipients: ['P1']}));
  w.s.replyTo('', 2);
  assert.equal(w.s.replyIn(''), null);
  w.s.replyTo('', 1);
  assert.equal(w.s.replyIn('').id, 1);
  w.actions({id: 3, type: 'delete', target: 1, recipients: [], timestamp: at});
  assert.equal(w.s.replyIn(''), null);
});

test('what waits behind a call that is under way is sent before leaving', async t => {
  const w = world(t, 'P1');
  await settled();
  const group = w.s.conversations()[0];
  w.s.say(group, 'one', 0);
  w.s.say(group, 'two', 0);
  await settled();
  assert.deepEqual(w.saved().map(a => a.body), ['one']);
  w.s.stop(true);
  await settled();
  assert.deepEqual(w.saved().map(a => a.body), ['one', 'two']);
  assert.equal(w.sockets[0].sent[w.sockets[0].sent.length - 1].type, 'leave');
});

test('a session that was left neither tells of messages nor touches what is kept for the next visit', async t => {
  const w = world(t, 'P1');
  await settled();
  w.actions();
  w.s.say(w.s.conversations()[0], 'one', 0);
  await settled();
  w.s.stop(true); // answered by and by
  const again = new Outbox({send: () => new Promise(() => {}), keep: w.keep, name: w.s.kept('outbox'), changed() {}});
  again.add({type: 'message', body: 'two', recipients: []}, '');
  const save = w.sent('save')[0];
  w.says({type: 'saved', ref: save.ref, max_id: 1, results: [{id: 1, timestamp: at}]});
  w.says({type: 'entered', ts_id: 'TS1', state: 'admitted', epoch: 'e', max_id: 1, detail: w.d});
  w.actions(message(2, 'P2'));
  await settled();
  assert.equal(w.news, 0);
  assert.deepEqual(w.keep.get(w.s.kept('outbox')).map(e => e.action.body), ['one', 'two']);
});

test('what was done in a log that was replaced since is sent as of that log, where ids meant something else', async t => {
  const w = world(t, 'P1');
  w.actions(message(1, 'P2'));
  w.s.say(conv(w, ''), 'under way', 0);
  w.s.remove(w.s.log.items.get(1));
  w.s.replyTo('', 1);
  const [f] = w.sent('save');
  w.says({type: 'actions', ts_id: 'TS1', epoch: 'restored', max_id: 1, reset: true, actions: [message(1, 'P1', {body: 'another'})]});
  assert.deepEqual([w.s.targetIn(''), w.keep.get(w.s.kept('replies'))], [0, null]);
  w.s.say(conv(w, ''), 'after', 0);
  w.says({type: 'saved', ref: f.ref, max_id: 2, results: [{id: 2, timestamp: at}]});
  await settled();
  const [, second] = w.sent('save');
  assert.deepEqual([second.epoch, second.actions.map(a => a.type)], ['e', ['delete']]);
  w.says({type: 'saved', ref: second.ref, max_id: 2, results: [{error: {code: 'no_such_target'}}]});
  await settled();
  const third = w.sent('save')[2];
  assert.deepEqual([third.epoch, third.actions.map(a => a.body)], ['restored', ['after']]);
});

test('what is being replied to after a reload is replied to even before the messages are there', t => {
  const tab = new Keep(storage());
  const keep = tab.of('P1');
  world(t, 'P1', {keep}).s.replyTo('', 3);
  t.mock.timers.reset();
  const w = world(t, 'P1', {keep});
  w.s.caughtUp = false;
  assert.equal(w.s.targetIn(''), 3);
  w.s.caughtUp = true;
  assert.equal(w.s.targetIn(''), 0, 'it is not there');
});

test('a log that is read anew, in however many frames, is no news and nothing to say aloud', t => {
  const w = world(t, 'P1');
  w.enter(4);
  w.actions(message(1, 'P2'), message(2, 'P2'), message(3, 'P2'), message(4, 'P2'));
  w.news = 0;
  w.enter(4);
  w.says({type: 'actions', ts_id: 'TS1', epoch: 'restored', max_id: 2, reset: true, actions: [message(1, 'P2'), message(2, 'P2')]});
  w.actions(message(3, 'P2'), message(4, 'P2'));
  assert.deepEqual([w.news, w.s.old], [0, 4]);
  w.actions(message(5, 'P2'));
  assert.deepEqual([w.news, w.s.old], [1, 4]);
});
