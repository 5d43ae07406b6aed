import test from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import vm from 'node:vm';

const source = fs.readFileSync(new URL('../legacy/jsmo.js', import.meta.url), 'utf8');

/** A storage as browsers have it, which other tabs may share. */
function storage(all = {}) {
  return {
    all,
    getItem: k => Object.hasOwn(all, k) ? all[k] : null,
    setItem(k, v) { all[k] = String(v); },
    removeItem(k) { delete all[k]; },
  };
}

/**
 * A page with the script in it. Each call of the server waits in calls until
 * the test answers it.
 */
function page({local = storage(), session = storage(), globals = {}, src = 'https://chat.example/static/jsmo.js?v=1', user} = {}) {
  const calls = [];
  const heard = {};
  const warned = [];
  const p = {calls, local, session, warned, reloads: 0, timers: []};
  if (user) local.setItem('current_session', JSON.stringify({current_user: {record_id: user}}));
  const window = {
    addEventListener: (name, f) => (heard[name] = heard[name] || []).push(f),
    ...globals,
  };
  for (const [name, s] of [['localStorage', local], ['sessionStorage', session]]) {
    Object.defineProperty(window, name, {get() { if (s instanceof Error) throw s; return s; }});
  }
  const context = vm.createContext({
    window, document: {currentScript: src && {src}}, console: {warn: s => warned.push(s), error: s => assert.fail(s)},
    location: {hash: '#/chat', reload() { p.reloads++; }}, AbortController,
    setTimeout: (f, ms) => p.timers.push({f, ms}), clearTimeout: n => { delete p.timers[n - 1]; },
    fetch(url, request) {
      return new Promise((resolve, reject) => {
        const body = request.body === undefined ? undefined : JSON.parse(request.body);
        calls.push({
          url, request, action: body && body.action, payload: body && body.payload, lose: reject,
          answer(status, value, headers = {}) {
            const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
            resolve({status, headers: {get: k => headers[k] === undefined ? null : headers[k]}, text: async () => text});
          },
        });
      });
    },
  });
  vm.runInContext(source, context);
  p.location = context.location;
  p.window = window;
  p.jsmo = window.ExternalModules.Stanford.GroupChatTherapy;
  p.fire = name => (heard[name] || []).forEach(f => f());
  return p;
}

/** Lets everything happen that is to happen. */
const settle = () => new Promise(done => setImmediate(() => setImmediate(done)));
/** The value as of this world, without the other's prototypes. */
const plain = v => v === undefined ? v : JSON.parse(JSON.stringify(v));
const wrapped = v => ({result: JSON.stringify(v)});
const problem = (code, status, more) => ({type: 'about:blank', title: code, status, code, detail: 'd', error: {msg: 'For a person.'}, ...more});

/** Calls a method; what it called back is in got. */
function ask(p, method, ...given) {
  const got = [];
  p.jsmo[method](...given, (...v) => got.push(['ok', ...plain(v)]), (...v) => got.push(['err', ...plain(v)]));
  return got;
}

const last = p => p.calls[p.calls.length - 1];
const session = (user, more) => JSON.stringify({current_user: {record_id: user}, ...more});

test('the object is made where it is missing, and its address leads to the server', async () => {
  const p = page();
  p.jsmo.ajax('x', {a: 1});
  assert.equal(p.calls[0].url, 'https://chat.example/api/ajax');
  assert.equal(p.calls[0].request.credentials, 'include');
  assert.equal(p.calls[0].request.headers['Content-Type'], 'application/json');
  assert.deepEqual(JSON.parse(p.calls[0].request.body), {action: 'x', payload: {a: 1}});
  p.jsmo.ajax('y');
  assert.equal(p.calls[1].request.body, '{"action":"y"}');
  const below = page({src: 'https://study.example/hearth/static/jsmo.js'});
  below.jsmo.ajax('x');
  assert.equal(below.calls[0].url, 'https://study.example/hearth/api/ajax');
  const unknown = page({src: null});
  unknown.jsmo.ajax('x');
  assert.equal(unknown.calls[0].url, '/api/ajax');
});

test("what is there is added to, and a page's own ajax is kept", async () => {
  const asked = [];
  const own = {ajax: async (...a) => { asked.push(plain(a)); return wrapped([{record_id: 'TS1', ts_therapist: 'T1', hearth_start: ''}]); }, extra: 1};
  const modules = {Other: 2, Stanford: {GroupChatTherapy: own, More: 3}};
  const p = page({globals: {ExternalModules: modules}});
  assert.equal(p.jsmo, own);
  assert.deepEqual([own.extra, modules.Other, modules.Stanford.More], [1, 2, 3]);
  const got = ask(p, 'getUserSessions', {record_id: '5'});
  await settle();
  assert.deepEqual(asked, [['getUserSessions', {record_id: '5'}]]);
  assert.deepEqual(got, [['ok', [{record_id: 'TS1', ts_therapist: '900000001', hearth_start: '', ts_start: ''}]]]);
  assert.equal(p.calls.length, 0);
  // One that takes an error for an answer, or throws.
  for (const bad of [async () => ({error: {msg: 'No.'}}), async () => wrapped({error: {msg: 'No.'}}), () => { throw {msg: 'No.'}; }]) {
    own.ajax = bad;
    const refused = ask(p, 'getParticipants', {participants: []});
    await settle();
    assert.deepEqual(refused.map(([how, why]) => [how, why.msg]), [['err', 'No.']]);
  }
});

test('ajax resolves with the body of a 200 only', async () => {
  const rows = [
    [c => c.answer(200, {data: []}), {data: []}],
    [c => c.answer(200, 'true'), true],
    [c => c.answer(200, '<html>'), {msg: /did not answer/, code: 'not_json', status: 200, retry_after: null}],
    [c => c.answer(200, ''), {msg: /did not answer/, code: 'not_json', status: 200, retry_after: null}],
    [c => c.answer(401, problem('invalid_code', 401)), {msg: /^For a person\.$/, code: 'invalid_code', status: 401, retry_after: null}],
    [c => c.answer(429, problem('too_many_tries', 429, {retry_after: 60})), {msg: /./, code: 'too_many_tries', status: 429, retry_after: 60}],
    [c => c.answer(503, {detail: 'Down.'}, {'Retry-After': '7'}), {msg: /^Down\.$/, code: 'http_503', status: 503, retry_after: 7}],
    [c => c.answer(204, ''), {msg: /did not/, code: 'not_json', status: 204, retry_after: null}],
    [c => c.answer(201, {data: 1}), {msg: /did not/, code: 'http_201', status: 201, retry_after: null}],
    [c => c.answer(502, '[]'), {msg: /did not/, code: 'http_502', status: 502, retry_after: null}],
    [c => c.lose(new TypeError('x')), {msg: /cannot be reached/, code: 'network', status: 0, retry_after: null}],
  ];
  for (const [answer, want] of rows) {
    const p = page();
    const asked = p.jsmo.ajax('x').then(v => plain(v), e => plain(e));
    answer(p.calls[0]);
    const got = await asked;
    if (want.msg instanceof RegExp) {
      assert.match(got.msg, want.msg);
      assert.deepEqual({...got, msg: want.msg}, want);
    } else {
      assert.deepEqual(got, want);
    }
  }
});

test('an answer that does not come is a network that failed', async () => {
  const p = page();
  const asked = p.jsmo.ajax('x').catch(e => e);
  p.calls[0].request.signal.addEventListener('abort', () => p.calls[0].lose(new Error('aborted')));
  assert.equal(p.timers[0].ms, 60000);
  p.timers[0].f();
  assert.equal((await asked).code, 'network');
  const quick = p.jsmo.ajax('x');
  p.calls[1].answer(200, 'true');
  assert.equal(await quick, true);
  assert.deepEqual(Object.keys(p.timers), []); // none is left
});

test('each method calls back as the client expects', async () => {
  const why = {msg: 'For a person.', code: 'not_allowed', status: 403, retry_after: null};
  const rows = [
    // method, given, action's payload, answer, called back, called back on refusal
    ['validateUserPhone', ['Gilligan', '16505550123'], ['Gilligan', '16505550123'], true, ['ok', 'validateUserPhone', true], ['err', 'validateUserPhone', why]],
    ['validateCode', ['123456'], '123456', wrapped({current_user: {record_id: '7'}}), ['ok', 'validateCode', {current_user: {record_id: '7'}}], ['err', 'validateCode', why]],
    ['getUserSessions', [{record_id: '7'}], {record_id: '7'}, wrapped([]), ['ok', []], ['err', why]],
    ['getUserSessions', [undefined], undefined, wrapped([]), ['ok', []], ['err', why]],
    ['getParticipants', [{participants: ['7', '', null]}], {participants: ['7', '', null]}, wrapped({data: []}), ['ok', {data: []}], ['err', why]],
    ['updateParticipants', [{record_id: 'TS1', action: 'admit', participant_id: '7'}], {record_id: 'TS1', action: 'admit', participant_id: '7'},
      wrapped({data: {record_id: 'TS1', ts_start: ''}}), ['ok', {data: {record_id: 'TS1', ts_start: ''}}], ['err', why]],
    ['getWhiteboard', [{record_id: 'TS1'}], {record_id: 'TS1'}, wrapped({data: [{ts_whiteboard: '&'}]}), ['ok', {data: [{ts_whiteboard: '&'}]}], ['err', why]],
    ['setWhiteboard', [{record_id: 'TS1', ts_whiteboard: ''}], {record_id: 'TS1', ts_whiteboard: ''}, wrapped({data: 'Success'}), ['ok', {data: 'Success'}], ['err', why]],
    ['getUserSurveys', [{participant_id: '7', therapy_session_id: 'TS1', completed: false}], {participant_id: '7', therapy_session_id: 'TS1', completed: false},
      wrapped({no_surveys_required: 1}), ['ok', {no_surveys_required: 1}], ['err', {error: {msg: why.msg}}]],
    ['checkUserCompletion', [{participant_ids: ['7'], therapy_session_id: 'TS1'}], {participant_ids: ['7'], therapy_session_id: 'TS1'},
      wrapped({7: true}), ['ok', {7: true}], ['err', why.msg]],
  ];
  for (const [method, given, payload, answer, want, refused] of rows) {
    const p = page();
    let got = ask(p, method, ...given);
    await settle();
    assert.equal(p.calls[0].action, method);
    assert.deepEqual(p.calls[0].payload, payload, method);
    p.calls[0].answer(200, answer);
    await settle();
    assert.deepEqual(got, [want]);

    got = ask(p, method, ...given);
    await settle();
    p.calls[1].answer(403, problem('not_allowed', 403));
    await settle();
    assert.deepEqual(got, [refused]);

    // A 200 without what is due is an error, and nobody need listen to either.
    if (method !== 'validateUserPhone') {
      for (const bad of [{}, {result: 7}, {result: 'x'}, {result: 'null'}, 'null', '7']) {
        got = ask(p, method, ...given);
        await settle();
        last(p).answer(200, bad);
        await settle();
        assert.equal(got.length, 1);
        assert.equal(got[0][0], 'err', method + ' ' + JSON.stringify(bad));
      }
    }
    p.jsmo[method](...given);
    await settle();
    last(p).answer(403, problem('not_allowed', 403));
    await settle();
  }
  for (const method of ['getParticipants', 'updateParticipants']) { // without data they crash the client
    const p = page();
    const got = ask(p, method, {});
    p.calls[0].answer(200, wrapped({}));
    await settle();
    assert.equal(got[0][0], 'err');
  }
});

/** Polls once. */
function poll(p, actionQueue = [], more = {}) {
  const got = [];
  p.jsmo.handleActions({sessionID: 'TS1', userID: '7', isAdmin: false, maxID: null, actionQueue, endChatSession: false, ...more}, v => got.push(v));
  return {call: last(p), got};
}
const say = (body, more) => ({type: 'message', sessionID: 'TS1', user: '7', body, client_ts: body, target: null, recipients: [], ...more});
const news = id => ({data: [{id: String(id), type: 'ack', recipients: []}], maxID: String(id), epoch: 'e1'});
const queue = (p, ...actions) => p.local.setItem('sendActionQueue', JSON.stringify(actions));
const sent = c => c.payload.actionQueue.map(a => a.body || a.type);

test('a poll that fails calls nothing back, and says nothing of what was said', async () => {
  for (const fail of [
    c => c.answer(503, problem('storage_unavailable', 503)), c => c.lose(new TypeError()), c => c.answer(200, '{}'), c => c.answer(200, '{"data":null}'),
    c => c.answer(200, 'x'), c => c.answer(200, {error: {msg: 'x'}}),
  ]) {
    const p = page({user: '7'});
    const {call, got} = poll(p, [say('my secret')]);
    fail(call);
    await settle();
    assert.equal(got.length, 0);
    assert.equal(p.warned.length, 1);
    assert.doesNotMatch(p.warned[0], /secret/);
  }
});

test('answers are fresh objects, and payloads stay as they are', async () => {
  const answer = {data: [{id: '1', type: 'message', user: 'P1', recipients: ['T1'], timestamp: '2026-12-02 02:00:05'}]};
  const p = page({globals: {ExternalModules: {Stanford: {GroupChatTherapy: {ajax: async () => answer}}}}, user: '7'});
  const action = Object.freeze(say('x', {recipients: Object.freeze(['900000001'])}));
  const got = [];
  for (let i = 0; i < 2; i++) {
    p.jsmo.handleActions(Object.freeze({sessionID: 'TS1', userID: '7', actionQueue: Object.freeze([action])}), v => { got.push(plain(v)); v.data[0].recipients.pop(); });
    await settle();
  }
  assert.deepEqual(got[0], got[1]);
  assert.equal(answer.data[0].user, 'P1');
  assert.deepEqual(action.recipients, ['900000001']);
});

test('ids that are no plain integers are others on the page, both ways', async () => {
  const p = page();
  let got = ask(p, 'validateCode', '1');
  await settle();
  last(p).answer(200, wrapped({current_user: {record_id: 'P123', admin: '0', participant_display_name: 'P123'}}));
  await settle();
  const me = '900000001';
  assert.deepEqual(got[0][2], {current_user: {record_id: me, admin: '0', participant_display_name: 'P123'}});
  p.local.setItem('current_session', session(me));

  got = ask(p, 'getUserSessions', {record_id: me, admin: '0', participant_display_name: 'P123'});
  assert.deepEqual(last(p).payload, {record_id: 'P123', admin: '0', participant_display_name: 'P123'});
  const row = {
    record_id: 'TS1', ts_title: 'P123', ts_start: '', ts_therapist: 'T1', ts_authorized_participants: ['P124', '42', '007'],
    ts_chat_room_participants: ['P123'], ts_whiteboard: 'P123', hearth_start: '',
  };
  const shown = {
    ...row, ts_therapist: '900000002', ts_authorized_participants: ['900000003', '42', '900000004'], ts_chat_room_participants: [me],
  };
  last(p).answer(200, wrapped([row, {...row, record_id: 'P123'}]));
  await settle();
  assert.deepEqual(got[0][1], [shown, {...shown, record_id: 'P123'}]); // a session's id is no person's

  got = ask(p, 'getParticipants', {participants: [me, '900000003', 900000004, '42', '', null]});
  assert.deepEqual(last(p).payload, {participants: ['P123', 'P124', '007', '42', '', null]});
  last(p).answer(200, wrapped({data: [{record_id: 'P124', participant_display_name: 'P124'}, {record_id: 'new', admin: '1'}]}));
  await settle();
  assert.deepEqual(got[0][1].data, [{record_id: '900000003', participant_display_name: 'P124'}, {record_id: '900000005', admin: '1'}]);

  got = ask(p, 'updateParticipants', {record_id: 'TS1', action: 'admit', participant_id: '900000003'});
  assert.deepEqual(last(p).payload, {record_id: 'TS1', action: 'admit', participant_id: 'P124'});
  last(p).answer(200, wrapped({data: row}));
  await settle();
  assert.deepEqual(got[0][1], {data: shown});

  got = ask(p, 'getUserSurveys', {participant_id: '900000003', therapy_session_id: 'TS1', completed: true});
  assert.equal(last(p).payload.participant_id, 'P124');
  last(p).answer(200, wrapped({P124: {url: 'https://s.example/?p=P124', complete: '0'}}));
  await settle();
  assert.deepEqual(got[0][1], {P124: {url: 'https://s.example/?p=P124', complete: '0'}}); // by the survey's name

  got = ask(p, 'checkUserCompletion', {participant_ids: [me, '900000003', '42'], therapy_session_id: 'TS1'});
  assert.deepEqual(last(p).payload.participant_ids, ['P123', 'P124', '42']);
  last(p).answer(200, wrapped({P123: true, P124: false, 42: true}));
  await settle();
  assert.deepEqual(got[0][1], {[me]: true, 900000003: false, 42: true});

  const {call, got: polled} = poll(p, [
    say('P123', {user: me, recipients: ['900000002'], target: '900000001'}), say('2', {user: me, recipients: [900000003]}),
    {type: 'endChatSession', recipients: 'groupChat', client_ts: '3', sessionID: 'TS1'}, {type: 'delete', target: '900000001', client_ts: '4', sessionID: 'TS1'},
  ], {userID: me});
  assert.equal(call.payload.userID, 'P123');
  assert.equal(call.payload.endChatSession, true);
  assert.deepEqual(call.payload.actionQueue.map(a => [a.user, a.recipients, a.target]), [
    ['P123', ['T1'], '900000001'], ['P123', ['P124'], null], [undefined, 'groupChat', undefined], [undefined, undefined, '900000001']]);
  call.answer(200, {data: [
    {id: '900000001', type: 'message', user: 'P124', recipients: ['P123'], target: '7', body: 'P123'},
    {id: '2', type: 'notice', user: 'system', sender: 'P123', recipients: []}, {type: 'notice', user: 'T1', recipients: ['42']}]});
  await settle();
  assert.deepEqual(plain(polled[0].data), [
    {id: '900000001', type: 'message', user: '900000003', recipients: [me], target: '7', body: 'P123'},
    {id: '2', type: 'notice', user: 'system', sender: 'P123', recipients: []}, {type: 'notice', user: '900000002', recipients: ['42']}]);
});

test('the ids on the page stay the same over reloads, tabs and a logout', async () => {
  const local = storage();
  const name = async (p, ...ids) => {
    const got = ask(p, 'getParticipants', {participants: []});
    last(p).answer(200, wrapped({data: ids.map(id => ({record_id: id}))}));
    await settle();
    return got[0][1].data.map(d => d.record_id);
  };
  const one = page({local});
  assert.deepEqual(await name(one, 'P1', 'P2'), ['900000001', '900000002']);
  const two = page({local});
  assert.deepEqual(await name(two, 'P2', 'P3'), ['900000002', '900000003']);
  ask(one, 'getParticipants', {participants: ['900000003']}); // which the other tab has given out
  assert.deepEqual(last(one).payload.participants, ['P3']);
  assert.deepEqual(await name(one, 'P4', 'P3', 'P1'), ['900000004', '900000003', '900000001']);
  delete local.all.hearth_legacy_ids; // the client clears all on logout
  assert.deepEqual(await name(one, 'P3', 'P5', 'P1'), ['900000003', '900000005', '900000001']);
  assert.deepEqual(await name(page({local}), 'P3', 'P5'), ['900000003', '900000005']);
  ask(one, 'getParticipants', {participants: ['900000001', 900000004, '900000099']});
  assert.deepEqual(last(one).payload.participants, ['P1', 'P4', '900000099']);
});

test('a plain integer is left as it is, unless it is taken', async () => {
  const p = page();
  const got = ask(p, 'getParticipants', {participants: ['0', '7']});
  last(p).answer(200, wrapped({data: [
    '0', '7', '123456789012345', '900000001', 'P1', '900000003', 'P2', 'P3', '00', '1234567890123456', '-1', '1.5', '1e3', '__proto__', 'constructor',
  ].map(id => ({record_id: id}))}));
  await settle();
  const ids = got[0][1].data.map(d => d.record_id);
  assert.deepEqual(ids.slice(0, 4), ['0', '7', '123456789012345', '900000001']);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^(0|[1-9]\d{0,14})$/);
  ask(p, 'getParticipants', {participants: ids});
  assert.deepEqual(last(p).payload.participants, [
    '0', '7', '123456789012345', '900000001', 'P1', '900000003', 'P2', 'P3', '00', '1234567890123456', '-1', '1.5', '1e3', '__proto__', 'constructor']);
});

test('times are told with their zone, and the start by the clock on the wall', async () => {
  const p = page({user: '7'});
  const {call, got} = poll(p);
  call.answer(200, {data: {5: {id: '5', type: 'notice', timestamp: '2026-12-02 02:00:05'}, 6: {id: '6', timestamp: '2026-12-02T02:00:05Z'}, 7: {id: '7'}}});
  await settle();
  assert.deepEqual(plain(got[0].data), {
    5: {id: '5', type: 'notice', timestamp: '2026-12-02T02:00:05Z'}, 6: {id: '6', timestamp: '2026-12-02T02:00:05Z'}, 7: {id: '7'}});

  const rows = ask(p, 'getUserSessions', {record_id: '7'});
  last(p).answer(200, wrapped([
    {record_id: 'a', ts_start: '2026-12-01 18:00:00', hearth_start: '2026-12-02T02:00:00.000Z'},
    {record_id: 'b', ts_start: '2026-12-01 18:00:00'}, {record_id: 'c', ts_start: '2026-12-01 18:00:00', hearth_start: 'x'}, {record_id: 'd', ts_start: null, hearth_start: ''},
  ]));
  await settle();
  const at = new Date('2026-12-02T02:00:00.000Z');
  const two = n => String(n).padStart(2, '0');
  const here = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:00`;
  assert.deepEqual(rows[0][1].map(r => r.ts_start), [here, '2026-12-01 18:00:00', '2026-12-01 18:00:00', '']);
});

test('what the client forgets when there is news is sent with the next poll', async () => {
  const p = page({user: '7'});
  const first = poll(p); // under way, empty
  queue(p, say('typed meanwhile'));
  first.call.answer(200, news(1));
  await settle();
  assert.equal(first.got.length, 1);
  queue(p); // the client has wiped it
  const second = poll(p);
  assert.deepEqual(sent(second.call), ['typed meanwhile']);
  second.call.lose(new TypeError()); // it is not known what became of it
  await settle();
  const third = poll(p, [say('typed meanwhile'), say('another')]);
  assert.deepEqual(sent(third.call), ['typed meanwhile', 'another']); // each once
  third.call.answer(200, news(3));
  await settle();
  assert.deepEqual(sent(poll(p).call), []);
  assert.equal(p.session.getItem('hearth_legacy_outbox'), null);
});

test('nothing is lost or sent for ever where polls overlap', async () => {
  const p = page({user: '7'});
  queue(p, say('1'));
  const a = poll(p, [say('1')]);
  queue(p, say('1'), say('2'));
  const b = poll(p, [say('1'), say('2')]);
  queue(p, say('1'), say('2'), say('3'));
  a.call.answer(200, news(1)); // the client wipes all three; b is on its way with 2, and will be lost
  await settle();
  queue(p);
  b.call.lose(new TypeError());
  await settle();
  const c = poll(p);
  assert.deepEqual(sent(c.call), ['2', '3']);
  const d = poll(p); // c has no answer yet
  assert.deepEqual(sent(d.call), ['2', '3']);
  d.call.answer(200, news(3));
  await settle();
  queue(p, say('4'));
  const e = poll(p, [say('4')]);
  assert.deepEqual(sent(e.call), ['4']);
  c.call.answer(200, news(3)); // overtaken by d
  e.call.answer(200, news(4));
  await settle();
  assert.equal(c.got.length, 0);
  assert.deepEqual(sent(poll(p).call), []);
});

test('an answer that was overtaken does not bring back what was deleted since', async () => {
  const p = page({user: '7'});
  const slow = poll(p), quick = poll(p);
  quick.call.answer(200, {data: [], maxID: '9'});
  await settle();
  slow.call.answer(200, {data: [{id: '8', type: 'message', body: 'regretted'}]});
  await settle();
  assert.deepEqual([slow.got.length, quick.got.length], [0, 1]);
  const other = poll(p, [], {sessionID: 'TS2'}); // another session's are no concern
  const after = poll(p);
  after.call.answer(200, {data: []});
  other.call.answer(200, {data: []});
  await settle();
  assert.deepEqual([other.got.length, after.got.length], [1, 1]);
});

test('an answer that was asked for before the page went on may lack a delete, and is not handed on', async () => {
  const p = page({user: '7'});
  const first = poll(p), second = poll(p); // both from the same place
  first.call.answer(200, {data: [{id: '6', type: 'message', body: 'regretted later'}]});
  await settle();
  second.call.answer(200, {data: [{id: '8', type: 'message', body: 'more'}]}); // 7 deleted 6, which was not there for it
  await settle();
  assert.deepEqual([first.got.length, second.got.length], [1, 0]);
  const third = poll(p);
  third.call.answer(200, {data: [{id: '7', type: 'delete', target: '6'}, {id: '8', type: 'message', body: 'more'}]});
  await settle();
  assert.equal(third.got.length, 1);
});

test('no news leaves the queue, and so does this script', async () => {
  const p = page({user: '7'});
  const a = poll(p);
  queue(p, say('1'));
  a.call.answer(200, {data: []});
  await settle();
  assert.equal(p.session.getItem('hearth_legacy_outbox'), null);
  assert.deepEqual(sent(poll(p).call), []); // it is the client's to send
});

test('what was forgotten is kept for its own session and person, over a reload', async () => {
  const local = storage(), tab = storage();
  const p = page({local, session: tab, user: '7'});
  const a = poll(p);
  queue(p, say('here'), say('there', {sessionID: 'TS2'}), 'junk', null);
  a.call.answer(200, news(1));
  await settle();
  queue(p);
  const again = page({local, session: tab});
  assert.deepEqual(sent(poll(again).call), ['here']);
  assert.deepEqual(sent(poll(again, [], {sessionID: 'TS2'}).call), ['there']);
  assert.deepEqual(sent(poll(page({local, session: tab, user: '8'}), [], {userID: '8'}).call), []);
});

test('a logout in the client ends the login on the server', async () => {
  const p = page({user: '7'});
  const under = ask(p, 'getUserSessions', {record_id: '7'});
  const sessions = last(p);
  const polled = poll(p, [say('x')]);
  p.local.setItem('current_session', '[]');
  sessions.answer(200, wrapped([{record_id: 'TS1'}]));
  await settle();
  assert.equal(under.length, 0); // the client would write the old user back
  assert.equal(last(p).url, 'https://chat.example/api/logout');
  assert.equal(last(p).request.method, 'POST');
  assert.equal(last(p).request.credentials, 'include');
  const logouts = () => p.calls.filter(c => c.url.endsWith('/logout')).length;
  assert.equal(logouts(), 1);
  polled.call.answer(200, news(1));
  await settle();
  assert.equal(polled.got.length, 0);
  // A new login waits for it: its cookie would be taken away.
  const code = ask(p, 'validateCode', '1');
  await settle();
  assert.notEqual(last(p).action, 'validateCode');
  p.calls.find(c => c.url.endsWith('/logout')).answer(204, '');
  await settle();
  assert.equal(last(p).action, 'validateCode');
  last(p).answer(200, wrapped({current_user: {record_id: '7'}}));
  await settle();
  assert.equal(code.length, 1);
  const idle = ask(p, 'getUserSessions', undefined);
  last(p).answer(200, wrapped([]));
  await settle();
  assert.equal(idle.length, 1);
  assert.equal(logouts(), 1);
  assert.equal(p.reloads, 0);
});

test('a logout that the server could not carry out is tried again, any other is not', async () => {
  for (const [status, again] of [[204, 0], [401, 0], [403, 0], [503, 1]]) {
    const tab = storage({hearth_legacy_outbox: JSON.stringify({user: '7', of: {TS1: [say('x')]}})});
    const p = page({user: '7', session: tab});
    p.local.setItem('current_session', '[]');
    p.fire('pagehide');
    assert.equal(tab.getItem('hearth_legacy_outbox'), null); // nobody's any more
    p.calls[0].answer(status, '');
    await settle();
    p.fire('pagehide');
    assert.equal(p.calls.length, 1 + again);
  }
});

test('a logout is noticed when the page is left, and tried again when it did not arrive', async () => {
  const p = page({user: '7'});
  p.local.removeItem('current_session');
  p.fire('pagehide');
  assert.equal(p.calls[0].url, 'https://chat.example/api/logout');
  p.calls[0].lose(new TypeError());
  await settle();
  ask(p, 'getUserSessions', undefined);
  const logouts = p.calls.filter(c => c.url.endsWith('/logout'));
  assert.equal(logouts.length, 2);
  logouts[1].lose(new TypeError());
  await settle();
  // From a new login on it would end that one.
  ask(p, 'validateCode', '1');
  p.calls.filter(c => c.url.endsWith('/logout'))[2].lose(new TypeError());
  await settle();
  assert.equal(last(p).action, 'validateCode');
  last(p).answer(200, wrapped({current_user: {record_id: '7'}}));
  await settle();
  ask(p, 'getUserSessions', undefined);
  assert.equal(p.calls.filter(c => c.url.endsWith('/logout')).length, 3);
  p.fire('pagehide');
  assert.equal(p.calls.filter(c => c.url.endsWith('/logout')).length, 3);
});

test('an ended login leads to the login page, once', async () => {
  for (const [status, code] of [[401, 'not_authenticated'], [403, 'wrong_user']]) {
    const p = page({user: '7'});
    const a = poll(p), b = ask(p, 'getUserSessions', {record_id: '7'});
    const sessions = last(p);
    a.call.answer(status, problem(code, status));
    await settle();
    assert.deepEqual([p.reloads, p.location.hash, p.local.getItem('current_session')], [1, '#/', '[]']);
    sessions.answer(status, problem(code, status));
    await settle();
    assert.equal(p.reloads, 1);
    assert.equal(b.length, 0);
    assert.ok(!p.calls.some(c => c.url.endsWith('/logout'))); // it is not ours to end
    p.local.setItem('current_session', session('7')); // the client, before it is gone
    p.fire('pagehide');
    assert.equal(p.local.getItem('current_session'), '[]');
    assert.ok(!p.calls.some(c => c.url.endsWith('/logout')));
  }
});

test('other refusals lead nowhere, and neither do those of nobody', async () => {
  for (const [user, status, code] of [['7', 403, 'not_allowed'], ['7', 401, 'invalid_code'], ['7', 403, 'not_admitted'], ['7', 503, 'storage_unavailable'], ['', 401, 'not_authenticated']]) {
    const p = page({user});
    const got = ask(p, 'getParticipants', {participants: []});
    last(p).answer(status, problem(code, status));
    await settle();
    assert.deepEqual([p.reloads, got.length, got[0][0]], [0, 1, 'err']);
  }
});

test("another tab's new login is taken over, not ended", async () => {
  const p = page({user: '7'});
  p.local.setItem('current_session', session('8')); // another tab
  const {call} = poll(p, [], {userID: '7'});
  call.answer(403, problem('wrong_user', 403));
  await settle();
  assert.equal(p.reloads, 1);
  assert.equal(p.local.getItem('current_session'), session('8'));
  assert.equal(p.calls.length, 1);
});

test('a log that was replaced makes the page begin anew', async () => {
  const p = page({user: '7'});
  const a = poll(p);
  assert.equal(a.call.payload.epoch, undefined);
  a.call.answer(200, news(1));
  await settle();
  assert.equal(poll(p, [], {sessionID: 'TS2'}).call.payload.epoch, undefined);
  const b = poll(p, [say('x')]), c = poll(p, [say('x')]);
  assert.equal(b.call.payload.epoch, 'e1');
  b.call.answer(200, {data: [{id: '1'}], epoch: 'e2', reset: true});
  c.call.answer(200, {data: [{id: '1'}], epoch: 'e2', reset: true});
  await settle();
  assert.deepEqual([b.got.length, c.got.length, p.reloads, p.location.hash], [0, 0, 1, '#/chat']);
  assert.equal(p.local.getItem('current_session'), session('7'));
});

test('whatever is in the storage, nothing throws', async () => {
  const junk = ['', 'x', 'null', '7', '"x"', '[]', '{}', '{"current_user":null}', '{"current_user":7}', '{"current_user":{"record_id":null}}', '[null]',
    '{"P1":7,"P2":null,"P3":"x","P4":"1","P5":{}}', '{"P1":"900000001","P2":"900000001"}', '{"user":"","of":7}', '{"user":"","of":{"TS1":7,"TS2":[null,7]}}', '{'];
  const names = ['current_session', 'sendActionQueue', 'hearth_legacy_ids', 'hearth_legacy_outbox'];
  const broken = Object.assign(storage(), {getItem() { throw new Error('x'); }, setItem() { throw new Error('full'); }, removeItem() { throw new Error('x'); }});
  const stores = [[broken, broken], [new Error('off'), new Error('off')], [null, null], ...junk.flatMap(value => names.map(name => [storage({[name]: value}), storage({[name]: value})]))];
  for (const [local, tab] of stores) {
    const p = page({local, session: tab});
    const {call, got} = poll(p, [say('x', {recipients: ['P2']})], {sessionID: 'TS2', userID: '7'});
    call.answer(200, {data: [null, 7, {id: '1', user: 'P1', recipients: ['P2', null], timestamp: null}]});
    await settle();
    assert.equal(got.length, 1);
    const [one, two] = [got[0].data[2].user, got[0].data[2].recipients[0]];
    assert.match(one + two, /^9\d{8}9\d{8}$/);
    assert.notEqual(one, two);
    const rows = ask(p, 'getUserSessions', undefined);
    last(p).answer(200, wrapped([null, 7, {ts_authorized_participants: null}]));
    await settle();
    assert.equal(rows[0][0], 'ok');
    p.fire('pagehide');
  }
});
