import test from 'node:test';
import assert from 'node:assert/strict';
import {sameValues} from '../app/ui.js';
import {domId} from '../app/conversations.js';

test('properties are the same when each is', () => {
  const list = [];
  for (const [a, b, want] of [[{}, {}, true], [{a: 1}, {a: 1}, true], [{a: list}, {a: list}, true], [{a: []}, {a: []}, false], [{a: 1}, {b: 1}, false],
    [{a: 1}, {a: 1, b: 2}, false], [{a: 1, b: 2}, {a: 1}, false], [{a: NaN}, {a: NaN}, true]]) assert.equal(sameValues(a, b), want);
});

test('each conversation has ids of its own in the page', () => {
  const keys = ['', 'P1|T1', 'P1_124_T1', 'P1.T1', 'é|P1', 'group'];
  const ids = keys.map(domId);
  assert.equal(new Set(ids).size, keys.length);
  ids.forEach(id => assert.match(id, /^[A-Za-z][A-Za-z0-9_-]*$/));
});
