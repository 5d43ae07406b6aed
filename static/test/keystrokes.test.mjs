import test from 'node:test';
import assert from 'node:assert/strict';
import {difference, Keystrokes} from '../app/keystrokes.js';

/** Events as browsers send them; what an input event leaves in the field is its third part, else what was there and its data. */
const typed = (events, k = new Keystrokes(() => 0)) => {
  let value = k.text;
  for (const [what, e, is] of events) {
    if (what === 'keydown') {
      k.keydown(e);
      continue;
    }
    value = is !== undefined ? is : value + (e.data || '');
    k.input(e, value);
  }
  return k.take().character_history;
};
const key = (name, more) => ['keydown', {key: name, ...more}];
const insert = (data, value) => ['input', {inputType: 'insertText', data}, value];
const compose = value => ['input', {inputType: 'insertCompositionText', data: value, isComposing: true}, value];
const change = (inputType, value = '', data = null) => ['input', {inputType, data}, value];

test('a keyboard that names its keys', () => {
  assert.deepEqual(typed([key('Shift'), key('H'), insert('H'), key('x'), insert('x'), key('Backspace'), change('deleteContentBackward', 'H'), key('ArrowLeft'),
    key('Enter'), change('insertLineBreak', '\nH'), key('Delete'), change('deleteContentForward', '\n')]), ['H', 'x', 'Backspace', 'ArrowLeft', 'Enter', 'Delete']);
});

test('one entry is a name or one character', () => {
  assert.deepEqual(typed([key('é'), insert('é'), key('😀'), insert('😀'), key('ক্ষ'), insert('ক্ষ')]), ['é', '😀', ...'ক্ষ']);
  assert.deepEqual(typed([key('F5'), key('PageUp'), key('Tab'), key('Control'), key('Unidentified'), key('Dead')]), ['F5', 'PageUp', 'Tab']);
});

test('pasting, by keys and by mouse', () => {
  const paste = change('insertFromPaste', 'x');
  assert.deepEqual(typed([key('v', {ctrlKey: true}), paste, key('v', {metaKey: true}), paste, key('ArrowUp'), paste]), ['Paste', 'Paste', 'ArrowUp', 'Paste']);
});

test('what keys and menus do to text is told by name', () => {
  for (const [inputType, name] of [['deleteByCut', 'Cut'], ['historyUndo', 'Undo'], ['historyRedo', 'Redo'], ['insertFromDrop', 'Drop'], ['deleteByDrag', 'Drag'],
    ['deleteWordBackward', 'BackspaceWord'], ['deleteWordForward', 'DeleteWord'], ['deleteSoftLineBackward', 'BackspaceLine'], ['deleteSoftLineForward', 'DeleteLine']]) {
    assert.deepEqual(typed([key('z', {ctrlKey: true}), change(inputType, 'x')]), [name], inputType);
    assert.deepEqual(typed([change(inputType, 'x')]), [name], inputType + ' without a key');
  }
});

test('a word removed by key is told once, as a word', () => {
  assert.deepEqual(typed([key('Backspace', {ctrlKey: true}), change('deleteWordBackward'), key('Backspace', {altKey: true}), change('deleteWordBackward')]),
    ['BackspaceWord', 'BackspaceWord']);
});

test('a key that writes with Control and Alt is a character', () => {
  assert.deepEqual(typed([key('@', {ctrlKey: true, altKey: true}), insert('@')]), ['@']);
});

test('a keyboard on a screen that composes words', () => {
  assert.deepEqual(typed([key('Unidentified'), compose('t'), compose('te'), compose('teh'), key('Unidentified'), insert(' ', 'teh ')]), ['t', 'e', 'h', ' ']);
});

test('a swiped or corrected word is marked', () => {
  assert.deepEqual(typed([compose('t'), compose('teh'), compose('the')]), ['t', 'Word', 'e', 'h', 'Backspace', 'Backspace', 'Word', 'h', 'e']);
});

test('composing goes on in a word that was there', () => {
  const k = new Keystrokes(() => 0);
  k.text = 'hello';
  assert.deepEqual(typed([compose('hell'), compose('hells')], k), ['Backspace', 's']);
});

test('what Safari takes away and puts in again at the end of composing is nothing', () => {
  assert.deepEqual(typed([compose('か'), compose('かん'), change('deleteCompositionText', ''), change('insertFromComposition', '漢')]), ['か', 'ん', 'Backspace', 'Backspace', '漢']);
});

test('autocorrection, with or without its text in the event, and the key that led to it', () => {
  assert.deepEqual(typed([key('h'), insert('h'), key(' '), change('insertReplacementText', 'ha', 'ha'), insert(' ', 'ha ')]), ['h', ' ', 'Replacement', 'h', 'a']);
  assert.deepEqual(typed([insert('h'), change('insertReplacementText', 'ha')]), ['h', 'Replacement', 'a']);
});

test('dictation, as Safari and as others tell it', () => {
  assert.deepEqual(typed([change('insertFromDictation', 'so so', 'so so')]), ['Dictation', ...'so so']);
  assert.deepEqual(typed([insert('Tab it')]), ['Dictation', ...'Tab it']);
  assert.deepEqual(typed([compose('so so')]), ['Dictation', ...'so so']);
  assert.deepEqual(typed([insert('Enter')]), ['Word', ...'Enter'], 'a word that is also a name');
});

test('an emoji of several characters is one entry', () => {
  assert.deepEqual(typed([insert('👨‍👩‍👧'), change('deleteContentBackward')]), ['👨‍👩‍👧', 'Backspace']);
});

test('a name that is chosen from the list', () => {
  const k = new Keystrokes(() => 0);
  k.keydown({key: '@'});
  k.mark('Mention', '@Al ', '@Al ');
  assert.deepEqual(typed([compose('@Al x')], k), ['@', 'Mention', '@', 'A', 'l', ' ', 'x']);
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

test('a clock that begins at 0 is no reason to begin twice', () => {
  let now = 0;
  const k = new Keystrokes(() => now);
  k.keydown({key: 'a'});
  now = 100;
  k.keydown({key: 'b'});
  assert.equal(k.take().time_to_complete, '100ms');
});

test('what was not sent goes on: its keys come first, and its time counts', () => {
  let now = 0;
  const k = new Keystrokes(() => now);
  k.keydown({key: 'x'});
  k.resume(['a', 'b'], 500, 'Edit', 'ab\nx');
  now = 30;
  assert.deepEqual(k.soFar(), {keys: ['a', 'b', 'Edit', 'x'], ms: 530});
  assert.deepEqual(k.take(), {character_history: ['a', 'b', 'Edit', 'x'], time_to_complete: '530ms'});
  k.resume([], 0, 'Reload', 'ab');
  assert.deepEqual(k.take(), {character_history: ['Reload']});
});

test('a history has an end', () => {
  const k = new Keystrokes(() => 0);
  for (let i = 0; i < 40010; i++) k.add('a');
  assert.equal(k.take().character_history.length, 40000);
});

test('what differs between two texts', () => {
  for (const [was, is, removed, text] of [['', 'a', 0, 'a'], ['ab', 'b', 1, ''], ['aa', 'aaa', 0, 'a'], ['a😀c', 'a😁c', 1, '😁'], ['abc', 'abc', 0, ''], ['aba', 'aa', 1, '']]) {
    assert.deepEqual(difference(was, is), {removed, text}, `${was} → ${is}`);
  }
});
