// How a message came to be, for research: what was typed, one entry after the
// other, and the time from the first of them to the sending. Nothing of it is
// gathered of people who did not agree.
//
// An entry that is not one of these names is text that was put in: one
// character, or one emoji of several. A name is ASCII, begins with a capital
// and has two characters or more; no text entry looks like that.
//
//   entry               what happened
//   ------------------  ------------------------------------------------------------------------------------------
//   Backspace           the character before the cursor, or what was selected, was removed (also taken back by a
//                       keyboard that composes words: once for each character)
//   Delete              the same, of the character after the cursor
//   BackspaceWord       everything back to the beginning of the word was removed
//   DeleteWord          everything to the end of the word
//   BackspaceLine       everything back to the beginning of the line
//   DeleteLine          everything to the end of the line
//   Enter               a new line
//   Tab, Escape, ArrowLeft, ArrowRight, ArrowUp, ArrowDown, Home, End, PageUp, PageDown, Insert, F1 … and other names
//                       of keys (UI Events KeyboardEvent key Values): the key was pressed; it puts in no text
//   Paste, Cut          by key or menu; what was pasted is not recorded here (it is in the message)
//   Drop, Drag          text was dropped into the field, or dragged out of it
//   Undo, Redo          by key, menu or gesture
//   Word                a keyboard or input method put in several characters at once: a swiped, suggested or converted
//                       word. They follow, one by one
//   Replacement         autocorrection or a spelling suggestion replaced a word: the new text follows, one by one
//   Dictation           spoken, or several words at once without a key: they follow, one by one
//   Mention             a name was chosen from the list of people: it follows, one by one, with its @. It took the place
//                       of the @ and what was typed of the name
//   Edit                a message that could not be sent was taken up again: what is before it was typed for that
//   Reload              the page was loaded anew in between; what is before it was typed before (nothing, if that is
//                       not known)
//
// Shift, Control and the like alone are no entries. A history has at most
// 40,000 entries here; the server has a limit of its own, and marks what it cut.

const most = 40000;

const silent = new Set(['Shift', 'Control', 'Alt', 'AltGraph', 'Meta', 'CapsLock', 'NumLock', 'ScrollLock', 'Fn', 'FnLock',
  'Hyper', 'Super', 'Symbol', 'SymbolLock', 'ContextMenu', 'Unidentified', 'Process', 'Dead', 'Compose', 'AllCandidates']);

/** @type {{[inputType: string]: string}} Input Events Level 2, 5.1.2; insertFromDictation is Safari's own */
const byInput = {
  insertFromPaste: 'Paste', insertFromPasteAsQuotation: 'Paste', insertFromYank: 'Paste', deleteByCut: 'Cut',
  historyUndo: 'Undo', historyRedo: 'Redo', insertFromDrop: 'Drop', deleteByDrag: 'Drag',
  deleteContent: 'Backspace', deleteContentBackward: 'Backspace', deleteContentForward: 'Delete',
  deleteWordBackward: 'BackspaceWord', deleteWordForward: 'DeleteWord',
  deleteSoftLineBackward: 'BackspaceLine', deleteHardLineBackward: 'BackspaceLine', deleteEntireSoftLine: 'BackspaceLine',
  deleteSoftLineForward: 'DeleteLine', deleteHardLineForward: 'DeleteLine',
  insertLineBreak: 'Enter', insertParagraph: 'Enter',
};

const isName = /^[A-Z][A-Za-z0-9]+$/;
const byKey = /^(insertText|insertLineBreak|insertParagraph|deleteContentBackward|deleteContentForward)$/;

export class Keystrokes {
  /** @param {() => number} [now] ms */
  constructor(now) {
    this.now = now || (() => performance.now());
    /** @type {string[]} */
    this.keys = [];
    /** when the first key was, in ms; null: not yet @type {number|null} */
    this.began = null;
    this.before = 0; // ms that went into it before: until it was sent in vain, or until the page was loaded anew
    this.told = false; // the next input event is of a key that was told
    this.text = ''; // what the field held last
  }

  reset() {
    this.keys = [];
    this.began = null;
    this.before = 0;
    this.told = false;
    this.text = '';
  }

  /** @param {{key: string, isComposing?: boolean, ctrlKey?: boolean, altKey?: boolean, metaKey?: boolean}} e */
  keydown(e) {
    this.told = false;
    // Keyboards on a screen, and those that compose, do not name their keys.
    if (!e.key || silent.has(e.key) || e.isComposing) return;
    if (e.ctrlKey && !e.altKey || e.metaKey) return; // what it does comes as input
    if (isName.test(e.key)) {
      if (e.key === 'Backspace' && e.altKey || e.key === 'Delete' && e.altKey) return; // a word: comes as input
      this.add(e.key);
      this.told = e.key === 'Enter' || e.key === 'Backspace' || e.key === 'Delete';
      return;
    }
    this.put(e.key);
    this.told = true;
  }

  /**
   * The field has changed.
   * @param {{inputType?: string, data?: string|null}} e
   * @param {string} value what it holds now
   */
  input(e, value) {
    const type = e.inputType || '';
    if (type === 'deleteCompositionText') return; // Safari: what was composed comes again at once
    const added = difference(this.text, value);
    this.text = value;
    if (this.told && byKey.test(type)) {
      this.told = false;
      return;
    }
    if (Object.prototype.hasOwnProperty.call(byInput, type)) {
      this.add(byInput[type]);
      return;
    }
    switch (type) {
      case 'insertCompositionText':
      case 'insertFromComposition':
        for (let i = 0; i < added.removed; i++) this.add('Backspace');
        this.several(added.text);
        return;
      case 'insertReplacementText':
        this.mark('Replacement', e.data || added.text, value);
        return;
      case 'insertFromDictation':
        this.mark('Dictation', e.data || added.text, value);
        return;
    }
    this.several(e.data || added.text);
  }

  /** Text that came without a key. @param {string} text */
  several(text) {
    if (!text) return;
    const letters = Array.from(text);
    if (letters.length === 1 || !/[\p{L}\p{N}\s]/u.test(text)) { // an emoji may be several code points
      this.add(text);
      return;
    }
    this.add(/\S\s+\S/.test(text) ? 'Dictation' : 'Word');
    letters.forEach(c => this.add(c));
  }

  /**
   * Text that came in a way of its own.
   * @param {string} name one of the table's
   * @param {string} text
   * @param {string} value what the field holds now
   */
  mark(name, text, value) {
    this.add(name);
    this.put(text);
    this.text = value;
  }

  /** @param {string} text one entry for each character */
  put(text) { Array.from(text).forEach(c => this.add(c)); }

  /** @param {string} key */
  add(key) {
    if (this.began === null) this.began = this.now();
    if (this.keys.length < most) this.keys.push(key);
  }

  /**
   * Goes on with what was typed earlier: it is put before what there is.
   * @param {string[]} keys
   * @param {number} ms that it took
   * @param {'Edit'|'Reload'} mark
   * @param {string} [value] what the field holds now
   */
  resume(keys, ms, mark, value) {
    this.keys = keys.concat(mark, this.keys).slice(0, most);
    this.before += ms;
    if (value !== undefined) this.text = value;
  }

  /** @returns {{keys: string[], ms: number}} what there is, to be resumed */
  soFar() {
    return {keys: this.keys, ms: this.before + (this.began === null ? 0 : Math.max(0, this.now() - this.began))};
  }

  /** @returns {{character_history: string[], time_to_complete?: string}} and begins anew */
  take() {
    const {keys, ms} = this.soFar();
    /** @type {{character_history: string[], time_to_complete?: string}} */
    const out = {character_history: keys};
    if (this.began !== null || this.before) out.time_to_complete = Math.round(ms) + 'ms';
    this.reset();
    return out;
  }
}

/**
 * What changed between two texts, where they differ.
 * @param {string} was
 * @param {string} is
 * @returns {{removed: number, text: string}} characters removed, and what is there instead
 */
export function difference(was, is) {
  const a = Array.from(was);
  const b = Array.from(is);
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) from++;
  let end = 0;
  while (end < a.length - from && end < b.length - from && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return {removed: a.length - from - end, text: b.slice(from, b.length - end).join('')};
}
