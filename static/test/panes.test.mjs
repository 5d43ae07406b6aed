import test from 'node:test';
import assert from 'node:assert/strict';
import {mostPanes, openPane, use} from '../app/panes.js';

test('private conversations open beside each other, each once, and the group not at all', () => {
  let open = [];
  for (const key of ['a', 'b', 'a', '']) open = openPane(open, [], key);
  assert.deepEqual(open, ['a', 'b']);
});

test('one too many takes the place of the one that was not used for longest', () => {
  const open = ['a', 'b', 'c'];
  assert.equal(open.length, mostPanes);
  assert.deepEqual(openPane(open, ['b', '', 'a', 'c'], 'd'), ['a', 'b', 'd']);
  assert.deepEqual(openPane(open, ['b', 'c', ''], 'd'), ['d', 'b', 'c']);
  assert.deepEqual(open, ['a', 'b', 'c']);
});

test('what is used now is the last used', () => {
  assert.deepEqual(use(use(use([], 'a'), 'b'), 'a'), ['a', 'b']);
});
