import test from 'node:test';
import assert from 'node:assert/strict';
import {Keystrokes} from '../app/keystrokes.js';

const typed = events => {
  const k = new Keystrokes(() => 0);
  for (const [what, e] of events) k[what](e);
  return k.take().character_history;
};
const insert = data => ['input', {inputType: 'insertText', data}];
const compose = data => ['input', {inputType: 'insertCompositionText', data, isComposing: true}];

test('a keyboard that names its keys', () => {
  assert.deepEqual(typed([['keydown', {key: 'Shift'}], ['keydown', {key: 'H'}], insert('H'), ['keydown', {key: 'x'}], insert('x'),
    ['keydown', {key: 'Backspace'}], ['input', {inputType: 'deleteContentBackward', data: null}], ['keydown', {key: 'ArrowLeft'}]]),
  ['H', 'x', 'Backspace', 'ArrowLeft']);
});

test('pasting, by keys and by mouse', () => {
  const paste = ['input', {inputType: 'insertFromPaste', data: null}];
  assert.deepEqual(typed([['keydown', {key: 'v', ctrlKey: true}], paste, paste, ['keydown', {key: 'ArrowUp'}], paste]), ['Paste', 'Paste', 'ArrowUp', 'Paste']);
});

test('a keyboard on a screen that composes words', () => {
  assert.deepEqual(typed([['compositionstart', {data: ''}], ['keydown', {key: 'Unidentified'}], compose('t'), compose('te'), compose('teh'), compose('the'),
    ['compositionend', {data: 'the'}], ['keydown', {key: 'Unidentified'}], insert(' ')]), ['t', 'e', 'h', 'Backspace', 'Backspace', 'h', 'e', ' ']);
});

test('a keyboard on a screen that inserts letters', () => {
  assert.deepEqual(typed([['keydown', {key: 'Unidentified'}], insert('😀'), ['input', {inputType: 'deleteContentBackward', data: null}]]), ['😀', 'Backspace']);
});

test('the time is from the first key to the sending', () => {
  let now = 1000.25;
  const k = new Keystrokes(() => now);
  now = 5000.25;
  k.keydown({key: 'a'});
  now = 5671.4;
  assert.equal(k.take().time_to_complete, '671ms');
  assert.deepEqual(k.take(), {character_history: []});
});

test('a history has an end', () => {
  const k = new Keystrokes(() => 0);
  for (let i = 0; i < 40010; i++) k.add('a');
  assert.equal(k.take().character_history.length, 40000);
});
