// The language of the page. It is chosen once, when the page loads: what the
// person chose here before, else what the browser asks for, else English. The
// switch keeps the choice and loads the page again; what is being typed is
// kept in the tab, so nothing of it is lost.
//
// The choice is the only thing that this browser keeps for good (localStorage):
// it says nothing of who was here or why, and a page that has forgotten its
// language is hard to use for those who need it.

/** @typedef {'en'|'es'} Language */

/**
 * The languages that there are, each named in itself.
 * @type {{id: Language, name: string, dir: 'ltr'|'rtl'}[]}
 */
export const languages = [
  {id: 'en', name: 'English', dir: 'ltr'},
  {id: 'es', name: 'Español', dir: 'ltr'},
];

const kept = 'hearth.language';

/**
 * @param {string|null} chosen what was chosen here before, if anything
 * @param {readonly string[]} wanted what the browser asks for, best first (BCP 47)
 * @returns {Language}
 */
export function choose(chosen, wanted) {
  const of = (/** @type {string} */ tag) => languages.find(l => l.id === tag.toLowerCase().split('-')[0]);
  const before = languages.find(l => l.id === chosen);
  if (before) return before.id;
  for (const tag of wanted) {
    const l = of(String(tag));
    if (l) return l.id;
  }
  return 'en';
}

/**
 * How dates and times are written: in the page's language, as it is used
 * where the browser is. Someone who reads Spanish in the United States has
 * their times as es-US writes them.
 * @param {Language} id
 * @param {readonly string[]} wanted as in choose
 * @returns {string} BCP 47
 */
export function localeFor(id, wanted) {
  const same = wanted.find(tag => tag.toLowerCase().split('-')[0] === id && tag.indexOf('-') > 0);
  if (same) return same;
  for (const tag of wanted) {
    const region = /-([A-Za-z]{2}|\d{3})(?:-|$)/.exec(String(tag));
    if (region) return id + '-' + region[1].toUpperCase();
  }
  return id;
}

/** @returns {string|null} */
function chosen() {
  try {
    return window.localStorage.getItem(kept);
  } catch (e) {
    return null; // not in a browser, or one that keeps nothing
  }
}

/** @returns {readonly string[]} */
function wanted() {
  if (typeof navigator === 'undefined' || typeof document === 'undefined') return [];
  return navigator.languages && navigator.languages.length ? navigator.languages : [navigator.language || 'en'];
}

/** The language that the page is in. */
export const language = choose(chosen(), wanted());

/** How it writes dates and times. */
export const locale = localeFor(language, wanted());

/** Says in the page which language it is in, for readers of the screen and the browser. */
export function declare() {
  const l = languages.find(x => x.id === language) || languages[0];
  document.documentElement.lang = l.id;
  document.documentElement.dir = l.dir;
}

/**
 * Takes another language: the page loads again, in it.
 * @param {Language} id
 */
export function change(id) {
  try {
    window.localStorage.setItem(kept, id);
  } catch (e) {
    return; // nothing is kept here, so loading again would change nothing
  }
  location.reload();
}
