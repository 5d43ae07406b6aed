import test from 'node:test';
import assert from 'node:assert/strict';
import {news, convOf, emptyLog, readers, receive, unread} from '../app/log.js';

const at = '2026-12-01T18:00:00.000Z';
const message = (id, user, body, more) => ({id, type: 'message', user, timestamp: at, body, recipients: [], target: null, ...more});
const frame = (actions, more) => ({epoch: 'e1', max_id: actions.length ? actions[actions.length - 1].id : 0, actions, ...more});
const read = (me, ...frames) => frames.reduce(receive, emptyLog(me, me[0] === 'T'));
const texts = (log, conv) => (log.convs.get(conv) || []).map(id => log.items.get(id).body);

test('a conversation is everybody in it, whoever wrote', () => {
  assert.equal(convOf('P1', []), '');
  assert.equal(convOf('P1', ['T1']), convOf('T1', ['P1']));
  assert.equal(convOf('P1', ['T1', 'P2', 'P1', 'T1']), 'P1|P2|T1');
  assert.equal(convOf('P1', ['P1']), 'P1');
});

test('messages go to their conversations, in order', () => {
  const log = read('P1', frame([
    message(1, 'P1', 'a'), message(2, 'T1', 'b', {recipients: ['P1']}), message(3, 'P2', 'c'), message(4, 'P1', 'd', {recipients: ['T1']}),
  ]));
  assert.deepEqual(texts(log, ''), ['a', 'c']);
  assert.deepEqual(texts(log, 'P1|T1'), ['b', 'd']);
  assert.deepEqual([log.epoch, log.id], ['e1', 4]);
});

test('the same frames again change nothing', () => {
  const frames = [
    frame([message(1, 'P1', 'a'), {id: 2, type: 'reaction', user: 'T1', target: 1, icon: 'heart', recipients: []}]),
    frame([{id: 3, type: 'message_read', user: 'T1', target: 1, recipients: []}, {id: 5, type: 'delete', user: 'T1', target: 2, recipients: []}]),
  ];
  const once = read('P1', ...frames);
  assert.deepEqual(receive(receive(once, frames[0]), frames[1]), once);
  assert.deepEqual(read('P1', frame([...frames[0].actions, ...frames[1].actions])), once);
});

test('a log that was received is never changed in place', () => {
  const first = read('P1', frame([message(1, 'P1', 'a'), {id: 2, type: 'reaction', user: 'T1', target: 1, icon: 'sad', recipients: []}]));
  const copy = structuredClone(first);
  receive(first, frame([message(3, 'T1', 'b'), {id: 4, type: 'delete', target: 1, recipients: []}, {id: 5, type: 'delete', target: 2, recipients: []},
    {id: 6, type: 'message_read', user: 'T1', target: 3, recipients: []}, {id: 7, type: 'whiteboard', body: 'x', recipients: []}]));
  assert.deepEqual(first, copy);
});

test('the position is where the server has read to, not the last action seen', () => {
  const log = read('P1', frame([message(1, 'P1', 'a')], {max_id: 9}), frame([], {max_id: 12}));
  assert.equal(log.id, 12);
  assert.deepEqual(texts(receive(log, frame([message(12, 'P2', 'old'), message(13, 'P2', 'new')])), ''), ['a', 'new']);
});

test('a deleted message keeps its place, and its text for therapists only', () => {
  for (const [me, body] of [['P1', undefined], ['P2', undefined], ['T1', 'secret']]) {
    const log = read(me, frame([message(1, 'P1', 'secret', {target: null}), message(2, 'P2', 'b', {target: 1})]),
      frame([{id: 3, type: 'delete', user: 'P1', target: 1, recipients: []}]));
    assert.equal(log.items.get(1).deleted, true);
    assert.equal(log.items.get(1).body, body);
    assert.equal(log.items.get(2).target, 1);
  }
});

test('what was deleted before it was read is a tombstone', () => {
  const log = read('P2', frame([{id: 1, type: 'message', user: 'P1', timestamp: at, recipients: ['P2'], deleted: true}]));
  const item = log.items.get(1);
  assert.deepEqual([item.conv, item.body, item.deleted], ['P1|P2', undefined, true]);
});

test('reactions are taken back by deleting them', () => {
  const react = (id, user, icon) => ({id, type: 'reaction', user, target: 1, icon, recipients: []});
  let log = read('P1', frame([message(1, 'P1', 'a'), react(2, 'P2', 'heart'), react(3, 'T1', 'heart'), react(4, 'P2', 'sad')]));
  log = receive(log, frame([{id: 5, type: 'delete', user: 'P2', target: 2, recipients: []}]));
  assert.deepEqual(log.reactions.get(1), [{id: 3, user: 'T1', icon: 'heart'}, {id: 4, user: 'P2', icon: 'sad'}]);
  log = receive(log, frame([react(6, 'P2', 'heart')]));
  assert.deepEqual(log.reactions.get(1).map(r => r.id), [3, 4, 6]);
});

test('a reaction that was taken back before it was read is nothing', () => {
  for (const gone of [{id: 2, type: 'reaction', user: 'P2', recipients: [], deleted: true},
    {id: 2, type: 'reaction', user: 'P2', target: 1, icon: 'heart', recipients: [], deleted: true}]) {
    const log = read('T1', frame([message(1, 'P1', 'a'), gone, {id: 3, type: 'delete', user: 'P2', target: 2, recipients: []}]));
    assert.deepEqual(log.reactions.get(1) || [], []);
  }
});

test('unread counts what others wrote since the last reading or own message, by conversation', () => {
  const told = {id: 4, type: 'message_read', user: 'P1', target: 2, recipients: []};
  const cases = [
    ['nothing read', [message(1, 'P2', 'a'), message(2, 'P2', 'b')], undefined, 2],
    ['own messages do not count', [message(1, 'P2', 'a'), message(2, 'P1', 'b')], undefined, 0],
    ['after an own message', [message(1, 'P1', 'a'), message(2, 'P2', 'b')], undefined, 1],
    ['after a reading', [message(1, 'P2', 'a'), message(2, 'P2', 'b'), message(3, 'P2', 'c'), told], undefined, 1],
    ['a reading of another', [message(1, 'P2', 'a'), message(2, 'P2', 'b'), {...told, user: 'T1'}], undefined, 2],
    ['deleted ones do not count', [message(1, 'P2', 'a'), {id: 2, type: 'delete', target: 1, recipients: []}], undefined, 0],
    ['notices do not count', [{id: 1, type: 'notice', sender: 'system', body: 'x', recipients: [], timestamp: at}], undefined, 0],
    ['what is shown just now does not count', [message(1, 'P2', 'a'), message(2, 'P2', 'b')], 1, 1],
    ['other conversations do not count', [message(1, 'P2', 'a', {recipients: ['P1']})], undefined, 0],
  ];
  for (const [name, actions, seen, want] of cases) assert.equal(unread(read('P1', frame(actions)), '', seen), want, name);
});

test('who has read an item is everybody with a reading at or above it', () => {
  const log = read('P1', frame([message(1, 'P1', 'a'), message(2, 'P1', 'b'), {id: 3, type: 'message_read', user: 'T1', target: 1, recipients: []},
    {id: 4, type: 'message_read', user: 'P2', target: 2, recipients: []}, {id: 5, type: 'message_read', user: 'P2', target: 1, recipients: []}]));
  assert.deepEqual(readers(log, log.items.get(1)), ['P2', 'T1']);
  assert.deepEqual(readers(log, log.items.get(2)), ['P2']);
});

test('a reset, or an answer from the beginning, replaces the log', () => {
  const log = read('T1', frame([message(1, 'P1', 'old'), message(2, 'P1', 'older log')]));
  for (const how of [{reset: true}, {fromStart: true}]) {
    const next = receive(log, frame([message(1, 'P1', 'new')], {epoch: 'e2', ...how}));
    assert.deepEqual([next.epoch, next.id, next.therapist, ...texts(next, '')], ['e2', 1, true, 'new']);
  }
  const closed = receive(log, frame([{id: 3, type: 'endChatSession', user: 'T1', recipients: []}], {fromStart: true}));
  assert.deepEqual([closed.ended, closed.items.size], [3, 0]);
});

test('the newest whiteboard, and what changed beside the log', () => {
  const log = read('P1', frame([{id: 1, type: 'whiteboard', user: 'T1', body: 'a', recipients: []}, {id: 2, type: 'whiteboard', user: 'T1', body: '', recipients: []},
    {id: 3, type: 'update_chat_details', recipients: []}, {id: 4, type: 'update_assessments', recipients: []}, {id: 5, type: 'of_the_future', recipients: []},
    {id: 6, type: 'notice', sender: 'system', body: 'Gilligan has joined the session', timestamp: at, recipients: []}]));
  assert.deepEqual([log.board, log.details, log.assessments, log.people, log.id], [{id: 2, body: ''}, 3, 4, 6, 6]);
});

test('what a frame leaves alone is the same object as before', () => {
  const first = read('P1', frame([message(1, 'P1', 'a'), message(2, 'T1', 'b', {recipients: ['P1']}), {id: 3, type: 'reaction', user: 'T1', target: 1, icon: 'sad', recipients: []}]));
  const read1 = receive(first, frame([{id: 4, type: 'message_read', user: 'T1', target: 1, recipients: []}]));
  for (const part of ['items', 'convs', 'reactions', 'reactionOf', 'spoke']) assert.equal(read1[part], first[part], part);
  assert.notEqual(read1.reads, first.reads);
  const more = receive(read1, frame([message(5, 'T1', 'c')]));
  assert.equal(more.convs.get('P1|T1'), first.convs.get('P1|T1'));
  assert.equal(more.reactions, first.reactions);
  assert.equal(more.items.get(1), first.items.get(1));
});

test('where the unread begin', () => {
  const log = read('P1', frame([message(1, 'P2', 'a'), message(2, 'P1', 'b'), {id: 3, type: 'notice', sender: 'system', body: 'x', recipients: [], timestamp: at},
    message(4, 'P2', 'c'), message(5, 'T1', 'd'), message(6, 'P2', 'e')]));
  assert.deepEqual(news(log, ''), {count: 3, first: 4});
  assert.deepEqual(news(log, '', 4), {count: 2, first: 5});
  assert.deepEqual(news(log, '', 6), {count: 0, first: 0});
  assert.deepEqual(news(receive(log, frame([{id: 7, type: 'delete', target: 4, recipients: []}])), ''), {count: 2, first: 5});
});

test('an action called like something that every object has is none of our business', () => {
  assert.equal(read('P1', frame([{id: 1, type: 'constructor', recipients: []}, {id: 2, type: '__proto__', recipients: []}, message(3, 'P2', 'a')])).id, 3);
});
