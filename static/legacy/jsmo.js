/*
 * What the pages of an older client call: the object
 * ExternalModules.Stanford.GroupChatTherapy, over this server's /api/ajax.
 *
 * A classic script, to stand before the client's own. It depends on nothing.
 * Its own address says where the server is. Besides translating it mends what
 * the client, which stays as it is, cannot: ids that are no numbers, times,
 * messages that it forgets, logouts and ended logins that nobody is told of,
 * logs that were replaced. Each has a part of its own below.
 */
(function () {
  'use strict';

  var script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  var server = script && script.src ? script.src.replace(/\/static\/jsmo\.js(?:[?#].*)?$/, '') : '';

  var longest = 60000; // ms that an answer may take: no longer than the server takes for one

  // ---- What the browser keeps

  /** @returns {Storage | null} */
  function storage(/** @type {'localStorage' | 'sessionStorage'} */ which) {
    try {
      return window[which];
    } catch (e) {
      return null; // switched off
    }
  }

  /** What is kept under a name; null if there is nothing that can be read. */
  function kept(/** @type {'localStorage' | 'sessionStorage'} */ which, /** @type {string} */ name) {
    try {
      var all = storage(which);
      return all ? JSON.parse(all.getItem(name) || 'null') : null;
    } catch (e) {
      return null;
    }
  }

  function keep(/** @type {'localStorage' | 'sessionStorage'} */ which, /** @type {string} */ name, /** @type {any} */ value) {
    try {
      var all = storage(which);
      if (all && value === null) {
        all.removeItem(name);
      } else if (all) {
        all.setItem(name, JSON.stringify(value));
      }
    } catch (e) { /* full: what is in memory has to do */ }
  }

  /** @returns {any} */
  function copy(/** @type {any} */ value) {
    return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
  }

  function isObject(/** @type {any} */ value) {
    return typeof value === 'object' && value !== null;
  }

  // ---- Calls

  /** @typedef {{msg: string, code: string, status: number, retry_after: number | null}} Reason */

  var notReached = 'The server cannot be reached. Check the connection and try again.';
  var notUnderstood = 'The server did not answer as it should. Try again in a moment.';

  /**
   * @param {string} msg
   * @param {string} code
   * @param {number} status
   * @param {any} [after] seconds
   * @returns {Reason}
   */
  function reason(msg, code, status, after) {
    return {msg: msg, code: code, status: status, retry_after: typeof after === 'number' && isFinite(after) ? after : null};
  }

  /** Whatever a page's own ajax rejects with. @returns {Reason} */
  function asReason(/** @type {any} */ e) {
    if (!isObject(e)) {
      return reason(typeof e === 'string' && e ? e : notUnderstood, 'failed', 0);
    }
    var msg = e.msg || e.message || notUnderstood;
    return reason(String(msg), String(e.code || 'failed'), typeof e.status === 'number' ? e.status : 0, e.retry_after);
  }

  /**
   * @param {string} path
   * @param {string} [body]
   * @returns {Promise<{status: number, headers: Headers, text: string}>}
   */
  function post(path, body) {
    var stop = typeof AbortController === 'function' ? new AbortController() : null;
    var late = setTimeout(function () { if (stop) { stop.abort(); } }, longest);
    /** @type {RequestInit} */
    var request = {method: 'POST', credentials: 'include', cache: 'no-store', headers: {'Content-Type': 'application/json'}};
    if (body === undefined) {
      request.keepalive = true; // a logout outlives the page
    } else {
      request.body = body;
    }
    if (stop) {
      request.signal = stop.signal;
    }
    var asked;
    try {
      asked = Promise.resolve(fetch(server + path, request));
    } catch (e) {
      asked = Promise.reject(e);
    }
    return asked.then(function (answer) {
      // The time is for the whole of the answer.
      return answer.text().then(function (text) {
        clearTimeout(late);
        return {status: answer.status, headers: answer.headers, text: text};
      });
    }).catch(function (e) {
      clearTimeout(late);
      throw e;
    });
  }

  /**
   * Resolves with the answer's body; rejects with a Reason, and never resolves
   * with an error.
   * @param {string} action
   * @param {any} [payload]
   * @returns {Promise<any>}
   */
  function ajax(action, payload) {
    return post('/api/ajax', JSON.stringify({action: action, payload: payload})).then(function (answer) {
      var body;
      try {
        body = JSON.parse(answer.text);
      } catch (e) {
        throw reason(notUnderstood, 'not_json', answer.status);
      }
      if (answer.status === 200) {
        return body;
      }
      var problem = isObject(body) ? body : {};
      var after = problem.retry_after;
      if (typeof after !== 'number' && answer.headers && answer.headers.get('Retry-After')) {
        after = Number(answer.headers.get('Retry-After'));
      }
      var msg = isObject(problem.error) && problem.error.msg || problem.detail || problem.title || notUnderstood;
      throw reason(String(msg), String(problem.code || 'http_' + answer.status), answer.status, after);
    }, function () {
      throw reason(notReached, 'network', 0);
    });
  }

  // ---- Ids: the client makes integers of those of people

  var idsName = 'hearth_legacy_ids'; // {id: alias} in localStorage, the same for all tabs
  var firstAlias = 900000001;
  /** @type {Record<string, string>} */
  var aliasOf = Object.create(null);
  /** @type {Record<string, string>} */
  var idOf = Object.create(null);
  var nextAlias = firstAlias;

  function isPlain(/** @type {string} */ id) {
    return /^(?:0|[1-9][0-9]{0,14})$/.test(id);
  }

  function learn(/** @type {string} */ id, /** @type {string} */ alias) {
    aliasOf[id] = alias;
    idOf[alias] = id;
    nextAlias = Math.max(nextAlias, Number(alias) + 1);
  }

  /** Takes in what other tabs, or this one before a reload, have given out. */
  function readAliases() {
    var known = kept('localStorage', idsName);
    if (!isObject(known)) {
      return;
    }
    Object.keys(known).forEach(function (id) {
      var alias = known[id];
      var good = typeof alias === 'string' && isPlain(alias) && Number(alias) >= firstAlias;
      if (good && !aliasOf[id] && !idOf[alias]) {
        learn(id, alias);
      }
    });
  }

  /** The id that the page is given for a person. @returns {any} */
  function outward(/** @type {any} */ id) {
    if (typeof id === 'number') {
      id = String(id);
    }
    if (typeof id !== 'string' || id === '' || id === 'system' || id === 'groupChat') {
      return id;
    }
    if (isPlain(id) && Number(id) < firstAlias) {
      return id;
    }
    if (!aliasOf[id]) {
      readAliases();
    }
    if (!aliasOf[id]) {
      // A number as large as the aliases stands for itself, unless it is
      // somebody else's already.
      learn(id, isPlain(id) && !idOf[id] ? id : String(nextAlias));
      keep('localStorage', idsName, aliasOf);
    }
    return aliasOf[id];
  }

  /** The id that the server knows a person by. @returns {any} */
  function inward(/** @type {any} */ alias) {
    if (typeof alias !== 'string' && typeof alias !== 'number' || alias === '') {
      return alias;
    }
    var key = String(alias);
    if (!idOf[key]) {
      readAliases();
    }
    return idOf[key] || key;
  }

  function each(/** @type {any} */ ids, /** @type {(id: any) => any} */ change) {
    return Array.isArray(ids) ? ids.map(change) : change(ids);
  }

  /** Changes those of an object's members that it has. */
  function change(/** @type {any} */ o, /** @type {string[]} */ names, /** @type {(id: any) => any} */ how) {
    if (isObject(o)) {
      names.forEach(function (name) {
        if (Object.prototype.hasOwnProperty.call(o, name)) {
          o[name] = each(o[name], how);
        }
      });
    }
    return o;
  }

  // ---- Times: the client takes what has no zone for the viewer's own

  /** @returns {any} */
  function withZone(/** @type {any} */ time) {
    return typeof time === 'string' && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(time) ? time.replace(' ', 'T') + 'Z' : time;
  }

  function two(/** @type {number} */ n) {
    return (n < 10 ? '0' : '') + n;
  }

  /** A moment by the clock on the viewer's wall; empty if it is none. */
  function onTheWall(/** @type {any} */ moment) {
    var t = typeof moment === 'string' && moment ? new Date(moment) : null;
    if (!t || isNaN(t.getTime())) {
      return '';
    }
    return t.getFullYear() + '-' + two(t.getMonth() + 1) + '-' + two(t.getDate()) + ' ' +
      two(t.getHours()) + ':' + two(t.getMinutes()) + ':' + two(t.getSeconds());
  }

  /** A therapy session as the page is given it. */
  function row(/** @type {any} */ r) {
    change(r, ['ts_therapist', 'ts_authorized_participants', 'ts_chat_room_participants'], outward);
    if (isObject(r)) {
      r.ts_start = onTheWall(r.hearth_start) || (typeof r.ts_start === 'string' ? r.ts_start : '');
    }
    return r;
  }

  // ---- Logins: the client tells nobody of a logout, and does not notice an end

  var sessionName = 'current_session';
  var user = storedUser(); // when we looked last; empty: nobody
  var leaving = false; // the page is being loaded again: nothing may write the old user back
  /** @type {Promise<any> | null} */
  var ending = null; // a logout under way
  var owed = false; // a logout that did not reach the server

  /** Who the client believes is logged in, by the page's id; empty: nobody. @returns {string} */
  function storedUser() {
    var s = kept('localStorage', sessionName);
    var u = isObject(s) ? s.current_user : null;
    return isObject(u) && u.record_id !== undefined && u.record_id !== null ? String(u.record_id) : '';
  }

  /** Looks whether somebody has logged out, and says who is logged in. */
  function look() {
    var now = storedUser();
    if (user && !now && !leaving) {
      owed = true;
      keep('sessionStorage', outboxName, null);
    }
    user = now;
    if (owed && !now && !ending) {
      ending = post('/api/logout').then(function (answer) {
        owed = answer.status >= 500;
        ending = null;
      }, function () {
        ending = null; // the next look tries again
      });
    }
    return now;
  }

  /** Resolves when no logout is under way that would take a new login's cookie away. */
  function settled() {
    look();
    return ending || Promise.resolve();
  }

  function loadAgain(/** @type {boolean} */ toLogin) {
    leaving = true;
    if (toLogin) {
      keep('localStorage', sessionName, []);
      user = '';
      location.hash = '#/';
      // Whatever the client still writes meanwhile.
      window.addEventListener('pagehide', function () { keep('localStorage', sessionName, []); });
    }
    location.reload();
  }

  /** The login has ended, or another person has logged in. */
  function loginIsGone(/** @type {Reason} */ why, /** @type {string} */ claimed) {
    var gone = why.status === 401 && why.code === 'not_authenticated' || why.status === 403 && why.code === 'wrong_user';
    if (gone) {
      // Another tab's new login is left alone: this page takes it over.
      loadAgain(!(why.status === 403 && claimed && claimed !== user));
    }
  }

  window.addEventListener('pagehide', look); // logged out, and gone before the next poll

  /**
   * One call, with the ids and errors of both sides. A call under way while its
   * user logged out has no answer: the client would write the old user back.
   * @param {string} action
   * @param {any} payload with the server's ids
   * @param {string} claimed the page's id of its user, if the payload says
   * @param {(answer: any) => any} read makes of the answer what the page is given; may throw
   * @param {(value: any) => void} ok
   * @param {(why: Reason) => void} failed
   */
  function call(action, payload, claimed, read, ok, failed) {
    var before = look();
    var asked;
    try {
      asked = Promise.resolve(jsmo.ajax(action, payload));
    } catch (e) {
      asked = Promise.reject(e);
    }
    /** Whether the answer still concerns anybody. */
    function current() {
      var now = look();
      return !leaving && (!before || before === now);
    }
    asked.then(function (answer) {
      return read(answer);
    }).then(function (value) {
      if (current()) {
        ok(value);
      }
    }, function (e) {
      var why = asReason(e);
      if (!current()) {
        return;
      }
      if (before) {
        loginIsGone(why, claimed);
      }
      if (!leaving) {
        failed(why);
      }
    });
  }

  /** What is said where a page's own ajax takes an error for an answer. */
  function unlessError(/** @type {any} */ answer) {
    if (isObject(answer) && isObject(answer.error) && typeof answer.error.msg === 'string') {
      throw reason(answer.error.msg, 'failed', 200);
    }
    return answer;
  }

  /** Reads an answer that holds JSON in a string. */
  function unwrap(/** @type {any} */ answer) {
    var value;
    unlessError(answer);
    try {
      value = JSON.parse(answer.result);
    } catch (e) {
      throw reason(notUnderstood, 'not_json', 200);
    }
    if (!isObject(value)) {
      throw reason(notUnderstood, 'not_json', 200);
    }
    return unlessError(value);
  }

  /** Reads such an answer whose data the page counts on. */
  function unwrapData(/** @type {any} */ answer) {
    var value = unwrap(answer);
    if (value.data === undefined || value.data === null) {
      throw reason(notUnderstood, 'not_json', 200);
    }
    return value;
  }

  function then(/** @type {any} */ f) {
    return typeof f === 'function' ? f : function () {};
  }

  // ---- Messages: the client empties its queue at any news

  var queueName = 'sendActionQueue';
  var outboxName = 'hearth_legacy_outbox'; // {user, of: {therapy session: [action]}} in this tab's storage
  /** @type {Record<string, Record<string, boolean>>} */
  var saved = Object.create(null); // keys of what resolved calls carried, by therapy session

  /** By what an action is known again. @returns {string} */
  function keyOf(/** @type {any} */ a) {
    if (!isObject(a) || !a.client_ts) {
      return JSON.stringify(a);
    }
    return JSON.stringify([a.type, a.client_ts, a.target === undefined || a.target === null ? '' : String(a.target)]);
  }

  /** @returns {Record<string, any[]>} */
  function outbox() {
    var box = kept('sessionStorage', outboxName);
    var all = isObject(box) && box.user === user && isObject(box.of) ? box.of : {};
    /** @type {Record<string, any[]>} */
    var of = Object.create(null);
    Object.keys(all).forEach(function (ts) {
      if (Array.isArray(all[ts]) && all[ts].length) {
        of[ts] = all[ts];
      }
    });
    return of;
  }

  function keepOutbox(/** @type {Record<string, any[]>} */ of) {
    keep('sessionStorage', outboxName, Object.keys(of).length ? {user: user, of: of} : null);
  }

  /** What one call carries: what the client has forgotten, and its queue; each once. */
  function together(/** @type {string} */ ts, /** @type {any} */ queue) {
    /** @type {Record<string, boolean>} */
    var have = Object.create(null);
    return (outbox()[ts] || []).concat(Array.isArray(queue) ? queue : []).filter(function (a) {
      var key = keyOf(a);
      var first = !have[key];
      have[key] = true;
      return first;
    });
  }

  /** The server has an answer for each of these: it need not be told again. */
  function carried(/** @type {string} */ ts, /** @type {any[]} */ actions) {
    if (!actions.length) {
      return;
    }
    var done = saved[ts] || (saved[ts] = Object.create(null));
    actions.forEach(function (a) { done[keyOf(a)] = true; });
    var of = outbox();
    if (of[ts]) {
      of[ts] = of[ts].filter(function (a) { return !done[keyOf(a)]; });
      if (!of[ts].length) {
        delete of[ts];
      }
      keepOutbox(of);
    }
  }

  /** Keeps what the client is about to forget: what is in its queue and in no call that was answered. */
  function rescue(/** @type {string} */ ts) {
    var queue = kept('localStorage', queueName);
    if (!Array.isArray(queue) || !queue.length) {
      return;
    }
    var of = outbox();
    var changed = false;
    queue.forEach(function (a) {
      if (!isObject(a)) {
        return;
      }
      var where = typeof a.sessionID === 'string' && a.sessionID ? a.sessionID : ts;
      var key = keyOf(a);
      var box = of[where] || [];
      if (saved[where] && saved[where][key] || box.some(function (b) { return keyOf(b) === key; })) {
        return;
      }
      of[where] = box.concat([a]);
      changed = true;
    });
    if (changed) {
      keepOutbox(of);
    }
  }

  // ---- Polls

  var polls = 0;
  /** @type {Record<string, number>} */
  var news = Object.create(null); // how many answers with something in them were handed on, by therapy session
  /** @type {Record<string, number>} */
  var answered = Object.create(null); // the last poll that was answered, by therapy session
  /** @type {Record<string, string>} */
  var epochs = Object.create(null); // of each therapy session's log: it changes when the log is replaced

  /** An action of the queue, as the server is given it. */
  function action(/** @type {any} */ a) {
    return change(copy(a), ['user', 'recipients'], inward);
  }

  /** An entry of the log, as the page is given it. */
  function entry(/** @type {any} */ e) {
    change(e, ['user', 'recipients'], outward);
    if (isObject(e) && e.timestamp !== undefined) {
      e.timestamp = withZone(e.timestamp);
    }
    return e;
  }

  function handleActions(/** @type {any} */ payload, /** @type {any} */ ok) {
    var asked = copy(payload) || {};
    var ts = String(asked.sessionID);
    look();
    var queue = together(ts, asked.actionQueue);
    var claimed = isObject(payload) && payload.userID !== undefined ? String(payload.userID) : '';
    change(asked, ['userID'], inward);
    asked.actionQueue = queue.map(action);
    asked.endChatSession = queue.some(function (a) { return isObject(a) && a.type === 'endChatSession'; });
    if (epochs[ts] !== undefined) {
      asked.epoch = epochs[ts];
    }
    var number = ++polls;
    var before = news[ts] || 0;
    call('handleActions', asked, claimed, function (answer) {
      if (!isObject(answer) || !isObject(answer.data)) {
        throw reason(notUnderstood, 'not_json', 200);
      }
      return copy(answer);
    }, function (answer) {
      if (answer.reset === true) {
        // The client would take the new log's ids for those it has seen.
        loadAgain(false);
        return;
      }
      carried(ts, queue);
      if (number < (answered[ts] || 0) || (news[ts] || 0) !== before) {
        // It was overtaken, or the page has gone on since this was asked for. It may hold what has been deleted since, or lack a delete of
        // what the page has by now. What the page still lacks comes with the next call.
        return;
      }
      answered[ts] = number;
      if (typeof answer.epoch === 'string' && answer.epoch) {
        epochs[ts] = answer.epoch;
      }
      var names = Object.keys(answer.data);
      names.forEach(function (i) { entry(answer.data[i]); });
      if (names.length) {
        news[ts] = before + 1;
        rescue(ts);
      }
      then(ok)(answer);
    }, function (why) {
      if (why.code === 'not_allowed' && location.hash.indexOf('#/chat') === 0) {
        location.hash = '#/select'; // they were removed: the page would stay here for ever
      }
      console.warn('handleActions: ' + why.code + ' (' + why.status + '); it is sent again'); // never what was said
    });
  }

  // ---- The methods that the client calls

  function claimedBy(/** @type {any} */ payload) {
    return isObject(payload) && payload.record_id !== undefined ? String(payload.record_id) : '';
  }

  /** @type {Record<string, (...given: any[]) => void>} */
  var methods = {
    validateUserPhone: function (name, phone, ok, err) {
      settled().then(function () {
        call('validateUserPhone', [name, phone], '', unlessError, function (value) { then(ok)('validateUserPhone', value); }, function (why) { then(err)('validateUserPhone', why); });
      });
    },
    validateCode: function (code, ok, err) {
      settled().then(function () {
        owed = false; // from here on it would end the new login
        call('validateCode', code, '', function (answer) {
          var value = unwrap(answer);
          change(value.current_user, ['record_id'], outward);
          return value;
        }, function (value) { then(ok)('validateCode', value); }, function (why) { then(err)('validateCode', why); });
      });
    },
    getUserSessions: function (payload, ok, err) {
      var asked = change(copy(payload), ['record_id'], inward);
      call('getUserSessions', asked, claimedBy(payload), function (answer) {
        var rows = unwrap(answer);
        if (!Array.isArray(rows)) {
          throw reason(notUnderstood, 'not_json', 200);
        }
        return rows.map(row);
      }, then(ok), then(err));
    },
    getParticipants: function (payload, ok, err) {
      call('getParticipants', change(copy(payload), ['participants'], inward), '', function (answer) {
        var value = unwrapData(answer);
        Object.keys(value.data).forEach(function (i) { change(value.data[i], ['record_id'], outward); });
        return value;
      }, then(ok), then(err));
    },
    updateParticipants: function (payload, ok, err) {
      call('updateParticipants', change(copy(payload), ['participant_id'], inward), '', function (answer) {
        var value = unwrapData(answer);
        row(value.data);
        return value;
      }, then(ok), then(err));
    },
    getWhiteboard: function (payload, ok, err) {
      call('getWhiteboard', copy(payload), '', unwrapData, then(ok), then(err));
    },
    setWhiteboard: function (payload, ok, err) {
      call('setWhiteboard', copy(payload), '', unwrapData, then(ok), then(err));
    },
    getUserSurveys: function (payload, ok, err) {
      call('getUserSurveys', change(copy(payload), ['participant_id'], inward), '', unwrap, then(ok), function (why) {
        then(err)({error: {msg: why.msg}});
      });
    },
    checkUserCompletion: function (payload, ok, err) {
      call('checkUserCompletion', change(copy(payload), ['participant_ids'], inward), '', function (answer) {
        var value = unwrap(answer);
        /** @type {Record<string, any>} */
        var all = {};
        Object.keys(value).forEach(function (id) { all[outward(id)] = value[id]; });
        return all;
      }, then(ok), function (why) { then(err)(why.msg); });
    },
    handleActions: handleActions,
  };

  // ---- The object

  function within(/** @type {any} */ o, /** @type {string} */ name) {
    if (!isObject(o[name]) && typeof o[name] !== 'function') {
      o[name] = {};
    }
    return o[name];
  }

  var jsmo = within(within(within(window, 'ExternalModules'), 'Stanford'), 'GroupChatTherapy');
  if (typeof jsmo.ajax !== 'function') {
    jsmo.ajax = ajax;
  }
  Object.keys(methods).forEach(function (name) { jsmo[name] = methods[name]; });
})();
