import test from 'node:test';
import assert from 'node:assert/strict';
import {Keep} from '../app/keep.js';
import {Notify} from '../app/notify.js';
import {FakeStorage} from './storage.mjs';

function browser(permission = 'default', answer = 'granted') {
  const shown = [];
  class Notification {
    constructor(title, o) {
      Object.assign(this, {title, o, open: true});
      shown.push(this);
    }
    close() { this.open = false; }
    static async requestPermission() {
      Notification.asked = true;
      Notification.permission = answer;
      return answer;
    }
  }
  Notification.permission = permission;
  return {Notification, shown, document: {hidden: true}, navigator: {userAgent: 'x'}, isSecureContext: true};
}

async function on(b, keep = new Keep(new FakeStorage())) {
  const n = new Notify(b);
  n.begin(keep);
  await n.turnOn();
  return n;
}

test('nothing is shown, and nothing asked, before somebody turns it on', () => {
  const b = browser('granted');
  const n = new Notify(b);
  n.begin(new Keep(new FakeStorage()));
  n.message();
  assert.deepEqual([b.shown.length, b.Notification.asked, n.state], [0, undefined, 'off']);
});

test('a notice says that there is a message, and not whose', async () => {
  const b = browser();
  const n = await on(b);
  assert.equal(n.state, 'on');
  n.message();
  assert.deepEqual(b.shown.map(x => [x.title, x.o.body]), [['Hearth', 'New message']]);
  n.message();
  assert.deepEqual(b.shown.map(x => x.open), [false, true]);
  n.seen();
  assert.deepEqual(b.shown.map(x => x.open), [false, false]);
});

test('none while the page is looked at', async () => {
  const b = browser();
  const n = await on(b);
  b.document.hidden = false;
  n.message();
  assert.equal(b.shown.length, 0);
});

test('it survives a reload, and ends with the login', async () => {
  const b = browser();
  const keep = new Keep(new FakeStorage());
  const n = await on(b, keep);
  const later = new Notify(b);
  later.begin(keep);
  assert.equal(later.state, 'on');
  n.message();
  n.end();
  n.message();
  assert.deepEqual([b.shown.length, b.shown[0].open, n.state], [1, false, 'off']);
});

test('turned off is off', async () => {
  const b = browser();
  const keep = new Keep(new FakeStorage());
  const n = await on(b, keep);
  n.turnOff();
  n.message();
  assert.deepEqual([b.shown.length, keep.any()], [0, false]);
});

test('a browser that refuses, or has none, is no trouble', async () => {
  const b = browser('default', 'denied');
  const n = await on(b);
  n.message();
  assert.deepEqual([n.state, b.shown.length], ['denied', 0]);
  const none = new Notify({});
  await none.turnOn();
  none.message();
  assert.deepEqual([none.supported, none.state], [false, 'off']);
  const broken = browser('granted');
  broken.Notification = class { constructor() { throw new TypeError('Illegal constructor'); } };
  broken.Notification.permission = 'granted';
  const m = await on(broken);
  m.message();
  assert.equal(m.supported, false);
});
