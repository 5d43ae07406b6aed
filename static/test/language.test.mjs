import test from 'node:test';
import assert from 'node:assert/strict';
import {choose, languages, localeFor} from '../app/language.js';
import {all, duration, errorText} from '../app/strings.js';

test('what was chosen here before wins over what the browser asks for', () => {
  for (const [chosen, wanted, want] of [
    [null, ['es-MX', 'en'], 'es'], [null, ['de', 'ES'], 'es'], [null, ['de', 'fr'], 'en'], [null, [], 'en'],
    ['en', ['es'], 'en'], ['es', ['en-US'], 'es'], ['xx', ['es'], 'es'], ['', ['en-GB', 'es'], 'en'], [null, ['est', 'es'], 'es'],
  ]) assert.equal(choose(chosen, wanted), want, JSON.stringify([chosen, wanted]));
});

test('dates are written in the page’s language, as it is used where the browser is', () => {
  for (const [id, wanted, want] of [
    ['en', ['en-GB', 'en'], 'en-GB'], ['es', ['en-US'], 'es-US'], ['es', ['en', 'es-419'], 'es-419'], ['en', ['es-mx'], 'en-MX'],
    ['es', ['zh-Hant-TW'], 'es-TW'], ['es', ['en'], 'es'], ['en', [], 'en'],
  ]) {
    assert.equal(localeFor(id, wanted), want, JSON.stringify([id, wanted]));
    assert.doesNotThrow(() => new Intl.DateTimeFormat(localeFor(id, wanted)));
  }
});

/** Calls f with each text, and what is at its place in another language. */
function each(a, b, at, f) {
  for (const key of Object.keys(a)) {
    const where = at ? at + '.' + key : key;
    if (a[key] && typeof a[key] === 'object') {
      assert.ok(b[key] && typeof b[key] === 'object', where + ' is missing');
      each(a[key], b[key], where, f);
    } else f(a[key], b[key], where);
  }
}

/** What a text is, whatever is put into it. */
function said(t, at) {
  if (typeof t === 'string') return [t];
  const kinds = [['Ana'], ['Ana', 'Luis'], 'Ana', 1, 2, 75];
  const tries = t.length < 2 ? kinds.map(k => [k]) : kinds.flatMap(k => kinds.map(l => [k, l, 'x']));
  const out = [];
  for (const args of tries) {
    try {
      const s = t(...args);
      if (!/undefined|NaN|\[object/.test(s)) out.push(s);
    } catch (e) { /* it takes something else */ }
  }
  assert.ok(out.length > 0, at + ' takes nothing that was tried');
  return out;
}

for (const {id} of languages) {
  test(id + ' has the same texts as English, none empty', () => {
    each(all.en, all[id], '', (en, other, at) => {
      assert.equal(typeof other, typeof en, at);
      if (typeof en === 'function') assert.equal(other.length, en.length, at + ' takes another number of things');
      said(other, at).forEach(s => assert.ok(typeof s === 'string' && s.trim() !== '', at + ': ' + s));
    });
    each(all[id], all.en, '', (other, en, at) => assert.notEqual(en, undefined, at + ' is not in English'));
  });
}

// The same in both on purpose: a name, an answer that is only what is put in.
const alike = /^(app|chat\.reacted|chat\.reactedBy|chat\.label|chat\.icons\..*\.1|list\.todoItem)$/;
const english = /\b(the|your|you|is|are|not|and|please|this|that|with|from|session|message|send|again|new|was|has|of|to)\b/i;

test('no English is left in Spanish', () => {
  each(all.en, all.es, '', (en, es, at) => {
    if (alike.test(at)) return;
    if (typeof en === 'string') assert.notEqual(es, en, at);
    said(es, at).forEach(s => assert.doesNotMatch(s.replace(/SMS|Hearth/g, ''), english, at));
  });
});

test('a wait is said in whole units, one of them in the singular', () => {
  for (const [ms, want] of [[0, '1 second'], [1001, '2 seconds'], [89000, '89 seconds'], [90000, '2 minutes'], [3600000, '60 minutes'],
    [89 * 60000, '89 minutes'], [90 * 60000, '2 hours'], [24 * 3600000, '24 hours']]) assert.equal(duration(ms), want);
  for (const l of Object.values(all)) {
    for (const unit of ['seconds', 'minutes', 'hours']) {
      assert.notEqual(l[unit](1).replace('1', ''), l[unit](2).replace('2', ''), unit);
      assert.ok(l[unit](1).startsWith('1 '));
    }
  }
});

test('names in Spanish are joined as they sound', () => {
  const {between} = all.es.chat;
  assert.equal(between(['Ana']), 'Ana');
  assert.equal(between(['Ana', 'Luis']), 'Ana y Luis');
  assert.equal(between(['Ana', 'Luis', 'Ignacio']), 'Ana, Luis e Ignacio');
  assert.equal(between(['Ana', 'Hilda']), 'Ana e Hilda');
  assert.equal(between(['Ana', 'Ian']), 'Ana y Ian');
});

test('each refusal has words, and how long to wait', () => {
  assert.equal(errorText({code: 'http_502'}), all.en.errors.internal);
  assert.equal(errorText({code: 'nobody_knows'}), all.en.errors.other);
  assert.equal(errorText({code: 'constructor'}), all.en.errors.other);
  assert.match(errorText({code: 'too_many_tries', retryAfter: 3 * 3600000}), /too many tries\. Please try again in 3 hours\.$/);
});

test('a time of day in Spanish has its article', () => {
  const {people, access, end} = all.es;
  assert.equal(people.hereSince('1:05 p. m.'), 'aquí desde la 1:05 p. m.');
  assert.equal(people.awaySince('13:05'), 'ausente desde las 13:05');
  assert.match(access.until('01:00'), /hasta la 01:00\./);
  assert.match(end.late('11:00'), /terminar a las 11:00,/);
});
