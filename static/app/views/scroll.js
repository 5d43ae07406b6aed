// Where things are in a box that scrolls. Its children stand below each other,
// so that what is at a height is found by halving.

/** @param {HTMLElement} box @param {number} y px from the top of what is in it @returns {number} the index of the first child that ends below y */
function indexAt(box, y) {
  const {children} = box;
  let low = 0;
  let high = children.length;
  while (low < high) {
    const mid = low + high >> 1;
    const el = /** @type {HTMLElement} */ (children[mid]);
    if (el.offsetTop + el.offsetHeight <= y) low = mid + 1;
    else high = mid;
  }
  return low;
}

/** @param {HTMLElement} box @returns {{el: HTMLElement, top: number}|null} the first row that can be seen, and where it is */
export function firstVisible(box) {
  if (!box.clientHeight) return null;
  for (let i = indexAt(box, box.scrollTop); i < box.children.length; i++) {
    const el = /** @type {HTMLElement} */ (box.children[i]);
    if (el.hasAttribute('data-key')) return {el, top: el.offsetTop};
  }
  return null;
}

/** @param {HTMLElement} box @returns {number} the id of the last row that can be seen whole, 0 if there is none */
export function lastVisible(box) {
  for (let i = indexAt(box, box.scrollTop + box.clientHeight + 1) - 1; i >= 0; i--) {
    const id = box.children[i].getAttribute('data-id');
    if (id) return Number(id);
  }
  return 0;
}

/**
 * Where a key leads from a row, as in other lists.
 * @param {HTMLElement} row
 * @param {string} key
 * @returns {HTMLElement|null}
 */
export function neighbour(row, key) {
  const rows = () => /** @type {NodeListOf<HTMLElement>} */ (/** @type {HTMLElement} */ (row.parentElement).querySelectorAll('[data-key]'));
  switch (key) {
    case 'ArrowUp': return next(row, 'previousElementSibling');
    case 'ArrowDown': return next(row, 'nextElementSibling');
    case 'Home': return rows()[0];
    case 'End': return rows()[rows().length - 1];
  }
  return null;
}

/** @param {Element} row @param {'previousElementSibling'|'nextElementSibling'} way @returns {HTMLElement|null} */
function next(row, way) {
  for (let el = row[way]; el; el = el[way]) if (el.hasAttribute('data-key')) return /** @type {HTMLElement} */ (el);
  return null;
}
