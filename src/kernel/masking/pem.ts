import type { Span } from './spans';

const DIGIT = '[A-Za-z0-9+/=]';
/** Separators of the lines of a key: line ends, also escaped, and the quotes and commas of a list of lines. */
const GAP = String.raw`(?:\\+[nr]|[\s"',])`;
const LABEL = '[A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----';
const HEADERS = String.raw`(?:${GAP}{0,8}(?:Proc-Type|DEK-Info|Version|Comment|Hash): [^\r\n\\]{0,200}){0,6}`;
/** The last line is shorter. It counts only if the key ends there, because any word could follow a key that was cut. */
const LAST_LINE = `(?:${GAP}*${DIGIT}{1,19}(?=${GAP}*(?:$|-----END)))?`;

const FROM_BEGIN = new RegExp(`(-----BEGIN ${LABEL}${HEADERS}${GAP}*)(?:${GAP}*${DIGIT}{20,})*${LAST_LINE}`, 'g');
/** The look-behind follows the text that it needs. In front, it would be tried at every position. */
const UP_TO_END = new RegExp(
  `-----END ${LABEL}(?<=((?:${DIGIT}{20,}${GAP}+)+${DIGIT}{1,19}|(?:${DIGIT}{20,}${GAP}+)*${DIGIT}{20,})(${GAP}*)-----END ${LABEL})`,
  'g',
);

/**
 * Finds the content of private keys in PEM. A block may be cut at either end, because a log may begin or end in the
 * middle of a key.
 */
export function findPemKeys(text: string): Span[] {
  const begun = [...text.matchAll(FROM_BEGIN)].map(({ 0: match, 1: kept = '', index }) => ({
    start: index + kept.length,
    end: index + match.length,
  }));
  const ended = [...text.matchAll(UP_TO_END)].map(({ 1: content = '', 2: gap = '', index }) => {
    const end = index - gap.length;
    return { start: end - content.length, end };
  });
  return [...begun, ...ended];
}
