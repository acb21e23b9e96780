import type { JsonValue } from '../events';
import { plainLine, stripEscapes, wellFormed } from '../kernel';

/**
 * Characters that a reader does not see but a language model may read: format characters, the tag characters of
 * U+E0000, private use, and the supplement of variation selectors. Text can be hidden in them.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\u{e0000}-\u{e0fff}]/gu;

/** Depth below which the data of an event are left out. No event is that deep. */
const MAX_DEPTH = 4;

/**
 * Returns text that an agent may have written as one visible line of at most `max` UTF-16 units. It may only be sent in
 * a field whose name begins with `untrusted`.
 */
export function untrustedLine(text: string, max: number): string {
  // Escape sequences first: without their first character they would be visible text.
  return plainLine(stripEscapes(wellFormed(text)).replace(INVISIBLE, ' '), max);
}

/** Returns lines that an agent may have written, each cut to `max` UTF-16 units. */
export function untrustedLines(lines: readonly string[], max: number): string[] {
  return lines.map((line) => untrustedLine(line, max));
}

/** Returns the data of an event with every text and every name of a member as one visible line. */
export function untrustedData(data: JsonValue, maxText: number, depth = MAX_DEPTH): JsonValue {
  if (typeof data === 'string') return untrustedLine(data, maxText);
  if (typeof data !== 'object' || data === null) return data;
  if (depth === 0) return '…';
  if (isList(data)) return data.map((each) => untrustedData(each, maxText, depth - 1));
  return Object.fromEntries(
    Object.entries(data).map(([name, each]) => [untrustedLine(name, maxText), untrustedData(each, maxText, depth - 1)]),
  );
}

function isList(data: JsonValue): data is readonly JsonValue[] {
  return Array.isArray(data);
}
