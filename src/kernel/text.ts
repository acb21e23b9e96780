import { z } from 'zod';

/** No NUL (it ends a C string) and no other control character but tab and line feed; no half of a character either. */
// eslint-disable-next-line no-control-regex -- control characters are just what this refuses
const UNUSABLE = /[\u0000-\u0008\u000b-\u001f\u007f]|\p{Surrogate}/u;
const MESSAGE = 'must not contain control characters';

/** What neither a variable of an environment nor a database can hold: NUL, and half of a character. */

const UNHOLDABLE = /\0|\p{Surrogate}/u;

/** Any text that can be held at all, control characters included. */
export const anyText = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !UNHOLDABLE.test(value), 'must not contain NUL or half of a character');

/** Text that a database, a variable of an environment and a terminal take as it is; may be empty. */
export const plainText = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !UNUSABLE.test(value), MESSAGE);

/** The same, with something in it. */
export const text = (max: number) => plainText(max).min(1);

const MAX_URL = 2048;

/** Nothing that one reader of URLs takes for a part of the host and another does not. */
// eslint-disable-next-line no-control-regex -- control characters are just what this refuses
const AMBIGUOUS = /[\u0000-\u0020\u007f\\]|\p{Surrogate}/u;

/** A URL for which `accepts` holds, without a user name or password. */
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
