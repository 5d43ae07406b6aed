// What of the server's state needs somebody's attention.

/** @typedef {import('./client.js').Health} Health */

const hour = 3600000;

/** A backup a day, and two hours for it to take. */
export const backupDue = 26 * hour;

const little = 2 * 1024 * 1024 * 1024; // bytes free

/**
 * @param {Health} h
 * @returns {('notReady'|'problem'|'noBackup'|'oldBackup'|'disk'|'smsLimit'|'noSms')[]} the gravest first
 */
export function warnings(h) {
  /** @type {ReturnType<typeof warnings>} */
  const all = [];
  if (!h.ready) all.push('notReady');
  else if (h.problem) all.push('problem');
  const age = backupAge(h);
  if (age === null) all.push('noBackup');
  else if (age > backupDue) all.push('oldBackup');
  if (h.free_bytes !== undefined && h.free_bytes < Math.max(little, h.data_bytes || 0)) all.push('disk');
  const sms = h.sms;
  if (sms && (sms.sender === 'console' || sms.sender === 'file')) all.push('noSms');
  if (sms && sms.limit_per_hour && (sms.sent_last_hour || 0) >= 0.8 * sms.limit_per_hour) all.push('smsLimit');
  return all;
}

/** @param {Health} h @returns {number|null} ms since the newest backup; null: there is none */
export function backupAge(h) {
  if (!h.last_backup_at) return null;
  return Math.max(0, new Date(h.now).getTime() - new Date(h.last_backup_at).getTime()) || 0;
}
