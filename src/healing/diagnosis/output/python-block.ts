import { wordsAt, type BlockReader, type Cause, type ErrorBlock } from './error-block';
import { ASIDE_HEAD, IGNORED_HEAD, isNoise } from './noise';
import type { OutputLine } from './output-line';
import { judgeStanding } from './standing';

const HEAD = /^(?:.{0,200}\s)?(Exception Group )?Traceback \(most recent call last\):?(?:\s|$)/;
const DIRECT_CAUSE = 'The above exception was the direct cause of the following exception:';
const CONTEXT = 'During handling of the above exception, another exception occurred:';
/** `module.SomeError: words`, a bare `SomeError`, or `module.Whatever: words`. */
const EXCEPTION =
  /^(?:[A-Za-z_][\w.]{0,200}(?:Error|Exception|Exit|Interrupt|Warning|Group|Timeout|Fault|Failure|Abort)\b|[A-Za-z_][\w.]{0,200}\.[A-Z]\w{0,100}|[A-Z]\w{0,100})(?::|$)/;
const SYNTAX = /^(?:SyntaxError|IndentationError|TabError): /;
const GUTTER = /^[ \t]*(?:\|[ \t]?)+|^[ \t]*\+(?:-\+)?-{4,}.{0,20}$/;
/** Lines of a message that may follow without an indent, if nothing else marks them as a part of it. */
const LOOSE_LINES = 8;
/** Border of a box in a box: one error of a group that rich prints below the group's own. */
const INNER_BOX = /^[ \t]{0,8}[╭╔┌┏]/;
/** Lines of an answer in HTML or JSON that a message quotes. */
const MARKUP = /^(?:<[!/A-Za-z]|[}\])",]|[{[(]$)/;
/** Lines between the file and the words of a syntax error: the source, and carets. */
const SOURCE_LINES = 4;
/** Most exceptions that are read of a chain or a group. */
const CHAIN_LENGTH = 20;

export const isPythonHead = ({ words }: OutputLine): boolean =>
  words.includes('Traceback (most') && HEAD.test(words.trimStart()) && !INNER_BOX.test(words);

/** Reads a traceback, with all those that Python chains to it. */
export const readPythonBlock: BlockReader = (lines, index, from) => {
  const line = lines[index];
  if (line === undefined) return null;
  if (SYNTAX.test(line.words)) return readSyntaxError(lines, index, from);
  if (!isPythonHead(line)) return null;
  let link = readTraceback(lines, index);
  if (link === null) return null;
  const chain: { link: Traceback; isDirect: boolean }[] = [];
  for (;;) {
    const next = findChained(lines, link.end);
    const following = next === null ? null : readTraceback(lines, next.index);
    if (next === null || following === null) break;
    chain.unshift({ link, isDirect: next.isDirect });
    if (chain.length > CHAIN_LENGTH) chain.pop();
    link = following;
  }
  // An exception behind "During handling" is a context, and so is whatever caused that one.
  const direct = chain.findIndex(({ isDirect }) => !isDirect);
  const cut = direct < 0 ? chain.length : direct;
  const [leaf, ...leaves] = link.leaves;
  const place = judgeStanding(lines, index, from);
  return {
    ...(leaf ?? link.error),
    causes: [...leaves, ...chain.slice(0, cut).flatMap(({ link: each }) => [each.error, ...each.leaves])],
    contexts: chain.slice(cut).flatMap(({ link: each }) => [each.error, ...each.leaves]),
    frames: link.frames,
    ...{ ...place, end: link.end },
  };
};

interface Traceback {
  readonly error: Cause;
  /** Exceptions inside an exception group. */
  readonly leaves: readonly Cause[];
  readonly frames: readonly string[];
  readonly end: number;
}

function readTraceback(lines: readonly OutputLine[], head: number): Traceback | null {
  if (wordsAt(lines, head).includes('Exception Group Traceback')) return readGroup(lines, head);
  const first = lines[head + 1];
  let index = head + 1;
  const frames: string[] = [];
  // Frames have an indent, or stand in the box of rich. loguru marks the one that raised.
  while (index < lines.length && isFrame(lines, index)) {
    frames.push(wordsAt(lines, index));
    index += 1;
  }
  const line = lines[index];
  if (first === undefined || line === undefined || isPythonHead(line)) return null;
  const end = endOfMessage(lines, index);
  return { error: { line: line.words.trim(), details: detailsOf(lines, index + 1, end) }, leaves: [], frames, end };
}

function isFrame(lines: readonly OutputLine[], index: number): boolean {
  const line = lines[index];
  if (line === undefined) return false;
  // A head here begins another traceback. To read on would take quadratic time on a log of heads.
  if (isPythonHead(line)) return false;
  const { words, indent, isBoxed } = line;
  if (words === '' || indent > 0 || isBoxed) return true;
  return /^(?:\/|~|<|in |[❱>]|\d+ |\[Previous line|File "|[a-z]:\\|\.{3})/i.test(words);
}

/** Returns the index after the last line of a message that begins at `index`. */
function endOfMessage(lines: readonly OutputLine[], index: number): number {
  let [end, loose] = [index + 1, 0];
  for (let next = index + 1; next < lines.length; next += 1) {
    const line = lines[next];
    if (line === undefined || isStart(line)) break;
    if (line.words === '') continue;
    if (isNoise(line) && !/^\W*$/.test(line.words)) break;
    const isFramed = line.indent > 0 || line.isBoxed || (lines[next + 1]?.indent ?? 0) > 0 || MARKUP.test(line.words);
    loose += isFramed ? 0 : 1;
    if (loose > LOOSE_LINES) return index + 1;
    end = next + 1;
  }
  return end;
}

/** Returns true if the line begins something of its own, so that it belongs to no message. */
function isStart(line: OutputLine): boolean {
  const words = line.words.trimStart();
  if (isPythonHead(line)) return true;
  if (line.isBoxed) return false;
  return (
    line.level !== null ||
    line.at !== null ||
    words.startsWith(DIRECT_CAUSE) ||
    words.startsWith(CONTEXT) ||
    ASIDE_HEAD.test(words) ||
    IGNORED_HEAD.test(words) ||
    /^(?:panic: |[A-Z]?\w{0,80}(?:Error|Exception): )/.test(words)
  );
}

function detailsOf(lines: readonly OutputLine[], from: number, to: number): string[] {
  return lines
    .slice(from, to)
    .map(({ words }) => words.trim())
    .filter((words) => /[\p{L}\p{N}]/u.test(words))
    .slice(0, 40);
}

/** Reads an exception group. Its lines stand behind gutters. */
function readGroup(lines: readonly OutputLine[], head: number): Traceback | null {
  const errors: Cause[] = [];
  const frames: string[] = [];
  let index = head + 1;
  for (; index < lines.length && GUTTER.test(lines[index]?.words ?? ''); index += 1) {
    const words = (lines[index]?.words ?? '').replace(GUTTER, '');
    if (/^\s/.test(words)) frames.push(words.trim());
    else if (EXCEPTION.test(words) && errors.length < CHAIN_LENGTH) errors.push({ line: words, details: [] });
    else if (words !== '' && !HEAD.test(words)) {
      const last = errors.at(-1);
      if (last !== undefined && last.details.length < 20)
        errors[errors.length - 1] = { ...last, details: [...last.details, words] };
    }
  }
  const isGroup = ({ line }: Cause) => /Group\b/.test(line);
  const leaves = errors.filter((error) => !isGroup(error));
  const [error] = errors;
  return error === undefined ? null : { error, leaves, frames, end: index };
}

function findChained(lines: readonly OutputLine[], end: number): { index: number; isDirect: boolean } | null {
  let index = end;
  while (wordsAt(lines, index) === '' && index < Math.min(lines.length, end + 4)) index += 1;
  const words = wordsAt(lines, index);
  const isDirect = words.startsWith(DIRECT_CAUSE);
  if (!isDirect && !words.startsWith(CONTEXT)) return null;
  index += 1;
  while (wordsAt(lines, index) === '' && index < Math.min(lines.length, end + 9)) index += 1;
  const head = lines[index];
  return head !== undefined && isPythonHead(head) ? { index, isDirect } : null;
}

/** Reads a syntax error, which Python prints without a head. That of Node has no file above it, but a stack below. */
function readSyntaxError(lines: readonly OutputLine[], index: number, from: number): ErrorBlock | null {
  const above = lines.slice(Math.max(from, index - SOURCE_LINES), index);
  if (!above.some(({ words }) => words.trimStart().startsWith('File "'))) return null;
  const line = wordsAt(lines, index);
  return {
    ...{ line, details: [], causes: [], contexts: [], frames: [] },
    ...{ start: index, end: index + 1, standing: 'bare', at: null },
  };
}
