// A login that is under way: what was typed, and the code that was asked for.
// It is kept in this tab, so that a reload (or a phone that threw the page away
// while the SMS was read) does not begin anew and cost another code. It is gone
// at the login, at the exit, and when the code is too old; going back drops the
// code.

const kept = 'login';
const forgetAfter = 30 * 60 * 1000; // ms after the last key, where no code was asked for

/**
 * @typedef {{id: string, resendAt: number, expiresAt: number, wrong: number}} Asked
 *   times in ms since 1970; wrong: how many wrong codes were tried
 */

export class LoginUnderWay {
  /**
   * @param {import('./keep.js').Keep} keep
   * @param {() => number} [now] ms
   */
  constructor(keep, now = Date.now) {
    this.keep = keep;
    this.now = now;
    this.phone = '';
    this.field = '';
    /** @type {Asked|null} */
    this.asked = null;
    const was = keep.get(kept);
    if (!was || typeof was !== 'object') return;
    if (!(was.until > now())) {
      keep.drop(kept);
      return;
    }
    this.phone = String(was.phone || '');
    this.field = String(was.field || '');
    this.asked = was.asked && typeof was.asked.id === 'string' ? was.asked : null;
  }

  /**
   * @param {string} phone
   * @param {string} field
   */
  type(phone, field) {
    this.phone = phone;
    this.field = field;
    this.save();
  }

  /**
   * The server has answered that a code is on its way.
   * @param {{challenge: string, resend_after: number, expires_in: number}} answer in seconds
   */
  sent(answer) {
    const now = this.now();
    this.asked = {id: answer.challenge, resendAt: now + answer.resend_after * 1000, expiresAt: now + answer.expires_in * 1000, wrong: 0};
    this.save();
  }

  /** A code was wrong. */
  wrong() {
    if (!this.asked) return;
    this.asked = Object.assign({}, this.asked, {wrong: this.asked.wrong + 1});
    this.save();
  }

  /**
   * The server wants another wait before the next code.
   * @param {number} ms
   */
  wait(ms) {
    if (!this.asked) return;
    this.asked = Object.assign({}, this.asked, {resendAt: this.now() + ms});
    this.save();
  }

  /** Back to the phone and the name. */
  back() {
    this.asked = null;
    this.save();
  }

  /** Nothing of it is needed any more. */
  done() {
    this.phone = this.field = '';
    this.asked = null;
    this.keep.drop(kept);
  }

  /**
   * How it stands with the code; what is kept of one that is too old is dropped.
   * @param {number} tries that a code allows
   * @returns {{spent: boolean, expired: boolean, resendIn: number}} ms
   */
  state(tries) {
    const a = this.asked;
    if (!a) return {spent: false, expired: false, resendIn: 0};
    const expired = this.now() >= a.expiresAt;
    if (expired) this.keep.drop(kept);
    const spent = a.wrong >= tries;
    return {spent, expired, resendIn: spent || expired ? 0 : Math.max(0, a.resendAt - this.now())};
  }

  save() {
    if (!this.phone && !this.field) this.keep.drop(kept);
    else {
      this.keep.set(kept, {
        phone: this.phone, field: this.field, asked: this.asked,
        until: this.asked ? this.asked.expiresAt : this.now() + forgetAfter,
      });
    }
  }
}

/**
 * What somebody typed or pasted, as a code: "123 456", "123-456" and
 * "１２３４５６" are 123456.
 * @param {string} typed
 * @returns {string} '' if something else than digits is in it
 */
export function codeOf(typed) {
  const plain = typed.normalize('NFKC').replace(/[\s\-–.]/g, '');
  return /^\d+$/.test(plain) ? plain : '';
}
