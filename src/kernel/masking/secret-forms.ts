import { encodingsOf } from './encodings';
import { SHORTEST_FORM } from './form-index';
import { findKnownForms } from './known-forms';
import { looksRandom } from './looks-secret';

/** Length of the shortest part of a secret that is masked without the rest. Shorter ones are ordinary text too often. */
const MIN_PART_LENGTH = 8;
/** Levels of values inside values that are opened: the key in the JSON in the base64 of a variable is the third. */
const MAX_DEPTH = 3;

/**
 * Returns the texts in which a secret value may appear, each of at least 6 characters: the value and its secret parts
 * ({@link partsOf}), each unchanged, in the escapes of JSON, Python, Go and PHP, URL-encoded, in hex, and in base64.
 */
export function formsOf(value: string): string[] {
  const forms = [...partsOf(value)].flatMap(encodingsOf);
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST_FORM);
}

/**
 * Returns the value, and the parts of it that are secret by themselves: each line of a value of several lines, which may
 * be written as `\n`; the secret members of JSON; the keys and passwords of well-known forms.
 */
function partsOf(value: string, depth = 1): Set<string> {
  const parts = new Set<string>();
  // Indentation is no secret, whatever a variable contains.
  if (value.trim().length < SHORTEST_FORM) return parts;
  // A loader of .env files may have removed spaces and quotes.
  const bare = value.trim().replace(/^(["'])(.*)\1$/s, '$2');
  const unescaped = bare.replace(/(?:\\{1,4}r)?\\{1,4}n|\\{1,4}r/g, '\n');
  for (const whole of [value, bare, unescaped, ...linesOf(unescaped)]) {
    if (whole.length >= SHORTEST_FORM) parts.add(whole);
  }
  if (depth < MAX_DEPTH) {
    for (const inner of [...keysIn(unescaped), ...membersOf(bare), ...membersOf(unescaped), ...decoded(bare)]) {
      for (const part of partsOf(inner, depth + 1)) parts.add(part);
    }
  }
  return parts;
}

/** Lines of a PEM key that say what it is, and occur in the messages of every library. */
const PEM_MARK = /^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/;

function linesOf(value: string): string[] {
  const lines = value.split(/[\r\n]+/).map((line) => line.trim());
  return lines.length === 1 ? [] : lines.filter((line) => line.length >= MIN_PART_LENGTH && !PEM_MARK.test(line));
}

/** Returns the keys in a value: the password of a database's URL, the token of an Authorization header. */
function keysIn(value: string): string[] {
  const keys = findKnownForms(value).map(({ start, end }) => value.slice(start, end));
  return keys.flatMap((key) => [key, ...percentDecoded(key)]).filter((key) => key !== value);
}

function percentDecoded(text: string): string[] {
  try {
    return text.includes('%') ? [decodeURIComponent(text)] : [];
  } catch {
    return []; // A plain % is no encoding.
  }
}

/** Names of members whose values are secret. `private_key_id` is included, `token_uri` is excluded by its value. */
const SECRET_NAME = /key|secret|token|passw|passphrase|pwd|credential|auth|signature|cookie/i;

/**
 * Returns the secret members of a JSON object or array, such as the key file of a service account. A member is secret by
 * its name, unless it is a URL, or by a value that looks random. Others (`"type": "service_account"`, a project, an
 * e-mail address) are ordinary text that must stay readable.
 */
function membersOf(value: string): string[] {
  if (!/^\s*[[{]/.test(value)) return [];
  try {
    return leavesOf(JSON.parse(value) as unknown, '');
  } catch {
    return []; // The value need not be JSON.
  }
}

function leavesOf(value: unknown, name: string): string[] {
  if (typeof value === 'string') return isSecretLeaf(value, name) ? [value] : keysIn(value);
  if (Array.isArray(value)) return value.flatMap((each) => leavesOf(each, name));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([member, each]) => leavesOf(each, member));
}

function isSecretLeaf(value: string, name: string): boolean {
  if (value.length < MIN_PART_LENGTH || /^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return false;
  return SECRET_NAME.test(name) || (looksRandom(value) && !value.includes('@'));
}

/** Returns the JSON or the PEM key that a value contains in base64. */
function decoded(value: string): string[] {
  if (value.length < 40 || !/^[A-Za-z0-9+/_=\s-]+$/.test(value)) return [];
  const text = Buffer.from(value, 'base64').toString('utf8');
  return /^\s*[[{]\s*["{[]|-----BEGIN /.test(text) ? [text] : [];
}
