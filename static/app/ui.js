// The one place that knows the view library.
import {Component, h, render} from '../vendor/preact.mjs';
import {useEffect, useErrorBoundary, useLayoutEffect, useMemo, useRef, useState} from '../vendor/hooks.mjs';
import htm from '../vendor/htm.mjs';

export {render, useEffect, useErrorBoundary, useLayoutEffect, useMemo, useRef, useState};

/**
 * An element that a template fills in (ref=…); null while it is not there: the @type of what useRef(null) gives.
 * @template T
 * @typedef {import('../vendor/preact.mjs').RefObject<T | null>} Ref
 */

/**
 * Templates: what is put into one is text, never markup.
 *
 * htm keeps and reuses what a template without values gave; such a node's
 * parent, and with it every row that was ever shown, would never be let go.
 * this[0] = 3 tells it not to (htm's README, "Caching").
 */
export const html = htm.bind(/** @this {any} @param {any[]} args */ function (...args) {
  this[0] = 3;
  return h.apply(null, /** @type {any} */ (args));
});

/**
 * A view that is rendered again only if one of its properties is another one
 * than before: what it shows must be all in them, and what they hold must not
 * change in place.
 * @template P
 * @param {(props: P) => any} view
 * @returns {any} a component
 */
export function memo(view) {
  class Memo extends Component {
    /** @override @param {any} next */
    shouldComponentUpdate(next) { return !sameValues(/** @type {any} */ (this.props), next); }
    /** @override */
    render() { return h(/** @type {any} */ (view), /** @type {any} */ (this.props)); }
  }
  return Memo;
}

/** @param {{[name: string]: any}} a @param {{[name: string]: any}} b @returns {boolean} whether they hold the same */
export function sameValues(a, b) {
  const names = Object.keys(b);
  return Object.keys(a).length === names.length && names.every(name => Object.is(a[name], b[name]));
}

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
  const ref = useRef(/** @type {any} */ (null));
  useEffect(() => {
    if (!skip && ref.current) ref.current.focus({preventScroll: true});
  }, [key]);
  return ref;
}

/**
 * A call by a button. One is under way at a time; what is pressed meanwhile does
 * nothing, and what was ended on purpose is no failure.
 * @template E what is kept of a failure
 * @param {E} none there is none
 * @param {(e: any) => E} seen
 */
export function useCall(none, seen) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(none);
  const under = useRef(false);
  const alive = useAlive();
  /** @param {() => Promise<void>} go @param {(e: any) => E} [here] instead of seen */
  const call = async (go, here = seen) => {
    if (under.current) return;
    under.current = true;
    setBusy(true);
    setError(none);
    try {
      await go();
    } catch (e) {
      if (alive.current && e.code !== 'stopped') setError(here(e));
    }
    under.current = false;
    if (alive.current) setBusy(false);
  };
  return {busy, error, setError, call};
}

/** What is still running when its component is gone must not report back. */
export function useAlive() {
  const alive = useRef(true);
  useEffect(() => () => { alive.current = false; }, []);
  return alive;
}
