import test from 'node:test';
import assert from 'node:assert/strict';
import {choices, clockText, planEnd, planState, readPlan, secondsLeft, spokenMark} from '../app/countdown.js';

test('an end in some minutes, and an end at once that can still be stopped', () => {
  assert.deepEqual(planEnd(5, 1000), {at: 301000, minutes: 5});
  assert.deepEqual(planEnd(0, 1000), {at: 11000, minutes: 0});
  choices.forEach(n => assert.ok(n > 0));
});

test('a plan runs, is due, and is too late to be carried out unasked', () => {
  const plan = planEnd(1, 0);
  for (const [now, state, left] of [
    [0, 'running', 60], [59999, 'running', 1], [60000, 'due', 0], [60000 + 90000, 'due', 0], [60000 + 90001, 'late', 0],
  ]) assert.deepEqual([planState(plan, now), secondsLeft(plan, now)], [state, left], `at ${now}`);
});

test('what was kept over a reload is a plan, or nothing', () => {
  assert.deepEqual(readPlan(JSON.parse(JSON.stringify(planEnd(10, 5)))), planEnd(10, 5));
  for (const kept of [null, undefined, 7, 'x', {}, {at: '5', minutes: 1}, {at: 5}]) assert.equal(readPlan(kept), null);
});

test('the time left, for the eye', () => {
  for (const [seconds, text] of [[0, '0:00'], [9, '0:09'], [60, '1:00'], [245, '4:05'], [600, '10:00']]) assert.equal(clockText(seconds), text);
});

test('the time left is said at few marks only', () => {
  const said = [];
  for (let s = 600; s > 0; s--) if (said[said.length - 1] !== spokenMark(s)) said.push(spokenMark(s));
  assert.deepEqual(said, [600, 300, 60, 10]);
});
