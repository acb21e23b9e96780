/** Part of a text, in UTF-16 units. `end` is the index after its last unit. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export const MASK = '***';

/** Replaces each span with {@link MASK}. Spans that overlap or touch become one mask. */
export function maskSpans(text: string, spans: readonly Span[]): string {
  const parts: string[] = [];
  let end = 0;
  for (const span of [...spans].sort((left, right) => left.start - right.start)) {
    const isNew = parts.length === 0 || span.start > end;
    if (isNew) parts.push(text.slice(end, span.start), MASK);
    end = Math.max(end, span.end);
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(end);
}
