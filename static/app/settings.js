// What the server tells the page about itself, in the head of index.html.

/**
 * @typedef {{field: 'last_name'|'name', digits: number, tries: number, exit: string}} Settings
 *   field: what is asked for beside the phone; digits: of a code; tries: before a code is spent;
 *   exit: where "Leave quickly" leads
 */

/**
 * @param {(name: string) => string} meta the content of the page's meta element, '' if there is none
 * @returns {Settings} what is missing or makes no sense is the server's default
 */
export function readSettings(meta) {
  const whole = (/** @type {string} */ name, /** @type {number} */ usual) => {
    const n = Number(meta(name));
    return Number.isInteger(n) && n > 0 ? n : usual;
  };
  const exit = meta('hearth-exit');
  return {
    field: meta('hearth-login-field') === 'name' ? 'name' : 'last_name',
    digits: whole('hearth-code-digits', 6),
    tries: whole('hearth-code-tries', 1),
    exit: /^(https:\/\/|\/(?!\/))/.test(exit) ? exit : '/away',
  };
}

/** @param {Document} doc */
export function pageSettings(doc) {
  return readSettings(name => {
    const e = doc.querySelector('meta[name="' + name + '"]');
    return e && e.getAttribute('content') || '';
  });
}
