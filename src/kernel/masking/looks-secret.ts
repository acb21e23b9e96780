import { MASK } from './spans';

/** Shape of a segment that words, numbers, versions and dates do not have. */
function isMixed(segment: string): boolean {
  const digits = segment.replace(/\D/g, '').length;
  if (segment.length < 8 || digits === 0 || digits === segment.length) return false;
  if (/^\d{8}T\d{0,9}Z?$/.test(segment)) return false; // a date, 20240115T101500Z
  const changes = (segment.match(/\d(?=\D)|\D(?=\d)/g) ?? []).length;
  return changes >= 3 || (segment.length >= 10 && (changes >= 2 || digits >= 5));
}

/** Returns true if the value changes between capital letters, small letters and digits as often as random text. */
function isIrregular(value: string): boolean {
  if (value.length < 20 || !/[A-Z]/.test(value) || !/[a-z]/.test(value) || !/\d/.test(value)) return false;
  const changes = value.match(/[A-Z](?=[a-z\d])|[a-z](?=[A-Z\d])|\d(?=[A-Za-z])/g) ?? [];
  return changes.length >= value.length / 5;
}

/**
 * Returns true if the value looks generated, as keys are. Words joined by any characters, numbers, dates, versions and
 * paths do not. Hashes and UUIDs do, so ask only about values whose context is that of a secret.
 */
export function looksRandom(value: string): boolean {
  return !isPlaceholder(value) && (value.split(/[^A-Za-z0-9]+/).some(isMixed) || isIrregular(value));
}

/** Returns true if the value looks like a password that a human chose or a program generated: not a word, not a path. */
export function looksLikePassword(value: string): boolean {
  if (value.length < 6 || isPlaceholder(value) || /^(?:[./~]|[A-Za-z]:[\\/])/.test(value)) return false;
  if (/^\d+$/.test(value)) return true;
  return /[A-Za-z]/.test(value) && /[\d!@#$%^&*+=?~]/.test(value);
}

/** Returns true for the name of a value (`${KEY}`, `<token>`, `%s`, `{key}`), and for a value that is masked already. */
export function isPlaceholder(value: string): boolean {
  return value.includes(MASK) || /^(?:[<{%[]|\$[A-Za-z_{(])/.test(value) || /^[x*.•-]+$/i.test(value);
}
