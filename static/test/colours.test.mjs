// The colours can be read, in light and dark (WCAG 2.2, 1.4.3 and 1.4.11).
import test from 'node:test';
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';

const css = readFileSync(new URL('../style.css', import.meta.url), 'utf8');
const roots = css.split(':root {').slice(1).map(part => part.slice(0, part.indexOf('}')));
const colours = roots.map(r => Object.fromEntries(Array.from(r.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)).map(m => [m[1], m[2]])));
const palettes = {light: colours[0], dark: Object.assign({}, colours[0], colours[1])};

function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16) / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
}

const texts = [
  ['ink', ['ground', 'paper', 'mine', 'accent-soft', 'warn-ground']], ['faint', ['ground', 'paper', 'mine', 'accent-soft']],
  ['main', ['ground', 'paper', 'mine', 'accent-soft']], ['main-strong', ['ground', 'paper']], ['on-main', ['main', 'main-strong']],
  ['warn', ['ground', 'paper', 'mine', 'warn-ground']], ['here', ['ground', 'paper']], ['paper', ['ink', 'faint']],
];
const edges = [['edge', ['ground', 'paper']], ['focus', ['ground', 'paper', 'mine']], ['warn', ['paper']], ['main', ['paper', 'ground']]];

test('both palettes have every colour', () => {
  assert.equal(roots.length, 2);
  assert.deepEqual(Object.keys(colours[1]).sort(), Object.keys(colours[0]).sort());
});

for (const [name, c] of Object.entries(palettes)) {
  test(name + ': text has 4.5:1, edges 3:1', () => {
    for (const [least, pairs] of [[4.5, texts], [3, edges]]) {
      for (const [front, backs] of pairs) {
        for (const back of backs) {
          const has = contrast(c[front], c[back]);
          assert.ok(has >= least, `${front} on ${back}: ${has.toFixed(2)}, want ${least}`);
        }
      }
    }
  });
}
