// The page for study staff, without a page.
import test from 'node:test';
import assert from 'node:assert/strict';
import {App, idleAfter, warnFor} from '../staff/app.js';
import {eventWords, older} from '../staff/audit.js';
import {query, Refusal, StaffApi} from '../staff/client.js';
import {fileName, midnight, missing, path, readAll} from '../staff/download.js';
import {backupDue, warnings} from '../staff/health.js';
import {matching, sorted} from '../staff/presence.js';
import {grouped, mistakes, same, typeOf} from '../staff/roster.js';
import {said, texts} from '../staff/strings.js';
import {bytes, minutesLeft} from '../staff/words.js';

const json = (value, status = 200) => new Response(JSON.stringify(value), {status, headers: {'Content-Type': 'application/json'}});
const encoded = text => new TextEncoder().encode(text).buffer;
const nobody = {therapy_sessions: []};

/** An App whose server gives these answers, one after the other; it remembers what it was asked. */
function page(...answers) {
  const asked = [];
  const p = {asked, now: 1e12, asks: 0};
  p.app = new App({
    now: () => p.now,
    api: (token, ended) => new StaffApi(token, {ended, fetch: async (url, init) => {
      asked.push({url, init});
      const a = answers.shift() || json(nobody);
      if (init.signal.aborted) throw new Error('aborted');
      return typeof a === 'function' ? a(init) : a;
    }}),
  });
  return p;
}

test('the token goes with each call, and no cookie does', async () => {
  const p = page();
  await p.app.signIn('hearth_1');
  await p.app.api.unlock('P1');
  assert.deepEqual(p.asked.map(a => [a.url, a.init.method, a.init.headers.Authorization, a.init.credentials]), [
    ['/api/admin/sessions', 'GET', 'Bearer hearth_1', 'omit'], ['/api/admin/unlock', 'POST', 'Bearer hearth_1', 'omit'],
  ]);
});

test('a wrong token signs nobody in', async () => {
  const p = page(json({code: 'not_authenticated'}, 401));
  await assert.rejects(p.app.signIn('hearth_1'), e => e.status === 401);
  assert.equal(p.app.api, null);
  assert.equal(p.app.why, '');
});

test('a token that is refused later signs out, and what was typed stays', async () => {
  const p = page(json(nobody), json({code: 'not_authenticated'}, 401));
  await p.app.signIn('hearth_1');
  p.app.moved('#audit');
  p.app.forms.audit.search = 'P1';
  p.app.upload = {name: 'roster.yaml'};
  await assert.rejects(p.app.api.tokens());
  assert.deepEqual([p.app.api, p.app.why, p.app.view, p.app.forms.audit.search, p.app.upload, p.app.sessions], [null, 'refused', 'audit', 'P1', null, null]);
});

test('signing out forgets the token and everything else, and ends what is under way', async () => {
  const p = page(json(nobody), init => new Promise((_, no) => init.signal.addEventListener('abort', () => no(new Error('aborted')))));
  await p.app.signIn('hearth_1');
  const api = p.app.api;
  p.app.forms.token.name = 'x';
  const call = api.tokens();
  p.app.signOut('signedOut');
  await assert.rejects(call, e => e.code === 'stopped');
  assert.deepEqual([p.app.api, api.token, p.app.forms.token.name, p.app.sessions], [null, '', '', null]);
});

test('half an hour without a touch signs out, and says so before', async () => {
  const p = page();
  await p.app.signIn('hearth_1');
  const at = ms => {
    p.now = 1e12 + ms;
    p.app.tick();
    return [p.app.api !== null, p.app.warned];
  };
  assert.deepEqual(at(idleAfter - warnFor - 1), [true, false]);
  assert.deepEqual(at(idleAfter - warnFor), [true, true]);
  p.app.touch();
  assert.equal(p.app.warned, false);
  assert.deepEqual(at(idleAfter + 1), [true, false]);
  p.app.busy = 1; // a download that takes its time
  assert.deepEqual(at(3 * idleAfter), [true, false]);
  p.app.busy = 0;
  assert.deepEqual(at(4 * idleAfter), [false, false]);
  assert.equal(p.app.why, 'idle');
});

test('a refusal says what it is: of the server, of a proxy, of the network', async () => {
  for (const [answer, code, mistakes] of [
    [json({code: 'bad_request', detail: 'x', errors: ['line 1: y']}, 400), 'bad_request', ['line 1: y']],
    [new Response('<html>', {status: 502}), 'http_502', []],
    [() => { throw new TypeError('no network'); }, 'network', []],
    [json([], 404), 'http_404', []],
  ]) {
    const api = new StaffApi('t', {fetch: async () => typeof answer === 'function' ? answer() : answer});
    await assert.rejects(api.health(), e => {
      assert.deepEqual([e.code, e.mistakes], [code, mistakes]);
      assert.ok(said(e).text.length > 10);
      return true;
    });
  }
});

test('the very bytes of the file are sent, for the preview and in earnest', async () => {
  const p = page();
  await p.app.signIn('hearth_1');
  const file = encoded('participants: []\r\n');
  await p.app.api.roster(file, 'application/yaml', {prune: false, dry: true});
  await p.app.api.roster(file, 'application/yaml', {prune: true, dry: false});
  assert.deepEqual(p.asked.slice(1).map(a => [a.url, a.init.body === file, a.init.headers['Content-Type']]), [
    ['/api/admin/roster?dry_run=true', true, 'application/yaml'], ['/api/admin/roster?prune=true', true, 'application/yaml'],
  ]);
});

test('mistakes stand beside the lines that they are about', () => {
  const file = encoded('a\r\n\nb <img>\r' + 'c'.repeat(500) + '\nlast');
  const m = mistakes(['line 3: phone: bad: really', 'something else', 'line 4: x', 'line 99: y'], file);
  assert.deepEqual(m[0], {line: 3, text: 'phone: bad: really', around: [{n: 3, text: 'b <img>', wrong: true}, {n: 4, text: 'c'.repeat(159) + '…', wrong: false}]});
  assert.deepEqual(m[1], {line: 0, text: 'something else', around: []});
  assert.deepEqual(m[2].around.map(l => l.n), [3, 4, 5]);
  assert.deepEqual(m[3].around, []);
});

test('what a file is, and what it changes', () => {
  assert.deepEqual(['a.yaml', 'B.YML', 'c.json', 'd.xlsx', 'yaml', ''].map(typeOf), ['application/yaml', 'application/yaml', 'application/json', '', '', '']);
  const changes = [{kind: 'changed', what: 'session', id: 'TS1', fields: ['date']}, {kind: 'added', what: 'person', id: 'P1'}, {kind: 'removed', what: 'person', id: 'P2'}];
  assert.deepEqual(grouped(changes).map(g => g.what + ' ' + g.kind), ['person removed', 'person added', 'session changed']);
  assert.equal(same({changes, people: 1}, {changes: changes.slice(), people: 2}), true);
  assert.equal(same({changes}, {changes: changes.slice(1)}), false);
});

test('a download asks for what its table takes, and no more', () => {
  const form = {table: 'attendance', ts: 'TS 1', from: '2026-12-01', to: '2026-12-01', format: 'csv', deidentify: true, spreadsheet: true, of: 'keystrokes'};
  const from = encodeURIComponent(midnight('2026-12-01', 0)), to = encodeURIComponent(midnight('2026-12-02', 0));
  for (const [change, want] of [
    [{}, `exports/attendance?format=csv&ts_id=TS%201&from=${from}&to=${to}&deidentify=true&spreadsheet=true`],
    [{table: 'transcript', format: 'json'}, 'exports/transcript?format=json&ts_id=TS%201&deidentify=true'],
    [{table: 'keystrokes', from: '', to: '', deidentify: false, spreadsheet: false, ts: ''}, 'exports/keystrokes?format=csv'],
    [{table: 'codebook', format: 'redcap'}, 'exports/codebook?format=redcap&table=keystrokes'],
  ]) assert.equal(path({...form, ...change}), want);
  for (const [change, want] of [
    [{}, ''], [{to: '2026-11-30'}, 'dates'], [{table: 'transcript', ts: ''}, 'session'], [{table: 'transcript', to: '2026-11-30'}, ''],
    [{table: 'codebook', format: 'redcap', of: ''}, 'table'], [{table: 'codebook', of: ''}, ''],
  ]) assert.equal(missing({...form, ...change}), want);
  assert.equal(new Date(midnight('2026-12-31', 1)).getMonth(), 0);
  assert.equal(midnight('soon', 0), '');
});

test('a file’s name has nothing that leads elsewhere', () => {
  const name = said => fileName(new Response('', {headers: said ? {'Content-Disposition': said} : {}}), 'table.csv');
  assert.deepEqual([
    'attachment; filename=attendance-TS1.csv', 'attachment; filename="../a b.csv"', 'attachment; filename=".."', 'attachment', '',
  ].map(name), ['attendance-TS1.csv', '_a_b.csv', 'table.csv', 'table.csv', 'table.csv']);
});

const streamed = steps => {
  let i = 0;
  return new Response(new ReadableStream({pull(c) { steps[i++](c); }}));
};
const piece = text => c => c.enqueue(new TextEncoder().encode(text));

test('a download is whole, or is none', async () => {
  const seen = [];
  const blob = await readAll(streamed([piece('ab'), piece('c'), c => c.close()]), n => seen.push(n), new AbortController());
  assert.equal(await blob.text(), 'abc');
  assert.deepEqual(seen, [2, 3]);
  await assert.rejects(readAll(streamed([piece('ab'), c => c.error(new TypeError('cut'))]), () => {}, new AbortController()), e => e.code === 'cut');
  const stop = new AbortController();
  await assert.rejects(readAll(streamed([piece('ab'), piece('c'), c => c.close()]), () => stop.abort(), stop), e => e instanceof Refusal && e.code === 'stopped');
});

/** A server with these entries, ascending, that gives the newest before a moment, as the real one. */
const log = all => {
  const asked = [];
  return {asked, ask: async q => {
    asked.push(q.limit);
    const fit = all.filter(e => !q.to || Date.parse(e.time) < Date.parse(q.to));
    return {entries: fit.slice(-q.limit), more: fit.length > q.limit};
  }};
};

test('each entry of the audit log is shown once, also where many are of the same moment', async () => {
  for (const moments of [n => n, n => n < 150 ? 0 : n, () => 0, n => Math.floor(n / 90)]) {
    const all = Array.from({length: 450}, (_, n) => ({seq: n + 1, time: new Date(1e12 + moments(n)).toISOString(), event: 'x'}));
    const l = log(all);
    let got = {entries: [], more: true};
    for (let i = 0; got.more && i < 20; i++) got = await older(l.ask, {search: '', from: '', to: ''}, got.entries);
    assert.deepEqual(got.entries.map(e => e.seq), all.map(e => e.seq).reverse());
  }
});

test('events have plain words, and one that is new its own', () => {
  const w = texts.en.audit.events;
  assert.deepEqual([
    {event: 'login'}, {event: 'login', reason: 'invalid_code'}, {event: 'entered'}, {event: 'brand_new', reason: 'x'}, {event: 'constructor'},
  ].map(e => eventWords(e, w)), ['Logged in', 'A login was refused', 'Came into a session', 'brand new', 'constructor']);
});

test('what needs attention', () => {
  const now = '2026-12-02T00:00:00Z';
  const before = ms => new Date(Date.parse(now) - ms).toISOString();
  const good = {now, ready: true, last_backup_at: before(backupDue), free_bytes: 1e11, data_bytes: 1e6, sms: {sender: 'vonage', sent_last_hour: 1, limit_per_hour: 300}};
  for (const [change, want] of [
    [{}, []], [{ready: false, problem: 'x'}, ['notReady']], [{problem: 'x'}, ['problem']], [{last_backup_at: null}, ['noBackup']], [{last_backup_at: before(backupDue + 1)}, ['oldBackup']],
    [{free_bytes: 1e9}, ['disk']], [{free_bytes: 1e11, data_bytes: 2e11}, ['disk']], [{free_bytes: undefined}, []], [{sms: {sender: 'file'}}, ['noSms']],
    [{sms: {sender: 'vonage', sent_last_hour: 240, limit_per_hour: 300}}, ['smsLimit']], [{sms: undefined}, []],
  ]) assert.deepEqual(warnings({...good, ...change}), want);
});

test('sessions are found by their name and by who is in them', () => {
  const p = (id, name) => ({id, name, role: 'participant', status: 'offline', muted: false});
  const s = (id, name, status, date, ...participants) => ({id, name, topic: '', status, date, participants});
  const all = [
    s('TS1', 'Evening', 'ended', '2026-01-01T00:00:00Z', p('P1', 'Gilligan')), s('TS2', 'Morning', 'scheduled', '2027-01-02T00:00:00+09:00', p('P1', 'Gilligan'), p('P2', 'Mary Ann')),
    s('TS3', 'Noon', 'scheduled', '2027-01-01T20:00:00Z', p('P2', 'Mary Ann')), s('TS4', 'Night', 'open', null), s('TS5', 'Late', 'ended', '2026-02-01T00:00:00Z'),
  ];
  assert.deepEqual(sorted(all).map(g => g.sessions.map(x => x.id)), [['TS4'], ['TS2', 'TS3'], ['TS5', 'TS1']]);
  assert.deepEqual(sorted(all, {TS4: 'scheduled'}).map(g => g.sessions.map(x => x.id)), [['TS4', 'TS2', 'TS3'], ['TS5', 'TS1']]);
  const found = typed => matching(all, typed).map(x => x.id + ':' + x.participants.map(y => y.id));
  assert.deepEqual(found(' mary '), ['TS2:P2', 'TS3:P2']);
  assert.deepEqual(found('ts2'), ['TS2:P1,P2']);
  assert.deepEqual(found('nobody'), []);
  assert.equal(matching(all, ''), all);
});

test('numbers as people read them', () => {
  assert.deepEqual([0, 999, 1500, 2e6, 123456789].map(bytes), ['0 bytes', '999 bytes', '1.5 kB', '2 MB', '123 MB']);
  assert.deepEqual([-1, 0, 59001, 600000].map(minutesLeft), ['0:00', '0:00', '1:00', '10:00']);
  assert.equal(query({a: '', b: undefined, c: 0, d: 'x&y'}), '?c=0&d=x%26y');
});

test('each refusal has words in both languages', () => {
  assert.deepEqual(Object.keys(texts.es.errors), Object.keys(texts.en.errors));
  for (const code of ['network', 'timeout', 'too_many_tries', 'http_503', 'nonsense']) assert.ok(said({code}).text);
  assert.equal(said({code: 'bad_request', status: 400, message: 'expires: x'}).detail, 'expires: x');
});

/** Whether b has the same shape as a: the same keys, functions of as many things, no empty text. */
function shape(a, b, at) {
  assert.equal(typeof b, typeof a, at);
  if (typeof a === 'object') {
    assert.deepEqual(Object.keys(b), Object.keys(a), at);
    for (const k of Object.keys(a)) shape(a[k], b[k], at + '.' + k);
  } else if (typeof a === 'function') {
    assert.equal(b.length, a.length, at);
    for (const x of [1, 2, 'x']) assert.ok(b(x, x, x).trim() && !/undefined/.test(b(x, x, x)), at);
  } else assert.ok(b.trim() && a.trim(), at);
}

test('Spanish has the same texts as English', () => {
  shape(texts.en, Object.assign({}, texts.es), 'texts');
  const left = [];
  const each = (a, b, at) => {
    if (typeof a === 'string' && a === b && / /.test(a)) left.push(at);
    if (typeof a === 'object') for (const k of Object.keys(a)) each(a[k], b[k], at + '.' + k);
  };
  each(texts.en, texts.es, '');
  assert.deepEqual(left, []);
});
