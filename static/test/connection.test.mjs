import test from 'node:test';
import assert from 'node:assert/strict';
import {Connection} from '../app/connection.js';
import {ApiError} from '../app/api.js';

const detail = {participants: []};
const enteredFrame = more => ({type: 'entered', ts_id: 'TS1', state: 'admitted', epoch: 'e1', max_id: 0, detail, ...more});
const settled = async () => { for (let i = 0; i < 20; i++) await new Promise(setImmediate); };

/**
 * A connection in a world that the test plays: sockets it opened are in
 * world.sockets; calls are answered by world.api.
 */
function world(t, force, api = {}) {
  t.mock.timers.enable({apis: ['setTimeout', 'setInterval', 'Date']});
  const w = {sockets: [], said: [], position: {epoch: '', id: 0}, calls: []};
  class FakeSocket {
    constructor(url, protocols) {
      Object.assign(this, {url, protocols, readyState: 0, sent: []});
      w.sockets.push(this);
    }
    send(text) { this.sent.push(JSON.parse(text)); }
    close() { this.readyState = 3; }
    says(frame) {
      this.readyState = 1;
      this.onmessage({data: JSON.stringify(frame)});
    }
    ends(code, reason = '') {
      this.readyState = 3;
      if (this.onclose) this.onclose({code, reason});
    }
    /** Answers the upgrade, and what is entered. */
    opens(more) {
      this.says({type: 'hello', protocol: 1});
      const ref = this.sent[this.sent.length - 1].ref;
      this.says(enteredFrame({ref, ...more}));
    }
  }
  const never = () => new Promise(() => {});
  const calls = {me: async () => ({}), enter: never, actions: never, detail: async () => detail, ...api};
  w.api = {};
  for (const name of [...Object.keys(calls), 'save', 'leave']) {
    w.api[name] = (...args) => {
      w.calls.push([name, ...args]);
      return calls[name](...args);
    };
  }
  const say = (...what) => { w.said.push(what); };
  w.c = new Connection({
    api: w.api, ts: 'TS1', force, pollInterval: 5000, position: () => w.position,
    env: {WebSocket: FakeSocket, location: {protocol: 'https:', host: 'chat.example.org'}, random: () => 1},
    on: {
      link: l => say('link', l.via, l.up), entered: e => say('entered', e.state, e.reason),
      actions: f => {
        w.position = {epoch: f.epoch, id: f.max_id};
        say('actions', f.max_id, !!f.fromStart, !!f.last);
      },
      presence: (u, s) => say('presence', u, s), typing: (u, to) => say('typing', u, to), over: (to, code) => say('over', to, code),
    },
  });
  w.take = () => w.said.splice(0);
  w.c.run();
  return w;
}

test('it enters from its own position, and again after a loss', async t => {
  const w = world(t);
  const [first] = w.sockets;
  assert.equal(first.url, 'wss://chat.example.org/api/ws');
  assert.deepEqual(first.protocols, ['hearth.v1']);
  first.opens();
  assert.deepEqual(first.sent, [{type: 'enter', ref: '1', ts_id: 'TS1', last_action_id: 0}]);
  first.says({type: 'actions', ts_id: 'TS1', epoch: 'e1', max_id: 7, actions: []});
  first.says({type: 'actions', ts_id: 'TS1', epoch: 'e1', max_id: 9, actions: []});
  first.says({type: 'actions', ts_id: 'TS2', epoch: 'e9', max_id: 99, actions: []});
  assert.deepEqual(w.take(), [['link', 'ws', false], ['entered', 'admitted', undefined], ['link', 'ws', true], ['actions', 7, true, false], ['actions', 9, false, false]]);
  first.ends(1013);
  await settled();
  t.mock.timers.tick(1000);
  await settled();
  w.sockets[1].opens();
  assert.deepEqual(w.sockets[1].sent[0], {type: 'enter', ref: '1', ts_id: 'TS1', last_action_id: 9, epoch: 'e1'});
});

test('the server says when to come back after a restart', async t => {
  const w = world(t);
  w.sockets[0].opens();
  w.sockets[0].ends(1001, 'retry_ms=4000');
  await settled();
  t.mock.timers.tick(3999);
  await settled();
  assert.equal(w.sockets.length, 1);
  t.mock.timers.tick(1);
  await settled();
  assert.equal(w.sockets.length, 2);
});

test('entered without ref says that something changed', async t => {
  const w = world(t);
  w.sockets[0].opens({state: 'waiting', reason: 'waiting_room'});
  w.sockets[0].says(enteredFrame());
  assert.deepEqual(w.take().filter(s => s[0] === 'entered'), [['entered', 'waiting', 'waiting_room'], ['entered', 'admitted', undefined]]);
});

test('a login that ended, a removal', async t => {
  for (const [code, to] of [[4401, 'login'], [4403, 'list']]) {
    await t.test(String(code), async t => {
      const w = world(t);
      w.sockets[0].opens();
      w.take();
      w.sockets[0].ends(code);
      await settled();
      assert.equal(w.take()[0][1], to);
      t.mock.timers.tick(100000);
      await settled();
      assert.equal(w.sockets.length, 1);
    });
  }
});

test('a socket refused before it opens may mean that the login has ended', async t => {
  const w = world(t, '', {me: async () => { throw new ApiError('not_authenticated'); }});
  w.sockets[0].ends(1006);
  await settled();
  assert.deepEqual(w.take().pop(), ['over', 'login', 'not_authenticated']);
});

test('a session that is not ours', async t => {
  const w = world(t);
  w.sockets[0].says({type: 'hello'});
  w.sockets[0].says({type: 'error', ref: '1', code: 'not_allowed', message: ''});
  await settled();
  assert.deepEqual(w.take().pop(), ['over', 'list', 'not_allowed']);
});

test('what is saved is answered by its reference, or not known when the socket ends', async t => {
  const w = world(t);
  await assert.rejects(w.c.save([{}]), {code: 'network'});
  const [s] = w.sockets;
  s.opens();
  const [one, two, three] = [w.c.save([{body: 'a'}]), w.c.save([{body: 'b'}]), w.c.save([{body: 'c'}])];
  const refs = s.sent.slice(1).map(f => f.ref);
  assert.deepEqual(s.sent[1], {type: 'save', ref: refs[0], epoch: '', actions: [{body: 'a'}]});
  s.says({type: 'saved', ref: refs[1], results: [{id: 2}]});
  s.says({type: 'error', ref: refs[2], code: 'too_fast', retry_after: 3});
  assert.deepEqual(await two, [{id: 2}]);
  await assert.rejects(three, {code: 'too_fast', retryAfter: 3000});
  const lost = assert.rejects(one, {code: 'network'});
  s.ends(1006);
  await lost;
});

test('a line that says nothing is asked, and then given up', async t => {
  const w = world(t);
  w.sockets[0].opens();
  t.mock.timers.tick(30000);
  assert.equal(w.sockets[0].sent.pop().type, 'ping');
  w.sockets[0].says({type: 'pong'});
  t.mock.timers.tick(30000);
  assert.equal(w.sockets[0].sent.pop().type, 'ping');
  t.mock.timers.tick(15000);
  await settled();
  t.mock.timers.tick(1000);
  await settled();
  assert.equal(w.sockets.length, 2);
});

test('when WebSockets do not come through: held answers, from the same position', async t => {
  const answers = [{epoch: 'e1', max_id: 3, actions: [{id: 3}]}, {epoch: 'e1', max_id: 4, actions: [{id: 4}]}];
  const w = world(t, '', {enter: async () => enteredFrame(), actions: async () => answers.shift() || new Promise(() => {})});
  w.sockets[0].ends(1006);
  await settled();
  t.mock.timers.tick(1000);
  await settled();
  w.sockets[1].ends(1006);
  await settled();
  assert.deepEqual(w.calls.filter(c => c[0] === 'actions').map(c => [c[2], c[3]]),
    [[{epoch: '', id: 0}, 0], [{epoch: 'e1', id: 3}, 25], [{epoch: 'e1', id: 4}, 25]]);
  assert.deepEqual(w.take().filter(s => s[0] === 'actions'), [['actions', 3, true, true], ['actions', 4, false, true]]);
});

test('polls come every interval, and at once after saving', async t => {
  const w = world(t, 'poll', {
    enter: async () => enteredFrame(), actions: async () => ({epoch: 'e1', max_id: 3, actions: []}), save: async () => ({saved: [{id: 4}]}),
  });
  const polls = () => w.calls.filter(c => c[0] === 'actions').length;
  await settled();
  assert.equal(polls(), 1);
  t.mock.timers.tick(5000);
  await settled();
  assert.equal(polls(), 2);
  assert.deepEqual(await w.c.save([{body: 'a'}]), [{id: 4}]);
  await settled();
  assert.equal(polls(), 3);
  assert.equal(w.sockets.length, 0);
});

test('held answers that come empty at once do not become a storm', async t => {
  const w = world(t, 'wait', {enter: async () => enteredFrame(), actions: async () => ({epoch: 'e1', max_id: 3, actions: []})});
  await settled();
  assert.equal(w.calls.filter(c => c[0] === 'actions').length, 2);
  t.mock.timers.tick(5000);
  await settled();
  assert.equal(w.calls.filter(c => c[0] === 'actions').length, 3);
});

test('who waits asks again, and moves on; who is sent back waits again', async t => {
  const states = ['waiting', 'waiting', 'admitted'];
  let reads = 0;
  const w = world(t, 'poll', {
    enter: async () => enteredFrame({state: states.shift() || 'waiting'}),
    actions: async () => {
      if (++reads === 2) throw new ApiError('not_admitted');
      return {epoch: 'e1', max_id: 3, actions: []};
    },
  });
  for (let i = 0; i < 4; i++) {
    await settled();
    t.mock.timers.tick(5000);
  }
  await settled();
  assert.deepEqual(w.take().filter(s => s[0] === 'entered').map(s => s[1]).slice(0, 4), ['waiting', 'waiting', 'admitted', 'waiting']);
});

test('a session that has ended is read to its end, and then left alone', async t => {
  const answers = [{epoch: 'e1', max_id: 500, actions: [], more: true}, {epoch: 'e1', max_id: 600, actions: []}];
  const w = world(t, 'wait', {enter: async () => { throw new ApiError('session_ended'); }, actions: async () => answers.shift()});
  await settled();
  t.mock.timers.tick(600000);
  await settled();
  assert.deepEqual(w.take().filter(s => s[0] !== 'link'), [['entered', 'ended', undefined], ['actions', 500, true, false], ['actions', 600, false, true]]);
});

test('polls of somebody who was removed, or whose login ended', async t => {
  for (const [code, ...over] of [['not_allowed', 'list', 'removed'], ['not_authenticated', 'login', 'not_authenticated']]) {
    await t.test(code, async t => {
      const w = world(t, 'poll', {enter: async () => enteredFrame(), actions: async () => { throw new ApiError(code); }});
      await settled();
      assert.deepEqual(w.take().pop(), ['over', ...over]);
    });
  }
});

test('a nudge ends a pause', async t => {
  const w = world(t);
  w.sockets[0].opens();
  w.sockets[0].ends(1001, 'retry_ms=20000');
  await settled();
  w.c.nudge();
  await settled();
  assert.equal(w.sockets.length, 2);
});

test('stopping is for good', async t => {
  const w = world(t);
  w.sockets[0].opens();
  const stopped = w.c.stop(true);
  const left = w.sockets[0].sent.pop();
  assert.equal(left.type, 'leave');
  w.sockets[0].says({type: 'left', ref: left.ref});
  await stopped;
  await settled();
  t.mock.timers.tick(100000);
  await settled();
  assert.equal(w.sockets.length, 1);
});

test('after sleep it is found out soon whether the line still holds', async t => {
  for (const alive of [true, false]) {
    t.mock.timers.reset();
    const w = world(t);
    t.mock.timers.tick(1);
    w.sockets[0].opens();
    w.c.nudge();
    w.c.nudge();
    assert.deepEqual(w.sockets[0].sent.slice(1), [{type: 'ping'}]);
    t.mock.timers.tick(3000);
    if (alive) w.sockets[0].says({type: 'pong'});
    t.mock.timers.tick(3000);
    await settled();
    t.mock.timers.tick(1000);
    await settled();
    assert.equal(w.sockets.length, alive ? 1 : 2);
  }
});

test('who types is told with whom it is for', t => {
  const w = world(t);
  w.sockets[0].opens();
  w.take();
  w.sockets[0].says({type: 'typing', user: 'P2', recipients: ['P1']});
  w.sockets[0].says({type: 'typing', user: 'P2'});
  assert.deepEqual(w.take(), [['typing', 'P2', ['P1']], ['typing', 'P2', undefined]]);
});

test('a line that went dead is noticed soon, even where the clock was put back', async t => {
  const w = world(t);
  t.mock.timers.setTime(7200000);
  w.sockets[0].opens();
  t.mock.timers.setTime(3600000);
  for (let i = 0; i < 12; i++) t.mock.timers.tick(5000);
  await settled();
  assert.equal(w.sockets[0].readyState, 3);
});

test('who wants to try now need not wait until it is known why a socket was refused', async t => {
  const w = world(t, '', {me: () => new Promise(() => {})});
  w.sockets[0].ends(1006);
  await settled();
  w.c.nudge();
  await settled();
  t.mock.timers.tick(1000);
  await settled();
  assert.equal(w.sockets.length, 2);
});
