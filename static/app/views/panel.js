// What panels that open and close have in common, and what the window is like.
import {useEffect, useLayoutEffect, useState} from '../ui.js';

/**
 * For onKeyDown: Escape closes, and what is around hears nothing of it.
 * @param {() => void} close
 * @returns {(e: KeyboardEvent) => void}
 */
export function onEscape(close) {
  return e => {
    if (e.key !== 'Escape' || e.defaultPrevented || e.isComposing) return;
    e.preventDefault();
    e.stopPropagation();
    close();
  };
}

/**
 * Whether a media query holds, now and whenever that changes.
 * @param {string} query
 */
export function useMedia(query) {
  const [is, set] = useState(() => matchMedia(query).matches);
  useLayoutEffect(() => {
    const m = matchMedia(query);
    const changed = () => set(m.matches);
    changed();
    m.addListener(changed); // Safari 13 has nothing newer
    return () => m.removeListener(changed);
  }, [query]);
  return is;
}

/**
 * The time, again and again.
 * @param {number} every ms; 0 stops it
 * @returns {number} ms
 */
export function useNow(every) {
  const [now, set] = useState(() => Date.now());
  useEffect(() => {
    if (!every) return undefined;
    set(Date.now());
    const timer = setInterval(() => set(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

/**
 * Makes an element as high as what the keyboard on the screen leaves, where
 * the browser lays the keyboard over the page (iOS).
 * @param {{current: HTMLElement|null}} ref
 */
export function useVisibleHeight(ref) {
  useEffect(() => {
    const seen = window.visualViewport;
    if (!seen) return undefined;
    const fit = () => {
      const el = ref.current;
      if (!el) return;
      const covered = seen.scale === 1 && innerHeight - seen.height > 80; // bars of the browser are less
      el.style.setProperty('height', covered ? seen.height + 'px' : '');
      if (covered) scrollTo(0, 0);
    };
    seen.addEventListener('resize', fit);
    return () => seen.removeEventListener('resize', fit);
  }, []);
}
