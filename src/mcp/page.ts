/**
 * Most bytes of a result, text and structure together. A planner pays for every byte of its context, and some clients
 * cut longer results, at a place that breaks the JSON.
 */
export const MOST_BYTES = 8_000;
/** Room for the members beside the list of a page, and for the line. */
const RESERVED_BYTES = 800;

export interface Page<T> {
  readonly items: readonly T[];
  /** True if items were left out. */
  readonly truncated: boolean;
}

/** Returns the size of a value as JSON, in bytes. */
export function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** Takes items from the beginning as long as all of them together fit. */
export function fitFirst<T>(items: readonly T[], most = MOST_BYTES - RESERVED_BYTES): Page<T> {
  let left = most;
  let count = 0;
  for (const item of items) {
    left -= bytesOf(item) + 1;
    if (left < 0) break;
    count += 1;
  }
  return { items: items.slice(0, count), truncated: count < items.length };
}

/** Takes items from the end as long as all of them together fit. Their order stays. */
export function fitLast<T>(items: readonly T[], most = MOST_BYTES - RESERVED_BYTES): Page<T> {
  const { items: taken, truncated } = fitFirst([...items].reverse(), most);
  return { items: [...taken].reverse(), truncated };
}
