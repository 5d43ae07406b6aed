// The conversations that are on the screen: one, or in a wide window the group
// and some private ones beside it.
import {html, useEffect, useLayoutEffect, useRef, useState} from '../ui.js';
import {openPane, use} from '../panes.js';
import {text} from '../strings.js';
import {Talk} from './talk.js';

const t = text.chat;

// Where the keyboard is on the screen, it should not come up by itself.
const fine = typeof matchMedia === 'function' && matchMedia('(hover: hover) and (pointer: fine)').matches;

/** @type {Map<string, State>} what was open in each session, as long as the page lives */
const remembered = new Map();

/**
 * @typedef {import('../session.js').Session} Session
 * @typedef {import('../conversations.js').Conversation} Conversation
 * @typedef {{open: string[], used: string[], active: string}} State
 *   open: private ones beside the group; used: the last used first; active: the one that is shown if it is one only
 * @typedef {{shown: Conversation[], active: string, box: {current: any}, tabs: {current: any}, show: (key: string) => void,
 *   close: (key: string) => void, enter: (key: string) => void, cycle: (by: number) => void, focusMessages: () => void}} Panes
 *   show: and puts the focus there; enter: the focus has come there; box and tabs get the elements around both
 */

/**
 * @param {Session} session
 * @param {Conversation[]} all
 * @param {boolean} wide whether several are shown
 * @returns {Panes}
 */
export function usePanes(session, all, wide) {
  const name = session.kept('panes');
  const [state, setState] = useState(() => remembered.get(name) || {open: [], used: [''], active: ''});
  const [focus, setFocus] = useState({key: '', n: 0}); // where it is to go; n: 0 nowhere
  const box = useRef(/** @type {any} */ (null));
  const tabs = useRef(/** @type {any} */ (null));
  const known = (/** @type {string} */ key) => all.find(c => c.key === key);
  const active = known(state.active) ? state.active : '';
  const keys = wide ? [''].concat(state.open) : [active];
  const shown = /** @type {Conversation[]} */ (keys.map(known).filter(Boolean));

  /** @param {State} s */
  const set = s => {
    remembered.set(name, s);
    setState(s);
  };
  const pane = (/** @type {string} */ key) => box.current && box.current.children[shown.findIndex(c => c.key === key)];
  useEffect(() => {
    const el = focus.n > 0 && pane(focus.key);
    if (!el) return;
    el.scrollIntoView({block: 'nearest', inline: 'nearest'});
    (fine && el.querySelector('textarea') || el.querySelector('.pane-title')).focus({preventScroll: true});
  }, [focus]);
  useLayoutEffect(() => {
    const tab = tabs.current && tabs.current.querySelector('[aria-current]');
    if (tab && tab.scrollIntoView) tab.scrollIntoView({block: 'nearest', inline: 'nearest'});
  }, [active]);

  /** @param {string} key */
  const show = key => {
    set({open: openPane(state.open, state.used, key), used: use(state.used, key), active: key});
    setFocus({key, n: focus.n + 1});
  };
  return {
    shown, active, box, tabs, show,
    enter(key) { if (key !== state.active) set({open: state.open, used: use(state.used, key), active: key}); },
    close(key) {
      set({open: state.open.filter(k => k !== key), used: use(state.used, ''), active: ''});
      const tab = Array.from(tabs.current.children).find((/** @type {any} */ el) => el.getAttribute('data-conv') === key);
      if (tab) /** @type {HTMLElement} */ (tab).focus();
    },
    cycle(by) {
      const at = shown.findIndex(c => c.key === active);
      const next = shown[(at + by + shown.length) % shown.length];
      show(next.key);
    },
    focusMessages() {
      setTimeout(() => {
        const el = pane(active);
        const log = el && (el.querySelector('[role=log]') || el.querySelector('.pane-title'));
        if (log) log.focus();
      });
    },
  };
}

/**
 * @param {{session: Session, conv: Conversation, name: string, panes: Panes, hidden: boolean, onClose: (() => void)|null}} p
 */
export function Pane({session, conv, name, panes, hidden, onClose}) {
  const el = useRef(/** @type {any} */ (null));
  const [out, setOut] = useState(false); // scrolled out of sight: what comes there is not read
  const beside = onClose !== null; // the group, which covers what is scrolled behind it
  useEffect(() => {
    if (typeof IntersectionObserver === 'undefined' || !beside) return undefined;
    const box = panes.box.current;
    const covered = box.firstElementChild.offsetWidth;
    const rootMargin = getComputedStyle(box).direction === 'rtl' ? `0px -${covered}px 0px 0px` : `0px 0px 0px -${covered}px`;
    const watch = new IntersectionObserver(all => setOut(!all[all.length - 1].isIntersecting), {root: box, rootMargin, threshold: 0.5});
    watch.observe(el.current);
    return () => watch.disconnect();
  }, [beside, panes.shown.length]);
  const id = 'pane-' + (conv.key ? conv.key.replace(/[^\w-]/g, c => '_' + c.charCodeAt(0)) : 'group');
  return html`
    <section class=${'pane' + (panes.active === conv.key ? ' active' : '')} aria-labelledby=${id} ref=${el} onFocusCapture=${() => panes.enter(conv.key)}>
      <header class="pane-head">
        <h2 class="pane-title" id=${id} tabindex="-1" dir="auto">${name}</h2>
        ${onClose && html`<button type="button" class="small" aria-label=${t.closeOf(name)} onClick=${onClose}>${t.close}</button>`}
      </header>
      <${Talk} session=${session} conv=${conv} hidden=${hidden || beside && out} />
    </section>`;
}
