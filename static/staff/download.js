// A download as a file: a link cannot carry a token, so the page reads the
// answer itself and gives it to the browser when it has all of it, never a part.
import {query, Refusal} from './client.js';

/** @typedef {import('./app.js').App['forms']['downloads']} Choice */

/** ms in which nothing more has come: the connection is dead. */
const stalled = 120000;

/**
 * @param {Choice} c
 * @returns {string} the path below /api/admin/, with only what this table takes
 */
export function path(c) {
  if (c.table === 'codebook') return 'exports/codebook' + query({format: c.format, table: c.of});
  const whole = c.table === 'transcript';
  return 'exports/' + c.table + query({
    format: c.format, ts_id: c.ts, from: whole ? '' : midnight(c.from, 0), to: whole ? '' : midnight(c.to, 1),
    deidentify: c.deidentify || '', spreadsheet: c.spreadsheet && c.format === 'csv' || '',
  });
}

/**
 * @param {Choice} c
 * @returns {''|'session'|'table'|'dates'} what is still to be said
 */
export function missing(c) {
  if (c.table === 'codebook') return c.format === 'redcap' && !c.of ? 'table' : '';
  if (c.table === 'transcript') return c.ts ? '' : 'session';
  return c.from && c.to && c.from > c.to ? 'dates' : '';
}

/**
 * @param {string} day as 2026-12-01, or ''
 * @param {number} later days
 * @returns {string} when it begins where this browser is, RFC 3339
 */
export function midnight(day, later) {
  const m = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (!m) return '';
  return new Date(Number(m[1]), Number(m[2]) - 1, Number(m[3]) + later).toISOString();
}

/**
 * @param {Response} answer
 * @param {string} otherwise
 * @returns {string} what the server calls the file, in characters that every system takes
 */
export function fileName(answer, otherwise) {
  const said = /filename="?([^";]+)"?/i.exec(answer.headers.get('Content-Disposition') || '');
  const name = (said ? said[1] : otherwise).replace(/[^\w.-]+/g, '_').replace(/^\.+/, '');
  return name || otherwise;
}

/**
 * Reads all of an answer.
 * @param {Response} answer
 * @param {(bytes: number) => void} progress
 * @param {AbortController} abort ends the call; by it this ends with a Refusal, stopped
 * @returns {Promise<Blob>}
 * @throws {Refusal} cut, if the connection breaks
 */
export async function readAll(answer, progress, abort) {
  if (!answer.body) throw new Refusal('cut');
  const reader = answer.body.getReader();
  const parts = [];
  let bytes = 0;
  let late = false;
  try {
    for (;;) {
      const timer = setTimeout(() => { late = true; abort.abort(); reader.cancel().catch(() => {}); }, stalled);
      const {done, value} = await reader.read().then(r => { clearTimeout(timer); return r; }, e => { clearTimeout(timer); throw e; });
      if (abort.signal.aborted) throw new Refusal(late ? 'cut' : 'stopped');
      if (done) break;
      parts.push(value);
      bytes += value.length;
      progress(bytes);
    }
  } catch (e) {
    if (e instanceof Refusal) throw e;
    throw new Refusal(abort.signal.aborted && !late ? 'stopped' : 'cut');
  }
  return new Blob(/** @type {BlobPart[]} */ (parts), {type: 'application/octet-stream'}); // nothing for the browser to show
}

/**
 * Gives the browser a file to save.
 * @param {Blob} blob
 * @param {string} name
 */
export function save(blob, name) {
  const a = document.createElement('a');
  a.href = URL.createObjectURL(blob);
  a.download = name;
  document.body.appendChild(a);
  a.click();
  a.remove();
  setTimeout(() => URL.revokeObjectURL(a.href), 10000); // the browser has begun by then
}
