import test from 'node:test';
import assert from 'node:assert/strict';
import {emptyLog, receive} from '../app/log.js';
import {printRows} from '../app/transcript.js';

const names = {P1: 'Gilligan', P2: '<b>x</b>', T1: 'Dr. Howell'};
const o = {nameOf: id => names[id] || id, dayOf: at => at.slice(0, 10), icons: ['heart', 'sad']};
const rowsOf = actions => printRows(receive(emptyLog('T1', true), {epoch: 'e', max_id: actions.length, actions}), o);
const at = '2026-12-01T18:00:00.000Z';
const message = (id, user, body, more) => ({id, type: 'message', user, timestamp: at, body, recipients: [], target: null, ...more});

test('everything is there in the order of the log, whatever conversation it is of', () => {
  const rows = rowsOf([message(1, 'P1', 'a'), message(2, 'P1', 'only us', {recipients: ['T1']}), message(3, 'P2', '<script>')]);
  assert.deepEqual(rows.filter(r => r.kind === 'entry').map(r => [r.who, r.to, r.body]),
    [['Gilligan', [], 'a'], ['Gilligan', ['Dr. Howell'], 'only us'], ['<b>x</b>', [], '<script>']]);
});

test('each day has a heading', () => {
  const next = {timestamp: '2026-12-02T00:00:00.000Z'};
  const rows = rowsOf([message(1, 'P1', 'a'), message(2, 'P1', 'b', next), message(3, 'P1', 'c', next)]);
  assert.deepEqual(rows.map(r => r.kind), ['day', 'entry', 'day', 'entry', 'entry']);
});

test('what was removed is marked, and what answers it says so', () => {
  const rows = rowsOf([message(1, 'P1', 'oops'), message(2, 'P2', 'what?', {target: 1}), {id: 3, type: 'delete', user: 'P1', target: 1, timestamp: at, recipients: []}]);
  assert.deepEqual([rows[1].deleted, rows[1].body, rows[1].quote], [true, 'oops', null]);
  assert.deepEqual(rows[2].quote, {who: 'Gilligan', at, body: 'oops', deleted: true});
});

test('reactions are names; one taken back is none', () => {
  const react = (id, user, icon) => ({id, type: 'reaction', user, target: 1, icon, timestamp: at, recipients: []});
  const rows = rowsOf([message(1, 'P1', 'a'), react(2, 'T1', 'sad'), react(3, 'P2', 'heart'), react(4, 'T1', 'heart'),
    {id: 5, type: 'delete', user: 'P2', target: 3, timestamp: at, recipients: []}]);
  assert.deepEqual(rows[1].reactions, [{icon: 'heart', names: ['Dr. Howell']}, {icon: 'sad', names: ['Dr. Howell']}]);
});

test('notices have their sender, and those of the server none', () => {
  const notice = (id, sender, body) => ({id, type: 'notice', sender, body, timestamp: at, recipients: []});
  const rows = rowsOf([notice(1, 'system', 'Gilligan has joined the session'), notice(2, 'Dr. Howell', 'A break')]);
  assert.deepEqual(rows.slice(1).map(r => [r.who, r.notice]), [['', true], ['Dr. Howell', true]]);
});

test('nothing was written', () => assert.deepEqual(rowsOf([]), []));
