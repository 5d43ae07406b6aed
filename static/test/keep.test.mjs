import test from 'node:test';
import assert from 'node:assert/strict';
import {Keep} from '../app/keep.js';
import {FakeStorage} from './storage.mjs';

test('what is kept comes back, each under its own name', () => {
  const k = new Keep(new FakeStorage());
  assert.equal(k.set('a', {x: [1]}), true);
  assert.equal(k.set('b', 'two'), true);
  assert.deepEqual(k.get('a'), {x: [1]});
  assert.equal(k.get('b'), 'two');
  assert.equal(k.get('c'), null);
  k.drop('a');
  assert.equal(k.get('a'), null);
});

test('another person who logs in does not get it, however alike the ids are', () => {
  const s = new FakeStorage();
  const k = new Keep(s);
  k.of('P1').set('TS1.drafts', 'secret');
  k.of('P1.TS1').set('drafts', 'other');
  k.of('P12').set('TS1.drafts', 'third');
  k.set('login', 'typed');
  assert.equal(k.of('P1.TS1').get('TS1.drafts'), null);
  k.only('P1');
  assert.equal(k.of('P1').get('TS1.drafts'), 'secret');
  assert.equal(s.length, 1);
  k.only('P2');
  assert.equal(s.length, 0);
});

test('what is not ours stays', () => {
  const s = new FakeStorage();
  s.setItem('another', 'x');
  const k = new Keep(s);
  k.set('a', 1);
  k.clear();
  assert.deepEqual(s.all(), {another: 'x'});
});

test('after a wipe nothing is kept any more, by whoever still has it', () => {
  const s = new FakeStorage();
  const k = new Keep(s);
  const mine = k.of('P1');
  mine.set('drafts', 'secret');
  k.set('left', 1);
  k.wipe('left');
  assert.equal(mine.set('outbox', 'late'), false);
  assert.equal(k.set('login', 'late'), false);
  assert.equal(mine.any(), false);
  assert.deepEqual(s.all(), {'hearth.left': '1'});
  k.drop('left');
  assert.equal(s.length, 0);
});

test('a browser that keeps nothing, or refuses, does no harm', () => {
  const full = new FakeStorage();
  full.setItem = () => { throw new Error('quota'); };
  for (const storage of [null, full]) {
    const k = new Keep(storage);
    assert.equal(k.set('a', 1), false);
    assert.equal(k.get('a'), null);
    k.drop('a');
    k.only('P1');
    k.wipe();
    assert.equal(k.any(), false);
  }
});

test('what somebody else has written there is not believed', () => {
  const s = new FakeStorage();
  s.setItem('hearth.a', '{not json');
  assert.equal(new Keep(s).get('a'), null);
});
