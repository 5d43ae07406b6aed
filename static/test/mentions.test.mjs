import test from 'node:test';
import assert from 'node:assert/strict';
import {candidates, complete, mentionAt, split} from '../app/mentions.js';

const people = new Map([['P1', 'Ann'], ['P2', 'Ann Lee'], ['P3', 'Zoë'], ['T1', 'Dr. Howell'], ['P4', '<b>Bo</b>'], ['P5', '🙂 Sam'], ['P6', 'Ann'], ['P7', '  '], ['P8', 'Kim 👍']]);
/** Mentions as [text](ids), links as <text>. */
const shown = (body, names = people) => split(body, names)
  .map(p => p.kind === 'mention' ? `[${p.text}](${p.ids})` : p.kind === 'link' ? `<${p.text}>` : p.text).join('');

test('mentions are found as whole names, the longest first', () => {
  for (const [body, want] of [
    ['hi @Ann', 'hi [@Ann](P1,P6)'],
    ['hi @Ann Lee!', 'hi [@Ann Lee](P2)!'],
    ['@Ann, @Ann Lee', '[@Ann](P1,P6), [@Ann Lee](P2)'],
    ['@Ann Leeds', '[@Ann](P1,P6) Leeds'],
    ['@Anna', '@Anna'], ['@Ann_', '@Ann_'], ['@Ann1', '@Ann1'], ['@Ann\u0301', '@Ann\u0301'],
    ['@ann lee', '[@ann lee](P2)'],
    ['mail ann@Ann.org', 'mail ann@Ann.org'], ['é@Ann', 'é@Ann'], ['(@Ann)', '([@Ann](P1,P6))'], ['@@Ann', '@[@Ann](P1,P6)'],
    ['@Dr. Howell.', '[@Dr. Howell](T1).'],
    ['@Zoë', '[@Zoë](P3)'], ['@Zoe\u0308', '[@Zoe\u0308](P3)'], ['@Zoe', '@Zoe'],
    ['@<b>Bo</b>', '[@<b>Bo</b>](P4)'],
    ['@🙂 Sam', '[@🙂 Sam](P5)'], ['🙂@Ann', '🙂[@Ann](P1,P6)'],
    ['@Kim 👍', '[@Kim 👍](P8)'], ['@Kim 👍🏽', '@Kim 👍🏽'],
    ['@', '@'], ['@  ', '@  '], ['', ''], ['nothing', 'nothing'],
  ]) assert.equal(shown(body), want, body);
});

test('the parts are the body, whatever is in it', () => {
  const pieces = ['@', 'Ann', ' Lee', ' ', 'https://', 'a.b', '/', ')', '😀', '\u0301', '\n', '<script>', '.', '@Dr. Howell'];
  let seed = 7;
  const next = n => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  for (let i = 0; i < 3000; i++) {
    const body = Array.from({length: next(12)}, () => pieces[next(pieces.length)]).join('');
    const parts = split(body, people);
    assert.equal(parts.map(p => p.text).join(''), body);
    parts.forEach(p => assert.notEqual(p.text, ''));
  }
});

test('a name of one letter is not found in every word', () => assert.equal(shown('@A b', new Map([['P1', 'A']])), '[@A](P1) b'));

test('web addresses, as far as they lead where they seem to', () => {
  for (const [body, want] of [
    ['see https://example.org/a?b=1#c.', 'see <https://example.org/a?b=1#c>.'],
    ['(http://example.org/a(b))', '(<http://example.org/a(b)>)'],
    ['https://example.org, and', '<https://example.org>, and'],
    ['HTTPS://EXAMPLE.ORG', '<HTTPS://EXAMPLE.ORG>'],
    ['https://example.org:8080/x', '<https://example.org:8080/x>'],
    ['https://example.org@evil.example/', 'https://example.org@evil.example/'],
    ['https://user:pw@evil.example', 'https://user:pw@evil.example'],
    ['https://exampl\u0435.org', 'https://exampl\u0435.org'],
    ['javascript:alert(1)', 'javascript:alert(1)'], ['ftp://example.org', 'ftp://example.org'], ['xhttps://example.org', 'xhttps://example.org'],
    ['data:text/html,https', 'data:text/html,https'], ['https://', 'https://'], ['example.org', 'example.org'],
    ['https://example.org/@Ann', '<https://example.org/@Ann>'],
  ]) assert.equal(shown(body), want, body);
});

test('a mention that is being typed', () => {
  for (const [value, want] of [['@', [0, '']], ['hi @an', [3, 'an']], ['@Dr. Ho', [0, 'Dr. Ho']], ['a@b', null], ['@ x', null], ['@a\nb', null], ['none', null], ['@a @b', [3, 'b']]]) {
    const m = mentionAt(value, value.length);
    assert.deepEqual(m && [m.at, m.query], want, value);
  }
  assert.deepEqual(mentionAt('@an more', 3), {at: 0, query: 'an'});
  const far = 'x '.repeat(200) + '@zo';
  assert.deepEqual(mentionAt(far, far.length), {at: 400, query: 'zo'});
});

test('whom it may mean', () => {
  const all = Array.from(people, ([id, name]) => ({id, name}));
  const found = q => candidates(q, all).map(p => p.id);
  assert.deepEqual(found('an'), ['P1', 'P6', 'P2']);
  assert.deepEqual(found('Ann L'), ['P2']);
  assert.deepEqual(found('lee'), ['P2']);
  assert.deepEqual(found('howell'), ['T1']);
  assert.deepEqual(found('ZOE'), ['P3']);
  assert.deepEqual(found('ann and'), []);
  assert.equal(candidates('', Array.from({length: 20}, (_, i) => ({id: 'P' + i, name: 'N' + i}))).length, 8);
});

test('choosing puts the whole name in, and a space if there is none', () => {
  assert.deepEqual(complete('hi @an', {at: 3, query: 'an'}, 'Ann Lee'), {value: 'hi @Ann Lee ', cursor: 12, put: '@Ann Lee '});
  assert.deepEqual(complete('@an you', {at: 0, query: 'an'}, 'Ann'), {value: '@Ann you', cursor: 4, put: '@Ann'});
});
