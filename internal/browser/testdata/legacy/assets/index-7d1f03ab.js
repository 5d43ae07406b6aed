// A page in the manner of an older client, as far as the server and the script
// that it calls can tell: what it asks for, when and how often, what it keeps,
// and where it is easily broken. It has no looks.

const jsmo = ExternalModules.Stanford.GroupChatTherapy; // a bare global: it must be there by now

const stored = (name, otherwise) => JSON.parse(localStorage.getItem(name)) || otherwise;
const state = {
  session: stored('current_session', []),
  queue: stored('sendActionQueue', []),
  sessions: [], participants: [], surveys: null, completion: {}, error: '', sent: false,
  maxID: null, chats: new Map(), seen: new Set(), tab: 'groupChat', ended: false, replyTo: null, typed: [],
};

function keepSession(session) {
  state.session = session;
  localStorage.setItem('current_session', JSON.stringify(session));
}

function keepQueue(queue) {
  state.queue = queue;
  localStorage.setItem('sendActionQueue', JSON.stringify(queue));
}

const me = () => state.session.current_user;
const chosen = () => state.session.selected_session;
const isAdmin = () => me().admin === '1';
const route = () => location.hash || '#/';
const goTo = hash => { location.hash = hash; };

// ---- every 3 s, on every page

function refresh() {
  jsmo.getUserSessions(me(), rows => {
    state.sessions = rows;
    const row = chosen() && rows.find(r => r.record_id === chosen().record_id);
    if (row && JSON.stringify(row) !== JSON.stringify(chosen())) choose(row);
    draw();
  }, e => console.log('sessions', e.code));
}

function choose(row) {
  keepSession({...state.session, selected_session: row});
  jsmo.getParticipants({participants: [...row.ts_authorized_participants, ...row.ts_chat_room_participants, row.ts_therapist]}, result => {
    state.participants = result.data.map(p => p);
    draw();
  }, e => console.log('participants', e.code));
  const inside = row.ts_chat_room_participants.includes(me().record_id);
  if (route() === '#/chat' && !isAdmin() && !inside) goTo('#/landing');
  else if (route() === '#/landing') mayEnter();
}

// ---- login

function askForCode(name, phone) {
  jsmo.validateUserPhone(name, phone, () => { state.sent = true; state.error = ''; draw(); }, (_, e) => { state.error = e.msg; draw(); });
}

function enterCode(code) {
  jsmo.validateCode(code, (_, result) => {
    keepSession({current_user: result.current_user});
    state.error = '';
    goTo('#/select');
  }, (_, e) => { state.error = e.msg; draw(); });
}

function logOut() { // and tells nobody
  localStorage.clear();
  keepSession([]);
  Object.assign(state, {queue: [], sent: false, maxID: null, chats: new Map(), seen: new Set(), sessions: [], ended: false});
  goTo('#/');
}

// ---- surveys and the waiting room

function askForSurveys(completed) {
  state.surveys = null;
  jsmo.getUserSurveys({participant_id: me().record_id, therapy_session_id: chosen().record_id, completed}, surveys => {
    state.surveys = surveys;
    mayEnter();
    draw();
  }, e => { state.error = e.error.msg; draw(); });
}

function mayEnter() {
  if (route() !== '#/landing' || isAdmin() || !state.surveys) return;
  const done = state.surveys.no_surveys_required || Object.values(state.surveys).every(s => s.complete === '2');
  if (done && chosen().ts_chat_room_participants.includes(me().record_id)) goTo('#/chat');
}

// ---- the chat

const tabOf = id => id === 'groupChat' ? id : parseInt(id, 10); // people's ids become integers here

function poll() {
  if (!chosen() || !me()) return;
  const queue = state.queue;
  jsmo.handleActions({
    sessionID: chosen().record_id, userID: me().record_id, isAdmin: isAdmin(), maxID: state.maxID, actionQueue: queue,
    endChatSession: queue.some(a => a.type === 'endChatSession'),
  }, answer => {
    const entries = Object.values(answer.data);
    if (!entries.length) return;
    state.maxID = entries[entries.length - 1].id;
    keepQueue([]); // whatever is in it by now
    entries.forEach(take);
    draw();
  });
}

function take(entry) {
  const known = entry.id !== undefined ? entry.id : JSON.stringify(entry);
  if (state.seen.has(known)) return;
  state.seen.add(known);
  let tab = 'groupChat';
  if (entry.recipients.length) tab = tabOf(entry.user === me().record_id ? entry.recipients.pop() : entry.user);
  if (!state.chats.has(tab)) state.chats.set(tab, []);
  const chat = state.chats.get(tab);
  switch (entry.type) {
    case 'message':
    case 'notice': {
      const sending = chat.findIndex(e => e.pending && e.client_ts === entry.client_ts);
      if (sending >= 0) chat.splice(sending, 1, entry);
      else chat.push(entry);
      break;
    }
    case 'reaction':
      everyEntry(e => { if (e.id === entry.target) (e.icons = e.icons || []).push(entry.icon); });
      break;
    case 'delete':
      for (const [name, entries] of state.chats) {
        const rest = entries.filter(e => e.id === undefined || e.id !== entry.target);
        if (rest.length) state.chats.set(name, rest);
        else state.chats.delete(name); // also one in which nothing was said
      }
      break;
    case 'whiteboard':
      keepSession({...state.session, selected_session: {...chosen(), ts_whiteboard: entry.body}});
      break;
    case 'endChatSession':
      state.ended = true;
      break;
  }
}

function everyEntry(f) {
  for (const entries of state.chats.values()) entries.forEach(f);
}

function queueAction(action) {
  keepQueue([...state.queue, {sessionID: chosen().record_id, client_ts: new Date().toISOString(), ...action}]);
}

function say(body) {
  const recipients = state.tab === 'groupChat' ? [] : [String(state.tab)];
  queueAction({type: 'message', user: me().record_id, body, target: state.replyTo, recipients, time_to_complete: '671ms', character_history: state.typed});
  const pending = {...state.queue[state.queue.length - 1], id: 'pending-0', pending: true};
  state.chats.get(state.tab).push(pending);
  Object.assign(state, {replyTo: null, typed: []});
  draw();
}

function endSession() {
  const client_ts = new Date().toISOString();
  queueAction({type: 'notice', user: me().record_id, body: 'The Admin has closed this Chat Session', client_ts});
  queueAction({type: 'endChatSession', recipients: 'groupChat', client_ts});
}

// ---- drawing: what is typed in stays

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children.filter(c => c !== null));
  return node;
}
const button = (name, onclick) => el('button', {onclick}, name);

const fields = {};
function field(label, extra) {
  if (!fields[label]) {
    fields[label] = el('input', {'aria-label': label, autocomplete: 'off', ...extra});
  }
  return fields[label];
}
const take_ = label => { const v = fields[label].value; fields[label].value = ''; return v; };

const nameOf = id => {
  const p = state.participants.find(q => q.record_id === id || parseInt(q.record_id, 10) === id);
  return p ? p.participant_display_name : String(id);
};

/** Two ways of showing a body: as HTML where somebody is mentioned, else as text with its entities decoded. */
function bodyOf(entry) {
  const p = el('p');
  const mentions = state.participants.some(q => /^\w+$/.test(q.participant_display_name) && entry.body.includes('@' + q.participant_display_name));
  if (entry.pending) {
    p.textContent = entry.body; // as typed
  } else if (mentions) {
    p.innerHTML = entry.body;
  } else {
    const decoder = document.createElement('textarea');
    decoder.innerHTML = entry.body;
    p.textContent = decoder.value;
  }
  return p;
}

const entryOf = entry => el('article', {class: entry.type},
  el('b', null, entry.sender || nameOf(entry.user)), ' ',
  el('time', null, entry.pending ? 'Sending...' : new Date(entry.timestamp).toLocaleString('en-US')),
  entry.type === 'message' && entry.target !== null ? el('blockquote', null, 'Reply to ' + entry.target) : null, // undefined is the first notice
  bodyOf(entry), el('i', null, (entry.icons || []).join(' ')),
  entry.type !== 'message' ? null : el('span', null,
    button('Reply', () => { state.replyTo = entry.id; }),
    button('heart', () => queueAction({type: 'reaction', user: me().record_id, icon: 'heart', target: entry.id})),
    isAdmin() || entry.user === me().record_id ? button('Delete', () => {
      queueAction({type: 'delete', target: entry.id});
      take({type: 'delete', target: entry.id, recipients: []});
      draw();
    }) : null));

const pages = {
  '#/': () => state.sent
    ? [field('Code'), button('Verify', () => enterCode(take_('Code')))]
    : [field('Display Name'), field('Phone'), button('Send', () => askForCode(fields['Display Name'].value, fields.Phone.value))],
  '#/select': () => state.sessions.map(row => {
    const [day, time] = row.ts_start.split(' ');
    return el('section', {class: row.ts_status === '1' ? 'open' : 'closed'}, el('h2', null, row.ts_title), el('p', null, row.ts_topic),
      el('p', {class: 'start'}, (day || '') + ' at ' + (time || '')), button('Select', () => { choose(row); goTo(isAdmin() ? '#/chat' : '#/landing'); }));
  }),
  '#/landing': () => [el('h2', null, 'Waiting Room'), ...surveyLinks()],
  '#/completed': () => [el('h2', null, 'Post Chat Room'), ...surveyLinks(), button('Back to the chat', () => goTo('#/chat'))],
  '#/chat': () => {
    if (!state.chats.has('groupChat')) state.chats.set('groupChat', []);
    const row = chosen();
    const others = isAdmin() ? row.ts_chat_room_participants : [row.ts_therapist];
    const moderate = (action, id) => jsmo.updateParticipants({record_id: row.record_id, action, participant_id: id}, r => choose(r.data), e => console.log(e.code));
    return [
      el('h2', null, row.ts_title),
      el('nav', null, button('Group', () => { state.tab = 'groupChat'; draw(); }),
        ...[...new Set([...state.chats.keys(), ...others.map(tabOf)])].filter(t => t !== 'groupChat')
          .map(t => button('Tab ' + nameOf(t), () => { if (!state.chats.has(t)) state.chats.set(t, []); state.tab = t; draw(); }))),
      el('div', {role: 'log'}, ...state.chats.get(state.tab).map(entryOf)),
      el('pre', {'aria-label': 'Whiteboard'}, row.ts_whiteboard),
      ...(!isAdmin() ? [] : [
        field('Whiteboard text'), button('Save Whiteboard', () => {
          const body = take_('Whiteboard text');
          jsmo.setWhiteboard({record_id: row.record_id, ts_whiteboard: body}, () => {}, e => console.log(e.code));
          queueAction({type: 'whiteboard', user: me().record_id, body});
        }),
        el('ul', {'aria-label': 'Waiting'}, ...row.ts_authorized_participants.map(id => el('li', null, nameOf(id) + (state.completion[id] ? ' (done) ' : ' '), button('Admit ' + nameOf(id), () => moderate('admit', id))))),
        el('ul', {'aria-label': 'Chat'}, ...row.ts_chat_room_participants.map(id => el('li', null, nameOf(id), button('Revoke ' + nameOf(id), () => moderate('revoke', id))))),
        button('Check completion', () => jsmo.checkUserCompletion({participant_ids: row.ts_authorized_participants, therapy_session_id: row.record_id},
          all => { state.completion = all; draw(); }, alert)),
        button('End Session', endSession),
      ]),
      ...(state.ended
        ? [isAdmin() ? button('Return to Chat Select Room', () => goTo('#/select')) : button('Go to Post Chat Room', () => goTo('#/completed'))]
        : [field('Message', {maxlength: 500}), button('Send', () => say(take_('Message')))]),
    ];
  },
};

const surveyLinks = () => state.surveys === null ? [] : Object.entries(state.surveys).filter(([name]) => name !== 'no_surveys_required').map(([name, s]) =>
  el('p', null, s.complete === '2' ? name + ': complete' : el('a', {href: s.url}, name)));

let drawn = '';
function draw() {
  const focused = document.activeElement && document.activeElement.getAttribute('aria-label');
  const page = me() ? pages[route()] || pages['#/select'] : pages['#/'];
  const next = [...page(), ...(me() ? [el('hr'), button('Log out', logOut)] : []), el('p', {role: 'alert'}, state.error)];
  const html = next.map(node => node.outerHTML).join('');
  if (html === drawn) return; // what is being pressed stays
  drawn = html;
  document.getElementById('root').replaceChildren(...next);
  if (focused && fields[focused] && fields[focused].isConnected) fields[focused].focus();
}

addEventListener('keydown', e => { if (document.activeElement === fields.Message) state.typed.push(e.key); });

let polling = 0;
function arrive() {
  clearInterval(polling);
  if (me() && route() === '#/') goTo('#/select');
  if (me() && chosen()) {
    choose(chosen());
    if (route() === '#/landing') askForSurveys(false);
    if (route() === '#/completed') askForSurveys(true);
    if (route() === '#/chat') {
      poll();
      polling = setInterval(poll, 2000); // whether or not there is an answer yet
    }
  }
  refresh();
  draw();
}
addEventListener('hashchange', arrive);
setInterval(refresh, 3000);
arrive();
