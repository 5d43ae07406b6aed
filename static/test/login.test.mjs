import test from 'node:test';
import assert from 'node:assert/strict';
import {Keep} from '../app/keep.js';
import {codeOf, LoginUnderWay} from '../app/login.js';
import {FakeStorage} from './storage.mjs';

/** A tab with a clock of its own, whose page can be loaded again. */
function tab() {
  const s = new FakeStorage();
  const t = {now: 1e12, storage: s, load: () => new LoginUnderWay(new Keep(s), () => t.now)};
  return t;
}
const answer = {challenge: 'abc', resend_after: 60, expires_in: 600};

test('what was typed is there after a reload', () => {
  const t = tab();
  t.load().type('650 555 0123', 'Den');
  const l = t.load();
  assert.deepEqual([l.phone, l.field, l.asked], ['650 555 0123', 'Den', null]);
});

test('what was typed long ago is forgotten', () => {
  const t = tab();
  t.load().type('650 555 0123', 'Denver');
  t.now += 31 * 60000;
  assert.equal(t.load().phone, '');
  assert.equal(t.storage.length, 0);
});

test('the code that was asked for and its countdown survive a reload', () => {
  const t = tab();
  const l = t.load();
  l.type('650 555 0123', 'Denver');
  l.sent(answer);
  t.now += 20000;
  const after = t.load();
  assert.equal(after.asked.id, 'abc');
  assert.deepEqual(after.state(1), {spent: false, expired: false, resendIn: 40000});
  t.now += 41000;
  assert.equal(t.load().state(1).resendIn, 0);
});

test('a wrong code spends it after so many tries, also over a reload, and another may be asked for at once', () => {
  const t = tab();
  const l = t.load();
  l.type('1', 'x');
  l.sent(answer);
  l.wrong();
  assert.equal(t.load().state(1).spent, true);
  assert.equal(t.load().state(1).resendIn, 0);
  assert.equal(t.load().state(2).spent, false);
  assert.equal(t.load().state(2).resendIn, 60000);
  l.sent(Object.assign({}, answer, {challenge: 'def'}));
  assert.deepEqual([t.load().asked.id, t.load().state(1).spent], ['def', false]);
});

test('a code that is too old is said to be, and nothing of it stays', () => {
  const t = tab();
  const l = t.load();
  l.type('1', 'x');
  l.sent(answer);
  t.now += 600000;
  assert.equal(l.state(1).expired, true);
  assert.equal(t.storage.length, 0);
  assert.equal(l.phone, '1', 'the open page can still ask for another');
  assert.equal(t.load().asked, null);
});

test('an old code is forgotten by the next page', () => {
  const t = tab();
  const l = t.load();
  l.type('1', 'x');
  l.sent(answer);
  t.now += 600001;
  assert.equal(t.load().phone, '');
  assert.equal(t.storage.length, 0);
});

test('going back drops the code and keeps what was typed', () => {
  const t = tab();
  const l = t.load();
  l.type('1', 'x');
  l.sent(answer);
  l.back();
  assert.deepEqual([t.load().asked, t.load().phone], [null, '1']);
  assert.doesNotMatch(JSON.stringify(t.storage.all()), /abc/);
});

test('after the login nothing of it is left', () => {
  const t = tab();
  const l = t.load();
  l.type('1', 'x');
  l.sent(answer);
  l.done();
  assert.equal(t.storage.length, 0);
});

test('a wait that the server asks for is waited for', () => {
  const t = tab();
  const l = t.load();
  l.type('1', 'x');
  l.sent(Object.assign({}, answer, {resend_after: 0}));
  l.wait(30000);
  assert.equal(t.load().state(1).resendIn, 30000);
});

test('nonsense in the storage is no login', () => {
  for (const kept of ['1', '"x"', '[]', '{"until":"x"}', '{"until":9e99,"asked":{"id":7}}', '{"until":9e99,"asked":5}']) {
    const t = tab();
    t.storage.setItem('hearth.login', kept);
    assert.equal(t.load().asked, null, kept);
  }
});

test('a code may be pasted as it stands in the SMS', () => {
  for (const [typed, want] of [
    ['123456', '123456'], [' 123 456 ', '123456'], ['123-456', '123456'], ['１２３４５６', '123456'], ['12\u00a03456', '123456'],
    ['', ''], ['12a456', ''], ['code 123456', ''], ['+123456', ''],
  ]) assert.equal(codeOf(typed), want, typed);
});
