// The one place that knows the view library.
import {h, render} from '../vendor/preact.mjs';
import {useEffect, useLayoutEffect, useRef, useState} from '../vendor/hooks.mjs';
import htm from '../vendor/htm.mjs';

export {render, useEffect, useLayoutEffect, useRef, useState};

/** Templates: what is put into one is text, never markup. */
export const html = htm.bind(h);

/**
 * Renders again whenever subject says that it changed.
 * @param {{subscribe: (f: () => void) => () => void}} subject
 */
export function useSubject(subject) {
  const [, again] = useState(0);
  // At once after rendering: a later effect would miss a change in between.
  useLayoutEffect(() => subject.subscribe(() => again(n => n + 1)), [subject]);
}

/**
 * Puts the focus on an element when key changes: where a reader of the screen
 * should begin. Not on the first page, where the browser's own beginning is
 * right.
 * @param {*} key
 * @param {boolean} [skip]
 */
export function useFocus(key, skip) {
  const ref = useRef(null);
  useEffect(() => {
    if (!skip && ref.current) ref.current.focus({preventScroll: true});
  }, [key]);
  return ref;
}

/** What is still running when its component is gone must not report back. */
export function useAlive() {
  const alive = useRef(true);
  useEffect(() => () => { alive.current = false; }, []);
  return alive;
}
