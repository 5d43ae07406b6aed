package browser

// pageScript stands in every page before its own code, in a world of its own:
// what a step needs to look at the page as a person does.
const pageScript = `(() => {
  const all = xpath => {
    const r = document.evaluate(xpath, document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
    return Array.from({length: r.snapshotLength}, (_, i) => r.snapshotItem(i));
  };
  const seen = el => {
    const style = getComputedStyle(el);
    if (style.visibility !== 'visible' || style.display === 'contents' && !el.textContent) return false;
    const box = el.getBoundingClientRect();
    return box.width > 0 && box.height > 0;
  };
  const frame = () => new Promise(done => setTimeout(done, 16));
  const place = el => {
    const b = el.getBoundingClientRect();
    return {x: b.left + b.width / 2, y: b.top + b.height / 2, box: [b.left, b.top, b.width, b.height].join()};
  };
  const hit = (el, at) => {
    const top = document.elementFromPoint(at.x, at.y);
    return !!top && (el.contains(top) || top.contains(el) && !!top.closest('label'));
  };
  const find = xpath => all(xpath).find(seen);
  // Tries again at each change of the page, and now and then.
  const until = async (attempt, ms) => {
    const end = performance.now() + ms;
    for (;;) {
      const got = await attempt();
      if (got || performance.now() > end) return got || null;
      await frame();
    }
  };
  const tools = {
    all, seen, find,
    until,
    see: (xpath, ms) => until(() => !!find(xpath), ms),
    gone: (xpath, ms) => until(() => !find(xpath), ms),
    text: xpath => { const el = find(xpath); return el ? el.innerText : null; },
    texts: xpath => all(xpath).filter(seen).map(el => el.innerText.trim()),
    // Where to click: it is there, can be pressed, stands still, and nothing is over it.
    aim: (xpath, ms) => until(async () => {
      const el = find(xpath);
      if (!el || el.disabled || el.getAttribute('aria-disabled') === 'true') return null;
      const before = place(el);
      await frame();
      const at = place(el);
      if (!el.isConnected || at.box !== before.box) return null;
      if (at.x < 0 || at.y < 0 || at.x > innerWidth || at.y > innerHeight || !hit(el, at)) {
        el.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});
        return null;
      }
      return {x: at.x, y: at.y};
    }, ms),
    focus: (xpath, ms) => until(() => {
      const el = find(xpath);
      if (!el || el.disabled) return false;
      el.focus();
      if (el.setSelectionRange && typeof el.value === 'string') {
        try { el.setSelectionRange(el.value.length, el.value.length); } catch (e) { /* not every kind has one */ }
      }
      return document.activeElement === el;
    }, ms),
    hasFocus: (xpath, ms) => until(() => all(xpath).includes(document.activeElement), ms),
    // What has the focus, and whether it can be seen that it has.
    focused: xpath => {
      const el = document.activeElement;
      if (!el || el === document.body) return {on: false, what: 'nothing', shown: true};
      const b = el.getBoundingClientRect();
      const s = getComputedStyle(el);
      const shown = b.width > 0 && b.height > 0 && b.bottom > 0 && b.top < innerHeight && b.right > 0 && b.left < innerWidth
        && (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none');
      const name = el.getAttribute('aria-label') || el.innerText || el.id;
      return {on: !!xpath && all(xpath).includes(el), what: el.tagName.toLowerCase() + ' ' + (name || '').trim().slice(0, 60), shown};
    },
    wide: () => {
      const root = document.documentElement;
      if (root.scrollWidth <= innerWidth && document.body.scrollWidth <= innerWidth) return '';
      const over = Array.from(document.querySelectorAll('body *')).filter(el => el.getBoundingClientRect().right > innerWidth + 0.5 && seen(el));
      return root.scrollWidth + ' px wide in a window of ' + innerWidth + ': '
        + over.slice(-3).map(el => el.tagName.toLowerCase() + '.' + el.className).join(', ');
    },
  };
  Object.defineProperty(globalThis, '__hearthTest', {value: tools, configurable: true});
})()`
