import test from 'node:test';
import assert from 'node:assert/strict';
import {emptyLog, receive} from '../app/log.js';
import {comings, newlyWaiting, peopleRows} from '../app/people.js';

const minute = 60000;
const now = 1000 * minute;
const person = (id, status, more) => ({id, name: id, role: id[0] === 'T' ? 'therapist' : 'participant', status, muted: false, ...more});
const rows = (people, since = {}, spoke = {}) => peopleRows(people, {since: id => since[id] || 0, spoke: id => spoke[id] || 0, now});
const ids = list => list.map(r => r.person.id);

test('who waits comes first, the longest waiting at the top; then who is here, who was, and who was not', () => {
  const list = rows(
    [person('P1', 'offline'), person('P2', 'online'), person('T1', 'online'), person('P3', 'waiting'), person('P4', 'offline'), person('P5', 'waiting'), person('A', 'online')],
    {P3: now - minute, P5: now - 2 * minute, P4: now - 5 * minute});
  assert.deepEqual(ids(list), ['P5', 'P3', 'T1', 'A', 'P2', 'P4', 'P1']);
  assert.deepEqual(list.map(r => r.place), ['waiting', 'waiting', 'here', 'here', 'here', 'away', 'absent']);
});

test('who went last is the first of those who are gone; one who only ever wrote was here too', () => {
  const list = rows([person('P1', 'offline'), person('P2', 'offline'), person('P3', 'offline')], {P1: now - 9 * minute, P2: now - minute}, {P3: now - 20 * minute});
  assert.deepEqual(ids(list), ['P2', 'P1', 'P3']);
  assert.deepEqual(list.map(r => r.place), ['away', 'away', 'away']);
});

test('the people handed in stay as they are', () => {
  const people = [person('P2', 'online'), person('P1', 'waiting')];
  rows(people);
  assert.deepEqual(people.map(p => p.id), ['P2', 'P1']);
});

test('silence is counted from the last word, or from coming, whichever is later', () => {
  for (const [since, spoke, silent, ever] of [
    [0, now - 12.5 * minute, 12, true], [now - 3 * minute, now - 12 * minute, 3, true], [now - 12 * minute, now - 3 * minute, 3, true],
    [now - 7 * minute, 0, 7, false], [0, 0, 0, false], [now + minute, 0, 0, false],
  ]) {
    const [r] = rows([person('P1', 'online')], {P1: since}, {P1: spoke});
    assert.deepEqual([r.silent, r.spoke], [silent, ever], `since ${since}, spoke ${spoke}`);
  }
});

test('who is not here is not silent', () => {
  for (const status of ['waiting', 'offline']) {
    assert.equal(rows([person('P1', status)], {P1: now - 50 * minute}, {P1: now - 50 * minute})[0].silent, 0);
  }
});

test('who came and went is read from the notices of the server alone', () => {
  const at = '2026-12-01T18:00:00.000Z';
  const later = '2026-12-01T18:05:00.000Z';
  const notice = (id, sender, body, timestamp) => ({id, type: 'notice', sender, body, timestamp, recipients: []});
  const log = receive(emptyLog('T1', true), {epoch: 'e', max_id: 9, actions: [
    notice(1, 'system', 'Gilligan has joined the session', at), notice(2, 'system', 'has left has joined the session', at),
    notice(3, 'Dr. Howell', 'Ginger has left the session', at), notice(4, 'system', 'Gilligan has left the session', later),
    {id: 5, type: 'message', user: 'P1', body: 'Mary has left the session', timestamp: at, recipients: []},
  ]});
  assert.deepEqual(Array.from(comings(log)), [['Gilligan', Date.parse(later)], ['has left', Date.parse(at)]]);
});

test('who waits now and did not before is told of', () => {
  const people = [person('P1', 'waiting'), person('P2', 'waiting'), person('P3', 'online')];
  assert.deepEqual(newlyWaiting(new Set(['P1', 'P3']), people).map(p => p.id), ['P2']);
});
