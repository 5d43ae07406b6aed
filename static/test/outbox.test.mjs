import test from 'node:test';
import assert from 'node:assert/strict';
import {isFinal, mayRetry, newClientId, Outbox} from '../app/outbox.js';
import {Keep} from '../app/keep.js';
import {ApiError} from '../app/api.js';

/** A storage as browsers have it; most: characters of one value. */
function storage(most = Infinity) {
  const all = new Map();
  return {
    get length() { return all.size; },
    key: i => Array.from(all.keys())[i],
    getItem: k => all.has(k) ? all.get(k) : null,
    setItem(k, v) {
      if (v.length > most) throw new Error('full');
      all.set(k, v);
    },
    removeItem: k => all.delete(k),
  };
}

/** An outbox whose server answers what the test says: answers are functions of the actions sent, one a call. */
function outbox(answers, keep = new Keep(storage())) {
  const calls = [];
  let n = 0;
  let ids = 0;
  const o = new Outbox({
    keep, name: 'P1.TS1.outbox', changed() {}, newId: () => 'c' + ++ids, random: () => 0,
    send: async actions => {
      calls.push(actions.map(a => a.body || a.type + a.target));
      const answer = answers[n++];
      if (!answer) throw new ApiError('network');
      return answer(actions);
    },
  });
  return {o, calls, keep};
}
const stored = first => actions => actions.map((a, i) => ({id: first + i}));
const refused = (code, more) => actions => actions.map(() => ({error: {code, ...more}}));
const whole = (code, more) => () => { throw new ApiError(code, more); };
const say = body => ({type: 'message', body, recipients: []});
const settled = () => new Promise(setImmediate);
const states = o => o.entries.map(e => [e.action.body, e.state]);

test('an entry is sent at once, and gone when the log has it', async () => {
  const {o, calls} = outbox([stored(7)]);
  o.setReady(true);
  o.add(say('a'), '');
  assert.deepEqual(states(o), [['a', 'sending']]);
  await settled();
  assert.deepEqual([calls, states(o), o.entries[0].id], [[['a']], [['a', 'saved']], 7]);
  o.arrived(6, new Set());
  assert.equal(o.entries.length, 1);
  o.arrived(7, new Set());
  assert.equal(o.entries.length, 0);
});

test('what something on the way refuses again and again does not hold up the rest, and can be retried', async t => {
  t.mock.timers.enable({apis: ['setTimeout']});
  const odd = actions => { // a filter before the server that takes offence at one word
    if (actions.some(a => a.body === 'odd')) throw new ApiError('http_403');
    return stored(7)(actions);
  };
  const {o, calls} = outbox(Array(20).fill(odd));
  o.add(say('odd'), '');
  o.add(say('even'), '');
  o.setReady(true);
  for (let i = 0; i < 12; i++) {
    await settled();
    t.mock.timers.tick(40000);
  }
  await settled();
  assert.deepEqual(states(o), [['odd', 'failed'], ['even', 'saved']]);
  assert.ok(mayRetry(o.entries[0].code));
  assert.ok(calls.length < 9, calls.length);
  assert.equal(o.entries[0].refused, 0);
});

test('an entry that comes in the log before its answer is gone, and stays gone', async () => {
  const {o} = outbox([stored(7)]);
  o.setReady(true);
  o.add(say('a'), '');
  o.arrived(7, new Set(['c1']));
  await settled();
  assert.deepEqual(o.entries, []);
});

test('nothing is sent before the connection is ready; then all in order', async () => {
  const {o, calls} = outbox([stored(1)]);
  o.add(say('a'), '');
  o.add(say('b'), '');
  await settled();
  assert.deepEqual(calls, []);
  o.setReady(true);
  await settled();
  assert.deepEqual(calls, [['a', 'b']]);
});

test('one call at a time, so that the order holds', async () => {
  let answer;
  const {o, calls} = outbox([() => new Promise(done => { answer = done; }), stored(2)]);
  o.setReady(true);
  o.add(say('a'), '');
  o.add(say('b'), '');
  await settled();
  assert.deepEqual(calls, [['a']]);
  answer([{id: 1}]);
  await settled();
  assert.deepEqual(calls, [['a'], ['b']]);
});

test('it is sent again, as the same, until there is a final answer', async t => {
  for (const [name, ...answers] of [
    ['no answer', whole('network'), stored(1)],
    ['storage', refused('storage_unavailable'), stored(1)],
    ['a failure of the server', whole('internal'), stored(1)],
    ['a proxy that fails', whole('http_502'), whole('timeout'), stored(1)],
    ['not admitted at present', whole('not_admitted'), stored(1)],
  ]) {
    await t.test(name, async t => {
      t.mock.timers.enable({apis: ['setTimeout']});
      const ids = new Set();
      const {o} = outbox(answers.map(a => actions => {
        ids.add(actions[0].client_id);
        return a(actions);
      }));
      o.setReady(true);
      o.add(say('a'), '');
      for (let i = 1; i < answers.length; i++) {
        await settled();
        assert.deepEqual(states(o), [['a', 'queued']]);
        t.mock.timers.tick(60000);
      }
      await settled();
      assert.deepEqual(states(o), [['a', 'saved']]);
      assert.deepEqual([...ids], ['c1']);
    });
  }
});

test('too fast: as long as the server says, then again', async t => {
  t.mock.timers.enable({apis: ['setTimeout']});
  const {o, calls} = outbox([refused('too_fast', {retry_after: 7}), stored(1)]);
  o.setReady(true);
  o.add(say('a'), '');
  await settled();
  t.mock.timers.tick(6999);
  await settled();
  assert.equal(calls.length, 1);
  t.mock.timers.tick(1);
  await settled();
  assert.equal(calls.length, 2);
});

test('a new connection does not wait for the pause to end', async t => {
  t.mock.timers.enable({apis: ['setTimeout']});
  const {o, calls} = outbox([whole('network'), stored(1)]);
  o.setReady(true);
  o.add(say('a'), '');
  await settled();
  o.setReady(false);
  o.setReady(true);
  await settled();
  assert.equal(calls.length, 2);
});

test('a final refusal is kept to be shown, and not sent again', async () => {
  const {o, calls} = outbox([refused('muted'), stored(1)]);
  o.setReady(true);
  o.add(say('a'), '');
  await settled();
  assert.deepEqual([states(o), o.entries[0].code], [[['a', 'failed']], 'muted']);
  o.add(say('b'), '');
  await settled();
  assert.deepEqual(calls, [['a'], ['b']]);
  assert.equal(o.discard('c2'), null);
  assert.equal(o.discard('c1').action.body, 'a');
  assert.deepEqual(states(o), [['b', 'saved']]);
});

test('a refusal of a whole call with several finds out whose it is', async () => {
  const {o, calls} = outbox([whole('too_large'), whole('too_large'), stored(1)]);
  o.add(say('long'), '');
  o.add(say('short'), '');
  o.setReady(true);
  for (let i = 0; i < 4; i++) await settled();
  assert.deepEqual(calls, [['long', 'short'], ['long'], ['short']]);
  assert.deepEqual(states(o), [['long', 'failed'], ['short', 'saved']]);
});

test('calls stay small', async () => {
  const {o, calls} = outbox(Array.from({length: 9}, (_, i) => stored(1 + 100 * i)));
  for (let i = 0; i < 45; i++) o.add(say('m' + i), '');
  o.add({...say('big1'), character_history: Array(60000).fill('a')}, '');
  o.add(say('big2'), '');
  o.setReady(true);
  for (let i = 0; i < 9; i++) await settled();
  assert.deepEqual(calls.map(c => c.length), [20, 20, 5, 1, 1]);
});

test('a reload keeps what is not answered, refusals included, and nothing else', async () => {
  const keep = new Keep(storage());
  const first = outbox([stored(1), refused('muted')], keep);
  first.o.setReady(true);
  first.o.add(say('stored'), '');
  await settled();
  first.o.add(say('refused'), 'P1|P2');
  await settled();
  first.o.setReady(false);
  first.o.add(say('waiting'), '');
  first.o.add({type: 'message_read', target: 1}, '');

  const second = outbox([stored(5)], keep);
  assert.deepEqual(second.o.entries.map(e => [e.clientId, e.action.body, e.state, e.conv, e.code]),
    [['c2', 'refused', 'failed', 'P1|P2', 'muted'], ['c3', 'waiting', 'queued', '', '']]);
  second.o.setReady(true);
  await settled();
  second.o.discard('c2');
  assert.equal(keep.get('P1.TS1.outbox'), null);
});

test('a full storage keeps the words rather than how they were typed', () => {
  const keep = new Keep(storage(1000));
  const {o} = outbox([], keep);
  o.add({...say('words'), character_history: Array(2000).fill('a')}, '');
  assert.deepEqual(keep.get('P1.TS1.outbox').map(e => [e.action.body, e.action.character_history]), [['words', []]]);
  assert.equal(o.entries[0].action.character_history.length, 2000);
});

test('of readings only the newest of a conversation waits, and a refusal of one is forgotten', async () => {
  const {o, calls} = outbox([refused('no_such_target')]);
  o.add({type: 'message_read', target: 1}, '');
  o.add({type: 'message_read', target: 2}, 'P1|T1');
  o.add({type: 'message_read', target: 3}, '');
  o.setReady(true);
  await settled();
  await settled();
  assert.deepEqual(calls[0], ['message_read2', 'message_read3']);
  assert.equal(o.entries.filter(e => e.state === 'failed').length, 0);
});

test('names are random UUIDs, with or without a secure context', () => {
  const v4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  const insecure = {getRandomValues: b => globalThis.crypto.getRandomValues(b)};
  for (const c of [globalThis.crypto, insecure, null]) {
    assert.match(newClientId(c), v4);
    assert.notEqual(newClientId(c), newClientId(c));
  }
});

test('what is final', () => {
  for (const code of ['invalid_action', 'muted', 'session_ended', 'client_id_reused', 'no_such_target']) assert.equal(isFinal(code), true, code);
  for (const code of ['too_fast', 'storage_unavailable', 'network', 'not_admitted', 'not_authenticated', 'internal', 'of_the_future']) assert.equal(isFinal(code), false, code);
});

test('a refused entry may be tried again, as the same, unless its name was the reason', async () => {
  const {o} = outbox([refused('muted'), stored(4), refused('client_id_reused'), stored(5)]);
  const names = [];
  const send = o.o.send;
  o.o.send = actions => {
    names.push(actions[0].client_id);
    return send(actions);
  };
  o.setReady(true);
  for (const body of ['a', 'b']) {
    const {clientId} = o.add(say(body), '');
    await settled();
    o.retry(clientId);
    await settled();
    o.arrived(9, new Set());
  }
  assert.deepEqual(names, ['c1', 'c1', 'c2', 'c3']);
  assert.deepEqual(o.entries, []);
});

test('an entry that did not fail is not sent twice', async () => {
  const {o, calls} = outbox([stored(1)]);
  o.setReady(true);
  const {clientId} = o.add(say('a'), '');
  o.retry(clientId);
  await settled();
  o.retry(clientId);
  await settled();
  assert.equal(calls.length, 1);
});

test('what may be tried again', () => {
  for (const code of ['muted', 'not_allowed', 'client_id_reused']) assert.equal(mayRetry(code), true, code);
  for (const code of ['too_large', 'invalid_action', 'session_ended', 'no_such_target']) assert.equal(mayRetry(code), false, code);
});

test('the entries of a conversation are the same list until one of them changes', async () => {
  const {o} = outbox([]);
  o.add(say('a'), '');
  o.add(say('b'), 'P1|T1');
  const group = o.in('');
  o.add(say('c'), 'P1|T1');
  assert.equal(o.in(''), group);
  assert.deepEqual(o.in('P1|T1').map(e => e.action.body), ['b', 'c']);
  o.add(say('d'), '');
  assert.deepEqual(o.in('').map(e => e.action.body), ['a', 'd']);
  assert.deepEqual(o.in('nobody'), []);
});

test('it is known whether what is not answered would survive a reload', () => {
  const {o} = outbox([], new Keep(storage(300)));
  o.add(say('short'), '');
  assert.equal(o.kept, true);
  o.add(say('long '.repeat(100)), '');
  assert.equal(o.kept, false);
  const none = outbox([], new Keep(null)).o;
  none.add(say('x'), '');
  assert.equal(none.kept, false);
});

test('two tabs with the same entries send the same, and each is done when the log has it', async () => {
  const keep = new Keep(storage());
  const first = outbox([stored(5)], keep);
  first.o.add(say('once'), '');
  const second = outbox([stored(5)], keep); // a tab that was duplicated has a copy
  const ids = [];
  for (const {o} of [first, second]) {
    ids.push(o.entries[0].clientId);
    o.setReady(true);
    await settled();
    o.arrived(5, new Set([o.entries[0].clientId]));
    assert.deepEqual(o.entries, []);
  }
  assert.equal(ids[0], ids[1]);
});

test('what is kept may be broken, and is then nothing', () => {
  const s = storage();
  s.setItem('hearth.P1.TS1.outbox', '{"not": "a list"}');
  assert.deepEqual(outbox([], new Keep(s)).o.entries, []);
});

test('the last call before leaving waits for its answer, but not for long', async t => {
  t.mock.timers.enable({apis: ['setTimeout']});
  const calls = [];
  const box = new Outbox({send: a => { calls.push(a.map(x => x.body)); return new Promise(() => {}); }, keep: new Keep(null), name: 'o', changed() {}});
  box.setReady(true);
  box.add({type: 'message', body: 'one'}, '');
  box.add({type: 'message', body: 'two'}, '');
  assert.equal(box.waits(), true);
  let left = false;
  box.last().then(() => { left = true; });
  assert.deepEqual(calls, [['one'], ['two']]);
  await new Promise(setImmediate);
  assert.equal(left, false);
  t.mock.timers.tick(3000);
  await new Promise(setImmediate);
  assert.equal(left, true);
});
