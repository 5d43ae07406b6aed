import test from 'node:test';
import assert from 'node:assert/strict';
import {agenda} from '../app/agenda.js';

const now = new Date(2026, 10, 25, 12, 0);
const at = (day, hour) => new Date(2026, 10, day, hour).toISOString();

test('today comes first: what is open, then what comes, then what has ended', () => {
  const all = [
    {id: 'tomorrow', status: 'scheduled', date: at(26, 18)}, {id: 'tonight', status: 'scheduled', date: at(25, 18)},
    {id: 'this morning', status: 'ended', date: at(25, 8)}, {id: 'still open', status: 'open', date: at(24, 18)},
    {id: 'midnight', status: 'scheduled', date: at(26, 0)}, {id: 'missed', status: 'scheduled', date: at(24, 18)},
    {id: 'long ago', status: 'ended', date: at(1, 18)}, {id: 'no date', status: 'scheduled'}, {id: 'no date, over', status: 'ended'},
    {id: 'nonsense', status: 'scheduled', date: 'x'}, {id: 'first minute', status: 'scheduled', date: at(25, 0)},
  ];
  const ids = list => list.map(e => e.id);
  const got = agenda(all, now);
  assert.deepEqual(ids(got.today), ['still open', 'first minute', 'tonight', 'this morning']);
  assert.deepEqual(ids(got.coming), ['midnight', 'tomorrow', 'no date', 'nonsense']);
  assert.deepEqual(ids(got.past), ['no date, over', 'missed', 'long ago']);
});

test('nothing is nothing', () => {
  assert.deepEqual(agenda([], now), {today: [], coming: [], past: []});
});
