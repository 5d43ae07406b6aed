import test from 'node:test';
import assert from 'node:assert/strict';
import {afterClose, afterRefusal, Ladder} from '../app/ladder.js';

const ladder = (force, random = 1) => {
  const clock = {now: 0};
  const l = new Ladder({force, random: () => random, now: () => clock.now});
  return {l, clock};
};

test('a WebSocket that never opens: twice, then held answers, then polls', () => {
  const {l} = ladder();
  assert.equal(l.via, 'ws');
  assert.ok(l.failed({opened: false}) > 0);
  assert.equal(l.via, 'ws');
  assert.equal(l.failed({opened: false}), 0);
  assert.equal(l.via, 'wait');
  l.failed({opened: false});
  assert.equal(l.failed({opened: false}), 0);
  assert.equal(l.via, 'poll');
});

test('a WebSocket that worked stays the way, however often it is lost', () => {
  const {l} = ladder();
  for (let i = 0; i < 5; i++) {
    l.worked();
    assert.equal(l.failed({opened: true}), 1000);
    l.failed({opened: false});
    assert.equal(l.via, 'ws');
  }
});

test('when nothing works it is the network: the best way again, ever less often', () => {
  const {l} = ladder();
  const waits = [];
  for (let i = 0; i < 20; i++) waits.push([l.via, l.failed({opened: false})]);
  assert.ok(waits.filter(w => w[0] === 'ws').length >= 4);
  const pauses = waits.map(w => w[1]).filter(Boolean);
  assert.deepEqual(pauses, [...pauses].sort((a, b) => a - b));
  assert.equal(pauses[pauses.length - 1], 30000);
});

test('pauses are drawn, so that not all come back at once', () => {
  assert.equal(ladder('', 0).l.failed({opened: true}), 500);
  assert.equal(ladder('', 1).l.failed({opened: true}), 1000);
});

test('the server says when to come back', () => {
  const {l} = ladder();
  l.worked();
  assert.equal(l.failed({opened: true, after: 3210}), 3210);
  assert.equal(l.via, 'ws');
});

test('a better way is tried from time to time, less often if it is no use', () => {
  const {l, clock} = ladder();
  const toWait = () => {
    while (l.via !== 'wait') l.failed({opened: false});
    l.worked();
  };
  toWait();
  for (const after of [60000, 120000, 240000]) {
    clock.now += after - 1;
    assert.equal(l.mayUpgrade(), false);
    clock.now += 1;
    assert.equal(l.mayUpgrade(), true);
    l.upgrade();
    assert.equal(l.via, 'ws');
    assert.equal(l.failed({opened: false}), 0, 'one failure is enough to leave it again');
    assert.equal(l.via, 'wait');
    l.worked();
  }
  clock.now += 480000;
  l.upgrade();
  l.worked();
  assert.equal(l.upgradeAt, Infinity);
});

test('a way that was asked for is the only one', () => {
  for (const force of ['ws', 'wait', 'poll']) {
    const {l, clock} = ladder(force);
    for (let i = 0; i < 9; i++) assert.ok(l.failed({opened: false}) > 0);
    l.worked();
    clock.now = 1e9;
    assert.deepEqual([l.via, l.mayUpgrade()], [force, false]);
  }
});

test('what the end of a socket means', () => {
  for (const [code, reason, opened, want] of [
    [1001, 'retry_ms=1200', true, {opened: true, after: 1200}],
    [1001, 'retry_ms=0', true, {opened: true, after: 0}],
    [1001, '', true, {opened: true, after: undefined}],
    [1001, 'retry_ms=999999', true, {opened: true, after: 30000}],
    [1006, '', false, {opened: false}],
    [1009, '', true, {opened: true}],
    [1013, '', true, {opened: true}],
    [4400, '', true, {opened: true}],
    [4401, 'not_authenticated', true, {to: 'login', code: 'not_authenticated'}],
    [4403, '', true, {to: 'list', code: 'removed'}],
  ]) assert.deepEqual(afterClose(code, reason, opened), want, String(code) + reason);
});

test('what a refusal means', () => {
  assert.equal(afterRefusal('not_authenticated').to, 'login');
  assert.equal(afterRefusal('not_allowed').to, 'list');
  for (const code of ['network', 'timeout', 'storage_unavailable', 'too_fast', 'http_502']) assert.equal(afterRefusal(code), null, code);
});
