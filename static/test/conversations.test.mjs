import test from 'node:test';
import assert from 'node:assert/strict';
import {conversations} from '../app/conversations.js';
import {emptyLog, receive} from '../app/log.js';

const people = [
  {id: 'P1', name: 'Gilligan', role: 'participant', muted: false},
  {id: 'P2', name: 'Ginger', role: 'participant', muted: false},
  {id: 'T1', name: 'Dr. Howell', role: 'therapist', muted: false},
];
const names = new Map(people.map(p => [p.id, p.name]));

function list(me, settings, messages = [], muted = false) {
  const detail = {private_messages: 'therapist', participants: people.map(p => ({...p, muted: muted && p.id === me})), ...settings};
  const log = receive(emptyLog(me, me[0] === 'T'), {
    epoch: 'e', max_id: messages.length,
    actions: messages.map(([user, recipients], i) => ({id: i + 1, type: 'message', user, recipients, body: 'x', timestamp: ''})),
  });
  return conversations(detail, log, id => names.get(id) || id).map(c => [c.names.join('+') || 'Group', c.write, c.recipients.join()]);
}

test('a participant writes to whom the session allows', () => {
  assert.deepEqual(list('P1', {private_messages: 'off'}), [['Group', 'ok', '']]);
  assert.deepEqual(list('P1', {private_messages: 'therapist'}), [['Group', 'ok', ''], ['Dr. Howell', 'ok', 'T1']]);
  assert.deepEqual(list('P1', {private_messages: 'anyone'}), [['Group', 'ok', ''], ['Dr. Howell', 'ok', 'T1'], ['Ginger', 'ok', 'P2']]);
});

test('a therapist writes to everyone, also where private messages are off', () => {
  assert.deepEqual(list('T1', {private_messages: 'off'}), [['Group', 'ok', ''], ['Gilligan', 'ok', 'P1'], ['Ginger', 'ok', 'P2']]);
});

test('where private messages are off, those of the therapist can be read', () => {
  assert.deepEqual(list('P1', {private_messages: 'off'}, [['T1', ['P1']]]), [['Group', 'ok', ''], ['Dr. Howell', 'not_allowed', 'T1']]);
});

test('a muted participant writes to therapists alone', () => {
  assert.deepEqual(list('P1', {private_messages: 'anyone'}, [], true), [['Group', 'muted', ''], ['Dr. Howell', 'ok', 'T1'], ['Ginger', 'muted', 'P2']]);
});

test('a therapist reads conversations of others, and does not write in them', () => {
  assert.deepEqual(list('T1', {}, [['P1', ['P2']], ['P2', ['P1']]]).slice(3), [['Gilligan+Ginger', 'not_allowed', 'P1,P2']]);
});

test('a conversation of several is one of its own', () => {
  assert.deepEqual(list('P1', {private_messages: 'anyone'}, [['T1', ['P1', 'P2']]]).slice(3), [['Ginger+Dr. Howell', 'ok', 'P2,T1']]);
});

test('somebody who is no longer of the session is still in the list', () => {
  assert.deepEqual(list('P1', {}, [['T9', ['P1']]]).slice(2), [['T9', 'not_allowed', 'T9']]);
});
