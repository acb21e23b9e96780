import { z } from 'zod';

/** NUL (it terminates a C string), every other control character except tab and line feed, and unpaired surrogates. */
// eslint-disable-next-line no-control-regex -- the pattern exists to refuse control characters
const UNUSABLE = /[\u0000-\u0008\u000b-\u001f\u007f]|\p{Surrogate}/u;
const MESSAGE = 'must not contain control characters';

/** Characters that neither an environment variable nor the database can hold: NUL and unpaired surrogates. */
const UNHOLDABLE = /\0|\p{Surrogate}/u;

/** Any text that can be stored, including control characters. */
export const anyText = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !UNHOLDABLE.test(value), 'must not contain NUL or an unpaired surrogate');

/** Text that is safe for a database, an environment variable and a terminal. May be empty. */
export const plainText = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !UNUSABLE.test(value), MESSAGE);

/** Non-empty {@link plainText}. */
export const text = (max: number) => plainText(max).min(1);

const MAX_URL = 2048;

/** Characters that URL parsers treat differently, so that they disagree about the host. */
// eslint-disable-next-line no-control-regex -- the pattern exists to refuse control characters
const AMBIGUOUS = /[\u0000-\u0020\u007f\\]|\p{Surrogate}/u;

/** URL for which `accepts` returns true, without a user name or password. */
export const urlWhere = (accepts: (url: URL, written: string) => boolean, message: string) =>
  z
    .string()
    .max(MAX_URL)
    .refine((value) => {
      if (AMBIGUOUS.test(value) || !URL.canParse(value)) return false;
      const url = new URL(value);
      return url.username === '' && url.password === '' && accepts(url, value);
    }, message);

export const httpUrl = urlWhere(
  ({ protocol }) => protocol === 'http:' || protocol === 'https:',
  'must be an http or https URL without user name and password',
);

// eslint-disable-next-line no-control-regex -- agent output must not control a terminal or reverse text direction
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
// eslint-disable-next-line no-control-regex -- terminal control sequences (ECMA-48)
const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

/** Half of a character beyond U+FFFF. Hazard: Postgres refuses a JSON value that contains one, and with it the change. */
const HALVES = /\p{Surrogate}/gu;

/** Returns the text without terminal control sequences, such as colors. */
export function stripEscapes(text: string): string {
  return text.replace(ESCAPES, '');
}

/** Returns the text as one displayable line, without control characters, cut to `max` UTF-16 units. */
export function plainLine(text: string, max: number): string {
  const line = stripEscapes(text).replace(UNPRINTABLE, ' ').replace(/\s+/g, ' ').trim();
  return wellFormed(line.length > max ? `${line.slice(0, max - 1).replace(/\p{Surrogate}$/u, '')}…` : line);
}

/**
 * Returns the text without control characters except tab and line feed, cut to `max` UTF-16 units. Use it for text of
 * others that is stored and shown again.
 */
export function plainBlock(text: string, max: number): string {
  const plain = stripEscapes(text).replace(UNPRINTABLE, ' ');
  return wellFormed(plain.length > max ? `${plain.slice(0, max - 1).replace(/\p{Surrogate}$/u, '')}…` : plain);
}

/** Returns the text with each unpaired surrogate replaced by U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(HALVES, '\ufffd');
}
