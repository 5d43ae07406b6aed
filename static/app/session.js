// One therapy session as one person has it open: what is known of it, and what
// they can do. The views show it; they know nothing of connections.
import {Connection} from './connection.js';
import {conversations, self} from './conversations.js';
import {Drafts} from './drafts.js';
import {emptyLog, receive} from './log.js';
import {Outbox} from './outbox.js';
import {Reads} from './reads.js';
import {Roster} from './roster.js';
import {Typists, typingShown} from './typing.js';

const typingEvery = 3000; // ms between two signs that this person types
const detailEvery = 15000; // ms between looks at who is there, where nobody tells
const detailSeldom = 60000; // ms, where somebody does, but not of everything (that one may write again)

/**
 * @typedef {import('./log.js').Log} Log
 * @typedef {import('./log.js').Item} Item
 * @typedef {import('./log.js').Reaction} Reaction
 * @typedef {import('./api.js').Assessment} Assessment
 * @typedef {import('./conversations.js').Conversation} Conversation
 * @typedef {import('./connection.js').Link & {since: number}} LinkState since: when it went down or up, in ms
 */

export class Session {
  /**
   * @param {{api: import('./api.js').Api, keep: import('./keep.js').Keep, user: import('./api.js').User, ts: string,
   *   force?: import('./ladder.js').Via|'', pollInterval: number, keystrokes?: boolean, news?: () => void,
   *   over: (to: 'login'|'list', code: string) => void, env?: object}} o
   *   keep: this person's; keystrokes: false: how messages are typed is neither recorded nor sent; news: called when messages of others come
   *   after the catch-up; over: it is over here, and why
   */
  constructor(o) {
    this.api = o.api;
    this.keep = o.keep;
    this.user = o.user;
    this.ts = o.ts;
    this.over = o.over;
    this.news = o.news || (() => {});
    this.recorded = o.keystrokes !== false;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    this.telling = false;

    /** @type {'connecting'|'admitted'|'waiting'|'ended'} */
    this.state = 'connecting';
    this.reason = '';
    /** @type {Assessment[]} */
    this.assessments = [];
    /** @type {import('./api.js').ActionItem[]} */
    this.due = []; // surveys to fill in after the end
    this.log = emptyLog(o.user.id, false);
    this.target = 0; // the log's highest id when entering
    this.caughtUp = false;
    this.startOver = false;
    this.rereading = false; // the log comes from its beginning
    this.old = 0; // an id: what is up to there came so, and is no news
    /** @type {LinkState} */
    this.link = {via: 'ws', up: false, since: Date.now()};
    this.typed = 0;
    this.stopped = false;
    this.detailTimer = 0;

    const changed = () => this.changed();
    this.roster = new Roster({api: o.api, ts: o.ts, changed});
    this.typists = new Typists();
    this.drafts = new Drafts({keep: o.keep, name: what => this.kept(what), keystrokes: this.recorded});
    this.reads = new Reads((conv, target) => {
      if (this.open()) this.outbox.add({type: 'message_read', target}, conv);
    });
    this.outbox = new Outbox({
      send: (actions, epoch) => this.send(actions, epoch), epoch: () => this.log.epoch, keep: o.keep, name: this.kept('outbox'), changed,
    });
    this.connection = new Connection({
      api: o.api, ts: o.ts, force: o.force, pollInterval: o.pollInterval, env: o.env,
      position: () => this.startOver ? {epoch: '', id: 0} : {epoch: this.log.epoch, id: this.log.id},
      on: {
        link: l => this.linked(l), entered: e => this.entered(e), actions: f => this.received(f),
        presence: (user, status) => this.roster.presence(user, status),
        typing: (user, recipients) => this.typing(user, recipients),
        over: (to, code) => {
          this.pause();
          this.outbox.stop();
          this.over(to, code);
        },
      },
    });
    this.pause = () => this.drafts.pause();
  }

  /** @param {string} what @returns {string} the name under which something of this session is kept in this tab, among what is this person's */
  kept(what) { return this.ts + '.' + what; }

  start() {
    this.connection.run();
    if (typeof window !== 'undefined') {
      addEventListener('pagehide', this.pause);
      document.addEventListener('visibilitychange', this.pause);
    }
    this.detailTimer = Number(setInterval(() => {
      const often = this.link.via !== 'ws' || this.detail && this.me().muted;
      const due = Date.now() - this.roster.at >= (often ? 0 : detailSeldom);
      if (due && this.link.up && this.open() && !document.hidden) this.refresh();
    }, detailEvery));
  }

  /** Ends it for this page; with leave, for the others too. @param {boolean} [leave] */
  async stop(leave) {
    this.pause();
    if (typeof window !== 'undefined') {
      removeEventListener('pagehide', this.pause);
      document.removeEventListener('visibilitychange', this.pause);
    }
    this.stopped = true;
    if (leave) this.outbox.last();
    this.outbox.close();
    this.reads.stop();
    clearInterval(this.detailTimer);
    await this.connection.stop(leave);
  }

  /** The page is seen again, or the network is back. */
  nudge() {
    this.connection.nudge();
    if (this.state === 'ended') this.loadDue();
  }

  // Being watched.

  /** @param {() => void} f @returns {() => void} ends it */
  subscribe(f) {
    this.listeners.add(f);
    return () => { this.listeners.delete(f); };
  }

  changed() {
    if (this.telling) return;
    this.telling = true;
    Promise.resolve().then(() => {
      this.telling = false;
      this.listeners.forEach(f => f());
    });
  }

  /** @param {import('./outbox.js').Draft[]} actions @param {string} epoch */
  async send(actions, epoch) {
    const results = await this.connection.save(actions, epoch);
    if (results.some(r => r.error && r.error.code === 'muted')) this.refresh(); // this page did not know
    return results;
  }

  // What comes from the connection.

  /** @param {import('./connection.js').Link} l */
  linked(l) {
    this.link = Object.assign({}, l, {since: l.up === this.link.up ? this.link.since : Date.now()});
    if (!l.up) this.outbox.setReady(false);
    this.changed();
  }

  /** @param {import('./api.js').Entered} e */
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

  /** @param {import('./api.js').Detail} d */
  setDetail(d) {
    const therapist = self(d, this.user.id).role === 'therapist';
    if (therapist !== this.log.therapist) this.log = Object.assign({}, this.log, {therapist});
    this.roster.set(d, therapist);
  }

  /** @param {import('./log.js').Frame} frame */
  received(frame) {
    if (this.stopped) return; // it is being left
    const was = this.log;
    const before = this.caughtUp;
    if (frame.fromStart) this.startOver = false;
    if (frame.reset && was.id) { // another log: its ids mean something else
      this.reads.reset();
      this.drafts.noReplies();
    }
    this.log = receive(was, frame);
    const rereads = this.rereading || !!frame.reset || !!frame.fromStart;
    const last = !!frame.last || this.log.id >= this.target;
    if (rereads) this.old = this.log.id;
    this.rereading = rereads && !last;
    if (last) this.caughtUp = true;
    /** @type {Set<string>} */
    const mine = new Set();
    let others = false;
    frame.actions.forEach(a => {
      if (a.client_id) mine.add(a.client_id);
      if (a.type !== 'message' || a.id <= was.id || !a.user) return;
      const item = this.log.items.get(a.id);
      if (item) this.typists.done(a.user, item.conv);
      if (a.user !== this.user.id && !a.deleted) others = true;
    });
    this.outbox.arrived(this.log.id, mine);
    if (before && others && !rereads) this.news();
    const polls = this.link.via !== 'ws';
    const assessments = this.log.assessments > was.assessments;
    if (this.caughtUp && (this.log.details > was.details || assessments || polls && this.log.people > was.people)) this.refresh();
    if (this.caughtUp && assessments) this.roster.refreshAssessments();
    if (this.log.ended && this.state === 'admitted') this.end();
    else if (this.state === 'ended' && assessments) this.loadDue();
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

  /** @param {string} user @param {string[]|undefined} recipients */
  typing(user, recipients) {
    if (user === this.user.id) return; // on another device
    this.typists.heard(user, recipients, Date.now());
    setTimeout(() => this.changed(), typingShown + 50);
    this.changed();
  }

  /** Fetches the details anew. */
  refresh() { return this.roster.refresh(); }

  async loadDue() {
    try {
      const all = await this.api.sessions();
      this.due = all.action_items.filter((/** @type {import('./api.js').ActionItem} */ i) => i.ts_id === this.ts);
      this.changed();
    } catch (e) { /* they are in the list of sessions too */ }
  }

  // What is shown. The views ask for people and conversations only once there is a detail.

  get detail() { return /** @type {import('./api.js').Detail} */ (this.roster.detail); }
  get names() { return this.roster.names; }
  therapist() { return this.log.therapist; }
  me() { return self(this.detail, this.user.id); }
  /** @param {string} id */
  nameOf(id) { return this.roster.nameOf(id); }
  /** @returns {Conversation[]} */
  conversations() { return conversations(this.detail, this.log, id => this.nameOf(id)); }
  /** @param {string} conv */
  unread(conv) { return this.reads.news(this.log, conv).count; }
  board() { return this.caughtUp && this.log.board ? this.log.board.body : this.detail.whiteboard; }
  open() { return this.state === 'admitted'; }
  /** @param {string} conv @returns {string[]} names of who types there */
  typingIn(conv) { return this.typists.in(conv, Date.now()).map(id => this.nameOf(id)); }

  /** @param {string} id @returns {number} when somebody wrote last, wherever this reader sees it, in ms; 0: not yet */
  lastSpoke(id) { return Date.parse(this.log.spoke.get(id) || '') || 0; }
  /** @param {string} id @returns {number} since when they are here, wait or are gone, in ms; 0: since before this page saw them */
  since(id) { return this.roster.since(id); }
  /** @param {string} id @returns {Assessment[]} for therapists, of who waits; empty until they are known */
  assessmentsOf(id) { return this.roster.assessments.get(id) || none; }

  // What the person does.

  /**
   * @param {Conversation} conv
   * @param {string} body
   * @param {number} target the message that it answers, or 0
   */
  say(conv, body, target) {
    const typed = this.recorded ? this.drafts.keystrokes(conv.key).take() : {};
    this.outbox.add(Object.assign({type: 'message', body, recipients: conv.recipients, target: target || null}, typed), conv.key);
    this.typed = 0;
  }

  /** @param {Item} item @param {string} icon */
  react(item, icon) { this.outbox.add({type: 'reaction', target: item.id, icon}, item.conv); }
  /** @param {Item} item @param {Reaction} reaction */
  takeBack(item, reaction) { this.outbox.add({type: 'delete', target: reaction.id}, item.conv); }
  /** @param {Item} item */
  remove(item) { this.outbox.add({type: 'delete', target: item.id}, item.conv); }
  /** @param {string} body @param {string[]} [recipients] ids; none: everyone */
  notice(body, recipients) { this.outbox.add({type: 'notice', body, recipients: recipients || []}, ''); }
  /** @param {string} body */
  write(body) { this.outbox.add({type: 'whiteboard', body}, ''); }
  endForAll() { this.outbox.add({type: 'endChatSession'}, ''); }

  /**
   * @param {string} person
   * @param {string} action
   * @throws {import('./api.js').ApiError}
   */
  async moderate(person, action) {
    const p = await this.api.moderate(this.ts, person, action);
    this.setDetail(Object.assign({}, this.detail, {
      participants: this.detail.participants.map(x => x.id === p.id ? p : x),
    }));
  }

  /** Lets somebody who is locked out log in again. @param {string} id @throws {import('./api.js').ApiError} */
  async unlock(id) { await this.api.unlock(id); }

  /**
   * A code to read out to somebody whom no SMS reaches.
   * @param {string} id
   * @returns {Promise<{code: string, expires_in: number}>} expires_in: seconds
   * @throws {import('./api.js').ApiError}
   */
  makeCode(id) { return this.api.code(id); }

  /** Somebody is typing into conv. @param {Conversation} conv */
  type(conv) {
    if (Date.now() - this.typed < typingEvery) return;
    this.typed = Date.now();
    this.connection.typing(conv.recipients);
  }

  /** Everything of conv up to id is on the screen. @param {string} conv @param {number} id */
  saw(conv, id) {
    if (this.open() && this.reads.saw(() => this.log, conv, id)) this.changed();
  }

  /** Puts a message that was not sent back where it was written, and how it was typed with it. @param {import('./outbox.js').Entry} entry */
  takeUp(entry) {
    const {conv, action} = entry;
    const draft = this.draft(conv);
    const text = draft ? action.body + '\n' + draft : action.body || '';
    if (this.recorded) {
      this.drafts.keystrokes(conv).resume(action.character_history || [], parseFloat(action.time_to_complete || '') || 0, 'Edit', text);
    }
    this.setDraft(conv, text);
    if (action.target && !this.drafts.replies.get(conv)) this.replyTo(conv, Number(action.target));
    this.changed();
  }

  /** @param {string} conv @returns {import('./keystrokes.js').Keystrokes|null} null: they are not recorded */
  keystrokesOf(conv) { return this.recorded ? this.drafts.keystrokes(conv) : null; }

  /** @param {string} conv @returns {number} the id of what a message there would answer, 0 if nothing; before the catch-up it is not known to be gone */
  targetIn(conv) {
    if (!this.caughtUp) return this.drafts.replies.get(conv) || 0;
    const item = this.replyIn(conv);
    return item ? item.id : 0;
  }

  /** @param {string} conv @returns {Item|null} what is being replied to in conv */
  replyIn(conv) {
    const item = this.log.items.get(this.drafts.replies.get(conv) || 0);
    return item && !item.deleted && item.conv === conv ? item : null;
  }

  /** @param {string} conv @param {number} id 0: to nothing */
  replyTo(conv, id) {
    this.drafts.setReply(conv, id);
    this.changed();
  }

  /** @param {string} conv */
  draft(conv) { return this.drafts.get(conv); }
  /** @param {string} conv @param {string} text */
  setDraft(conv, text) { this.drafts.set(conv, text); }
}

/** @type {Assessment[]} */
const none = [];
