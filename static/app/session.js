// One therapy session as one person has it open: what is known of it, and what
// they can do. The views show it; they know nothing of connections.
import {Connection} from './connection.js';
import {emptyLog, receive, unread} from './log.js';
import {conversations, self} from './conversations.js';
import {Keystrokes} from './keystrokes.js';
import {Outbox} from './outbox.js';

const typingShown = 5000; // ms after the last sign of it
const typingEvery = 3000;
const readAfter = 800; // ms that something must have been shown
const detailEvery = 15000; // ms between looks at who is there, where nobody tells
const detailSeldom = 60000; // ms, where somebody does, but not of everything (that one may write again)

export class Session {
  /**
   * @param {{api: import('./api.js').Api, keep: import('./keep.js').Keep, user: import('./api.js').User, ts: string,
   *   force?: string, pollInterval: number, over: (to: 'login'|'list', code: string) => void, env?: object}} o
   */
  constructor(o) {
    this.api = o.api;
    this.keep = o.keep;
    this.user = o.user;
    this.ts = o.ts;
    this.over = o.over;
    this.listeners = new Set();
    this.telling = false;

    /** @type {'connecting'|'admitted'|'waiting'|'ended'} */
    this.state = 'connecting';
    this.reason = '';
    /** @type {import('./api.js').Assessment[]} */
    this.assessments = [];
    /** @type {import('./api.js').Detail|null} */
    this.detail = null;
    this.detailAt = 0;
    this.due = []; // surveys to fill in after the end
    this.names = new Map(); // of everybody ever seen here
    this.log = emptyLog(o.user.id, false);
    this.target = 0; // the log's highest id when entering
    this.caughtUp = false;
    this.startOver = false;
    /** @type {import('./connection.js').Link} */
    this.link = {via: 'ws', up: false};
    this.typers = new Map(); // id → until when
    this.typed = 0;

    this.seen = new Map(); // conversation → the highest id shown
    this.readTimers = new Map();
    this.drafts = new Map(this.keep.get(this.kept('drafts')) || []);
    this.keystrokes = new Map();
    this.replies = new Map(); // conversation → the id of what is being replied to

    this.outbox = new Outbox({
      send: actions => this.send(actions), keep: o.keep, name: this.kept('outbox'), changed: () => this.changed(),
    });
    this.connection = new Connection({
      api: o.api, ts: o.ts, force: o.force, pollInterval: o.pollInterval, env: o.env,
      position: () => this.startOver ? {epoch: '', id: 0} : {epoch: this.log.epoch, id: this.log.id},
      on: {
        link: l => this.linked(l), entered: e => this.entered(e), actions: f => this.received(f),
        presence: (user, status) => this.presence(user, status), typing: user => this.typing(user),
        over: (to, code) => {
          this.outbox.stop();
          this.over(to, code);
        },
      },
    });
  }

  kept(what) { return this.user.id + '.' + this.ts + '.' + what; }

  start() {
    this.connection.run();
    this.detailTimer = setInterval(() => {
      const often = this.link.via !== 'ws' || this.detail && this.me().muted;
      const due = Date.now() - this.detailAt >= (often ? 0 : detailSeldom);
      if (due && this.link.up && this.open() && !document.hidden) this.refresh();
    }, detailEvery);
  }

  /** Ends it for this page; with leave, for the others too. */
  async stop(leave) {
    this.outbox.stop();
    clearInterval(this.detailTimer);
    this.readTimers.forEach(clearTimeout);
    await this.connection.stop(leave);
  }

  nudge() {
    this.connection.nudge();
    if (this.state === 'ended') this.loadDue();
  }

  // Being watched.

  subscribe(f) {
    this.listeners.add(f);
    return () => this.listeners.delete(f);
  }

  changed() {
    if (this.telling) return;
    this.telling = true;
    Promise.resolve().then(() => {
      this.telling = false;
      this.listeners.forEach(f => f());
    });
  }

  async send(actions) {
    const results = await this.connection.save(actions);
    if (results.some(r => r.error && r.error.code === 'muted')) this.refresh(); // this page did not know
    return results;
  }

  // What comes from the connection.

  linked(l) {
    this.link = l;
    if (!l.up) this.outbox.setReady(false);
    this.changed();
  }

  entered(e) {
    this.state = e.state;
    this.reason = e.reason || '';
    this.assessments = e.assessments || [];
    this.target = e.max_id;
    this.setDetail(e.detail);
    if (this.state === 'ended') this.loadDue();
    this.outbox.setReady(this.state !== 'waiting');
    this.changed();
  }

  setDetail(d) {
    this.detail = d;
    this.detailAt = Date.now();
    d.participants.forEach(p => this.names.set(p.id, p.name));
    const therapist = this.therapist();
    if (therapist !== this.log.therapist) this.log = Object.assign({}, this.log, {therapist});
    this.changed();
  }

  received(frame) {
    const was = this.log;
    if (frame.fromStart) this.startOver = false;
    this.log = receive(was, frame);
    if (frame.last || this.log.id >= this.target) this.caughtUp = true;
    const mine = new Set(frame.actions.filter(a => a.client_id).map(a => a.client_id));
    this.outbox.arrived(this.log.id, mine);
    frame.actions.forEach(a => { if (a.type === 'message') this.typers.delete(a.user); });
    const polls = this.link.via !== 'ws';
    if (this.caughtUp && (this.log.details > was.details || this.log.assessments > was.assessments || polls && this.log.people > was.people)) {
      this.refresh();
    }
    if (this.log.ended && this.state === 'admitted') this.end();
    else if (this.state === 'ended' && this.log.assessments > was.assessments) this.loadDue();
    this.changed();
  }

  /** The session has ended while we were in it. What a participant may read from now on is asked anew. */
  end() {
    this.state = 'ended';
    if (!this.therapist()) {
      this.startOver = true;
      this.connection.again();
    }
    this.loadDue();
  }

  presence(user, status) {
    const known = this.detail && this.detail.participants.some(p => p.id === user);
    if (!known || status === 'waiting') { // who they are, and why they wait
      this.refresh();
      return;
    }
    this.setDetail(Object.assign({}, this.detail, {
      participants: this.detail.participants.map(p => p.id === user ? Object.assign({}, p, {status, reason: undefined}) : p),
    }));
  }

  typing(user) {
    this.typers.set(user, Date.now() + typingShown);
    setTimeout(() => this.changed(), typingShown + 50);
    this.changed();
  }

  /** Fetches the details anew; calls meanwhile lead to one more. */
  async refresh() {
    if (this.refreshing) {
      this.refreshAgain = true;
      return;
    }
    this.refreshing = true;
    try {
      this.setDetail(await this.api.detail(this.ts));
    } catch (e) { /* the next change, or the next entering, brings it */ }
    this.refreshing = false;
    if (this.refreshAgain) {
      this.refreshAgain = false;
      setTimeout(() => this.refresh(), 1000);
    }
  }

  async loadDue() {
    try {
      const all = await this.api.sessions();
      this.due = all.action_items.filter(i => i.ts_id === this.ts);
      this.changed();
    } catch (e) { /* they are in the list of sessions too */ }
  }

  // What is shown.

  therapist() { return !!this.detail && self(this.detail, this.user.id).role === 'therapist'; }
  me() { return self(this.detail, this.user.id); }
  nameOf(id) { return this.names.get(id) || id; }
  conversations() { return conversations(this.detail, this.log, id => this.nameOf(id)); }
  unread(conv) { return unread(this.log, conv, this.seen.get(conv)); }
  board() { return this.caughtUp && this.log.board ? this.log.board.body : this.detail.whiteboard; }
  open() { return this.state === 'admitted'; }

  /** @returns {string[]} names */
  typingNow() {
    const now = Date.now();
    return Array.from(this.typers).filter(t => t[1] > now).map(t => this.nameOf(t[0]));
  }

  // What the person does.

  /**
   * @param {import('./conversations.js').Conversation} conv
   * @param {string} body
   * @param {number} target the message that it answers, or 0
   */
  say(conv, body, target) {
    this.outbox.add(Object.assign(
      {type: 'message', body, recipients: conv.recipients, target: target || null}, this.keystrokesOf(conv.key).take()), conv.key);
    this.typed = 0;
  }

  react(item, icon) { this.outbox.add({type: 'reaction', target: item.id, icon}, item.conv); }
  takeBack(item, reaction) { this.outbox.add({type: 'delete', target: reaction.id}, item.conv); }
  remove(item) { this.outbox.add({type: 'delete', target: item.id}, item.conv); }
  write(text) { this.outbox.add({type: 'whiteboard', body: text}, ''); }
  endForAll() { this.outbox.add({type: 'endChatSession'}, ''); }

  /** @throws {import('./api.js').ApiError} */
  async moderate(person, action) {
    const p = await this.api.moderate(this.ts, person, action);
    this.setDetail(Object.assign({}, this.detail, {
      participants: this.detail.participants.map(x => x.id === p.id ? p : x),
    }));
  }

  /** Somebody is typing into conv. */
  type(conv) {
    if (Date.now() - this.typed < typingEvery) return;
    this.typed = Date.now();
    this.connection.typing(conv.recipients);
  }

  /** Everything of conv up to id is on the screen. */
  saw(conv, id) {
    if (!this.open() || id <= (this.seen.get(conv) || 0)) return;
    const news = this.unread(conv) > 0;
    this.seen.set(conv, id);
    if (!news) return;
    clearTimeout(this.readTimers.get(conv));
    this.readTimers.set(conv, setTimeout(() => this.tellRead(conv), readAfter));
    this.changed();
  }

  /** Says that the newest message of others that was shown is read. */
  tellRead(conv) {
    const ids = (this.log.convs.get(conv) || []).filter(id => id <= this.seen.get(conv));
    for (let i = ids.length - 1; i >= 0 && this.open(); i--) {
      const item = this.log.items.get(ids[i]);
      if (item.kind !== 'message' || item.deleted || item.user === this.user.id) continue;
      this.outbox.add({type: 'message_read', target: item.id}, conv);
      return;
    }
  }

  /** Puts the text of a message that was not sent back where it was written. */
  takeUp(entry) {
    const draft = this.draft(entry.conv);
    this.setDraft(entry.conv, draft ? entry.action.body + '\n' + draft : entry.action.body);
    this.changed();
  }

  keystrokesOf(conv) {
    if (!this.keystrokes.has(conv)) this.keystrokes.set(conv, new Keystrokes());
    return this.keystrokes.get(conv);
  }

  /** What is being replied to in conv, or null. */
  replyIn(conv) { return this.log.items.get(this.replies.get(conv)) || null; }

  replyTo(conv, id) {
    this.replies.set(conv, id);
    this.changed();
  }

  draft(conv) { return this.drafts.get(conv) || ''; }

  setDraft(conv, text) {
    if (text) this.drafts.set(conv, text);
    else this.drafts.delete(conv);
    if (this.drafts.size) this.keep.set(this.kept('drafts'), Array.from(this.drafts));
    else this.keep.drop(this.kept('drafts'));
  }
}
