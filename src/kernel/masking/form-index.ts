import type { Span } from './spans';

/** Length of the start by which forms are indexed. No form is shorter. */
export const SHORTEST_FORM = 6;
/**
 * Longer forms are searched in pieces of this length. That limits the work at each position of a text, and finds most
 * of a secret that was cut.
 */
const PIECE_LENGTH = 128;
const FILTER_SIZE = 65_536;

/** Finds many literals in a text in one pass. */
export class FormIndex {
  /** Pieces by their first characters, the longest first. */
  private readonly byStart = new Map<string, string[]>();
  /** Marks the hashes of all starts. Most positions of a text are rejected by it alone. */
  private readonly filter = new Uint8Array(FILTER_SIZE);

  /** @param forms each of at least {@link SHORTEST_FORM} UTF-16 units */
  constructor(forms: Iterable<string>) {
    for (const piece of new Set([...forms].flatMap(piecesOf))) {
      const start = piece.slice(0, SHORTEST_FORM);
      const others = this.byStart.get(start);
      if (others === undefined) this.byStart.set(start, [piece]);
      else others.push(piece);
      this.filter[hashAt(piece, 0)] = 1;
    }
    for (const pieces of this.byStart.values()) pieces.sort((left, right) => right.length - left.length);
  }

  /** Returns the spans of all occurrences. Those that overlap are one span: a secret may begin inside another one. */
  find(text: string): Span[] {
    const spans: { start: number; end: number }[] = [];
    if (this.byStart.size === 0) return spans;
    for (let start = 0; start <= text.length - SHORTEST_FORM; start += 1) {
      if (this.filter[hashAt(text, start)] !== 1) continue;
      const pieces = this.byStart.get(text.slice(start, start + SHORTEST_FORM));
      const longest = pieces?.find((piece) => text.slice(start, start + piece.length) === piece);
      if (longest === undefined) continue;
      const [end, last] = [start + longest.length, spans.at(-1)];
      if (last === undefined || start > last.end) spans.push({ start, end });
      else last.end = Math.max(last.end, end);
    }
    return spans;
  }
}

function hashAt(text: string, index: number): number {
  const [first, third, last] = [text.charCodeAt(index), text.charCodeAt(index + 2), text.charCodeAt(index + 5)];
  return (first + third * 31 + last * 1_021) % FILTER_SIZE;
}

/** Splits a long form. The last piece overlaps the one before, so that all are long enough to be unmistakable. */
function piecesOf(form: string): string[] {
  if (form.length <= PIECE_LENGTH) return [form];
  const pieces = [form.slice(-PIECE_LENGTH)];
  for (let start = 0; start + PIECE_LENGTH < form.length; start += PIECE_LENGTH) {
    pieces.push(form.slice(start, start + PIECE_LENGTH));
  }
  return pieces;
}
