// How a message came to be, for research: the keys, one by one, and the time
// from the first to the sending. The server keeps it only of people who
// agreed.

const most = 40000; // entries; the server cuts at its own limit, and marks what it cut

const silent = new Set(['Shift', 'Control', 'Alt', 'AltGraph', 'Meta', 'CapsLock']);

const byInput = {
  insertFromPaste: 'Paste', deleteByCut: 'Cut', historyUndo: 'Undo', historyRedo: 'Redo', insertFromDrop: 'Drop',
  deleteContentBackward: 'Backspace', deleteContentForward: 'Delete', deleteWordBackward: 'Backspace',
  deleteSoftLineBackward: 'Backspace', insertLineBreak: 'Enter', insertParagraph: 'Enter',
};

export class Keystrokes {
  /** @param {() => number} [now] ms */
  constructor(now) {
    this.now = now || (() => performance.now());
    this.reset();
  }

  reset() {
    this.keys = [];
    this.began = 0;
    this.told = false; // the next input event is of a key that was told
    this.composing = ''; // what a keyboard on a screen has of the present word
  }

  /** @param {KeyboardEvent} e */
  keydown(e) {
    this.told = false;
    // Keyboards on a screen, and those that compose, do not name their keys.
    if (!e.key || e.key === 'Unidentified' || e.key === 'Process' || e.key === 'Dead' || e.isComposing) return;
    if (e.ctrlKey && !e.altKey || e.metaKey) return; // what it does comes as input
    if (silent.has(e.key)) return;
    this.add(e.key);
    this.told = e.key.length === 1 || e.key === 'Enter' || e.key === 'Backspace' || e.key === 'Delete';
  }

  /** @param {CompositionEvent} e */
  compositionstart(e) { this.composing = e.data || ''; }

  compositionend() { this.composing = ''; }

  /** @param {InputEvent} e */
  input(e) {
    if (this.told) {
      this.told = false;
      return;
    }
    if (e.inputType === 'insertCompositionText') {
      this.compose(e.data || '');
      return;
    }
    const key = byInput[e.inputType] || e.data;
    if (key) this.add(key);
  }

  /** The word being composed is text now: what was taken back, and what was added. */
  compose(text) {
    const was = Array.from(this.composing);
    const is = Array.from(text);
    let same = 0;
    while (same < was.length && same < is.length && was[same] === is[same]) same++;
    for (let i = same; i < was.length; i++) this.add('Backspace');
    is.slice(same).forEach(key => this.add(key));
    this.composing = text;
  }

  /** @param {string} key */
  add(key) {
    if (!this.began) this.began = this.now();
    if (this.keys.length < most) this.keys.push(key);
  }

  /** @returns {{character_history: string[], time_to_complete?: string}} and begins anew */
  take() {
    const out = {character_history: this.keys};
    if (this.began) out.time_to_complete = Math.max(0, Math.round(this.now() - this.began)) + 'ms';
    this.reset();
    return out;
  }
}
