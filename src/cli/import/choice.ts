/** Answer to the question which programs to register. */
export type Choice =
  { readonly kind: 'chosen'; readonly indexes: readonly number[] } | { readonly kind: 'unclear'; readonly why: string };

/**
 * Reads the answer to a numbered list; pure. An empty answer chooses none, `a` or `all` chooses all; numbers and ranges
 * are separated by commas or spaces.
 *
 * @param count number of programs that can be registered
 * @returns indexes from 0, in ascending order
 */
export function readChoice(answer: string, count: number): Choice {
  const words = answer
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '');
  if (words.some((word) => word === 'a' || word === 'all'))
    return chosen(Array.from({ length: count }, (_, index) => index));
  const indexes = new Set<number>();
  for (const word of words) {
    const [, first = '', last = first] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(word) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === '' || from < 1 || to > count || from > to) {
      return { kind: 'unclear', why: `"${word}" is no number from 1 to ${count}.` };
    }
    for (let number = from; number <= to; number += 1) indexes.add(number - 1);
  }
  return chosen([...indexes].sort((one, other) => one - other));
}

function chosen(indexes: readonly number[]): Choice {
  return { kind: 'chosen', indexes };
}
