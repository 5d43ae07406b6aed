import test from 'node:test';
import assert from 'node:assert/strict';
import {around, dividerAt, earlier, grown, indexOfId, later, mostShown, newestPart, pageSize, rowsOf} from '../app/rows.js';
import {heardSince} from '../app/hear.js';
import {emptyLog, receive} from '../app/log.js';

// Times are local, as days are: the test holds in every zone.
const at = (minute, day = 25) => new Date(2026, 10, day, 10, minute).toISOString();
const item = (id, user, minute, more) => ({id, kind: 'message', user, at: at(minute), clientId: '', ...more});
const shown = (items, divider = 0) => rowsOf(items, divider).map(r => r.kind === 'item' ? (r.first ? 'first ' : 'more ') + r.item.id : r.kind);

test('messages of one author within five minutes stand together', () => {
  assert.deepEqual(shown([item(1, 'P1', 0), item(2, 'P1', 4), item(3, 'P1', 9), item(4, 'P2', 9), item(5, 'P1', 9)]),
    ['day', 'first 1', 'more 2', 'first 3', 'first 4', 'first 5']);
});

test('a notice, a day and the line before the new part them', () => {
  assert.deepEqual(shown([item(1, 'P1', 0), item(2, '', 0, {kind: 'notice'}), item(3, 'P1', 1)]), ['day', 'first 1', 'first 2', 'first 3']);
  assert.deepEqual(shown([item(1, '', 0, {kind: 'notice'}), item(2, '', 0, {kind: 'notice'})]), ['day', 'first 1', 'first 2']);
  assert.deepEqual(shown([item(1, 'P1', 0), item(2, 'P1', 1)], 2), ['day', 'first 1', 'new', 'first 2']);
  const late = new Date(2026, 10, 25, 23, 59).toISOString();
  const early = new Date(2026, 10, 26, 0, 1).toISOString();
  assert.deepEqual(shown([item(1, 'P1', 0, {at: late}), item(2, 'P1', 0, {at: early})]), ['day', 'first 1', 'day', 'first 2']);
});

test('a row keeps its key from the sending to the log', () => {
  const key = i => rowsOf([i], 0)[1].key;
  assert.equal(key(item(0, 'P1', 0, {clientId: 'c1'})), key(item(7, 'P1', 0, {clientId: 'c1'})));
  assert.equal(key(item(7, 'P2', 0)), '7');
});

test('where the new begins', () => {
  const none = {count: 0, first: 0};
  const some = {count: 2, first: 8};
  for (const [name, was, news, allRead, own, want] of [
    ['nothing new', 0, none, true, 3, 0],
    ['something new after all was read', 0, some, true, 3, 8],
    ['it moves on when all before were read', 5, some, true, 3, 8],
    ['it stays while they are not', 5, some, false, 3, 5],
    ['it stays when they have been read', 5, none, false, 3, 5],
    ['one that was not seen coming', 0, some, false, 3, 8],
    ['it goes when one writes', 5, none, true, 9, 0],
  ]) assert.equal(dividerAt(was, news, allRead, own), want, name);
});

test('of a long conversation a part is shown, and it follows', () => {
  assert.deepEqual(newestPart(10), {from: 0, to: 10});
  assert.deepEqual(newestPart(5000), {from: 5000 - pageSize, to: 5000});
  let p = newestPart(5000);
  for (let i = 0; i < 400; i++) {
    const next = earlier(p);
    assert.ok(next.from < p.from || p.from === 0);
    assert.ok(next.to - next.from <= mostShown && next.to > next.from);
    p = next;
  }
  assert.deepEqual(p, {from: 0, to: mostShown});
  for (let i = 0; i < 400; i++) {
    p = later(p, 5000);
    assert.ok(p.to - p.from <= mostShown);
  }
  assert.deepEqual(p, {from: 5000 - mostShown, to: 5000});
});

test('what comes is shown to who is at the newest, and pushes away nothing that is being read', () => {
  assert.deepEqual(grown({from: 40, to: 100}, 100, 101, true), {from: 40, to: 101});
  assert.deepEqual(grown({from: 40, to: 100}, 100, 101, false), {from: 40, to: 101});
  assert.deepEqual(grown({from: 0, to: 60}, 100, 101, false), {from: 0, to: 60}, 'who reads further up');
  const full = {from: 100, to: 100 + mostShown};
  assert.deepEqual(grown(full, full.to, full.to + 1, true), {from: 101, to: full.to + 1});
  assert.deepEqual(grown(full, full.to, full.to + 1, false), full);
  assert.deepEqual(grown({from: 40, to: 100}, 100, 3, true), {from: 0, to: 3}, 'another log');
});

test('a message that is looked for is in the part', () => {
  const p = {from: 100, to: 160};
  assert.equal(around(p, 5000, 100), p);
  assert.equal(around(p, 5000, 159), p);
  for (const i of [0, 10, 99, 160, 4999]) {
    const q = around(p, 5000, i);
    assert.ok(q.from <= i && i < q.to && q.from >= 0 && q.to <= 5000, String(i));
  }
});

test('an id is found among ascending ones', () => {
  const ids = [2, 5, 9, 14];
  assert.deepEqual([2, 5, 9, 14, 1, 6, 15].map(id => indexOfId(ids, id)), [0, 1, 2, 3, -1, -1, -1]);
  assert.equal(indexOfId([], 1), -1);
});

test('what is said aloud is what others wrote since, in order', () => {
  const say = (id, user, more) => ({id, type: 'message', user, body: 'x', recipients: [], timestamp: at(0), ...more});
  const log = receive(emptyLog('P1', false), {epoch: 'e', max_id: 7, actions: [say(1, 'P2'), say(2, 'P2'), say(3, 'P1'), say(4, 'P3', {recipients: ['P1']}),
    {id: 5, type: 'notice', sender: 'system', body: 'y', recipients: [], timestamp: at(0)}, say(6, 'P3'), {id: 7, type: 'delete', target: 6, recipients: []}]});
  assert.deepEqual(heardSince(log, '', 1).map(i => i.id), [2, 5]);
  assert.deepEqual(heardSince(log, 'P1|P3', 0).map(i => i.id), [4]);
  assert.deepEqual(heardSince(log, '', 7), []);
});
