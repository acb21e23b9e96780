import { plainLine, stripEscapes } from '../text';
import { FormIndex } from './form-index';
import { findKnownForms } from './known-forms';
import { formsOf } from './secret-forms';
import { maskSpans } from './spans';

/** A diagnosis masks several texts with one list, and the forms of a long list take longer than a short text. */
const INDEXES = new WeakMap<readonly string[], FormIndex>();

/**
 * Replaces secrets with `***`: the given values in every form of {@link formsOf}, and every text that has the form of a
 * well-known key, of which the public prefix stays (`sk-***`). Values shorter than 6 characters are not masked.
 *
 * Every text that may quote an agent or its configuration must pass through it before it is logged, saved or sent.
 * Hazard: pass the whole text, and split or cut it afterwards. Half of a secret is not recognized.
 *
 * Linear in the size of the text. Masking twice equals masking once.
 *
 * @param secrets must not be changed after the call
 */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  // Both search the unmasked text. The mask of one secret must not hide the shape of another.
  return maskSpans(text, [...indexOf(secrets).find(text), ...findKnownForms(text)]);
}

/**
 * Returns the text as one displayable line of at most `max` UTF-16 units, without secrets.
 *
 * Escape sequences are removed before the search: colors may begin in the middle of a secret.
 */
export function maskedLine(text: string, secrets: readonly string[], max: number): string {
  return plainLine(maskSecrets(stripEscapes(text), secrets), max);
}

function indexOf(secrets: readonly string[]): FormIndex {
  const known = INDEXES.get(secrets);
  if (known !== undefined) return known;
  const index = new FormIndex(secrets.flatMap(formsOf));
  INDEXES.set(secrets, index);
  return index;
}
