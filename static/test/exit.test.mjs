import test from 'node:test';
import assert from 'node:assert/strict';
import {endLogin, leaveQuickly, leftMark, Tabs, TwoPresses} from '../app/exit.js';
import {Keep} from '../app/keep.js';
import {FakeStorage} from './storage.mjs';

const names = ['empty', 'logout', 'stop', 'tell', 'replace'];

/** Leaves, with these steps failing. */
function leave(failing, storage = new FakeStorage()) {
  const done = [];
  const o = {keep: new Keep(storage)};
  for (const n of names) {
    o[n] = () => {
      done.push(n);
      if (failing.includes(n)) throw new Error(n);
    };
  }
  leaveQuickly(o);
  return done;
}

test('the screen is emptied before anything else, and the page is left last', () => {
  assert.deepEqual(leave([]), names);
});

test('whatever fails, the rest is done', () => {
  assert.deepEqual(leave(names.slice(0, 4)), names);
});

test('nothing typed or read stays, but a mark without content', () => {
  const s = new FakeStorage();
  const k = new Keep(s);
  k.set('login', {phone: '650 555 0123', field: 'Denver', asked: {id: 'abc'}});
  k.of('P123').set('TS1.drafts', [['', 'I cannot sleep']]);
  k.of('P123').set('TS1.outbox', [{action: {body: 'help'}}]);
  leave([], s);
  assert.deepEqual(s.all(), {['hearth.' + leftMark]: '1'});
});

test('the login is ended by a call that outlives the page', () => {
  const calls = [];
  const fetch = (path, init) => {
    calls.push([path, init]);
    return Promise.reject(new Error('offline'));
  };
  class Request_ { get keepalive() { return true; } }
  endLogin({Request: Request_, fetch, navigator: {sendBeacon: () => assert.fail('not needed')}});
  assert.equal(calls.length, 1);
  assert.equal(calls[0][0], '/api/logout');
  assert.deepEqual([calls[0][1].method, calls[0][1].keepalive, calls[0][1].credentials], ['POST', true, 'same-origin']);
});

test('a browser without keepalive sends a beacon', () => {
  const sent = [];
  endLogin({
    Request: class {}, fetch: () => assert.fail('it would be cancelled'), Blob,
    navigator: {sendBeacon: (path, body) => sent.push([path, body.type])},
  });
  assert.deepEqual(sent, [['/api/logout', 'application/json']]);
});

test('two presses of Escape within a second leave; others do not', () => {
  const esc = {key: 'Escape'};
  for (const [what, presses, want] of [
    ['twice', [[esc, 0], [esc, 900]], true],
    ['too slowly', [[esc, 0], [esc, 1100]], false],
    ['held down', [[esc, 0], [{key: 'Escape', repeat: true}, 500]], false],
    ['something between', [[esc, 0], [{key: 'a'}, 100], [esc, 200]], false],
    ['the first closed something', [[{key: 'Escape', defaultPrevented: true}, 0], [esc, 200]], false],
    ['the second closed something', [[esc, 0], [{key: 'Escape', defaultPrevented: true}, 200]], false],
    ['ending a composition', [[{key: 'Escape', isComposing: true}, 0], [esc, 200]], false],
    ['closed something, then twice', [[{key: 'Escape', defaultPrevented: true}, 0], [esc, 200], [esc, 400]], true],
    ['slow, then twice', [[esc, 0], [esc, 2000], [esc, 2500]], true],
  ]) {
    const p = new TwoPresses();
    assert.equal(presses.map(([e, at]) => p.key(e, at)).pop(), want, what);
  }
});

test('tabs hear each other, and nothing else', () => {
  const heard = [];
  const made = [];
  class Channel {
    constructor() { made.push(this); }
    postMessage(data) { made.filter(c => c !== this).forEach(c => c.onmessage({data})); }
  }
  const [a] = [new Tabs(Channel, w => heard.push('a ' + w)), new Tabs(Channel, w => heard.push('b ' + w))];
  a.tell('exit');
  made[0].postMessage({what: 'exit'});
  made[0].postMessage('logout');
  assert.deepEqual(heard, ['b exit', 'b logout']);
  new Tabs(undefined, () => {}).tell('exit');
});
