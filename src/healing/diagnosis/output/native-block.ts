import { isNoise } from './noise';
import { MESSAGE_LINES, wordsAt, type BlockReader, type ErrorBlock } from './error-block';
import type { OutputLine } from './output-line';

/** Way in which a runtime other than Python's and JavaScript's reports that it gives up. */
interface Form {
  readonly head: RegExp;
  /** First line with words after the head. Without it the head is no head. */
  readonly next?: RegExp;
  /** Lines of the block after its head. */
  readonly rest: RegExp;
  /** Lines of the rest that say nothing about the reason. */
  readonly frame: RegExp;
  /** Line up to which every line belongs to the block, if it follows soon. */
  readonly until?: RegExp;
  /** Number of lines that belong to the message, with the head; the shown line joins them. */
  readonly joined: number;
}

const FORMS: readonly Form[] = [
  {
    // Go
    head: /^(?:panic: |fatal error: )/,
    rest: /^(?:$|\s|goroutine \d|\[signal |created by |panic: |runtime: |runtime stack:|[\w./*()-]{1,200}\(.{0,500}\)$|[\w./*()-]{1,200}\.\w)/,
    frame: /^(?:\t|goroutine |created by |[\w./*()-]+\(|runtime stack)/,
    until: /^goroutine \d+ \[/,
    joined: 1,
  },
  {
    // Rust
    head: /^thread '.{0,200}' (?:\(\d{1,20}\) )?panicked at /,
    rest: /^(?!$)(?!note: )/,
    frame: /^\s+(?:\d+: |at )/,
    joined: 2,
  },
  { head: /^\S{1,300}\.rb:\d+:in ['`].{1,200}': /, rest: /^\s+(?:from |\d+: from )|^\s*$/, frame: /^\s/, joined: 1 },
  {
    // PHP
    head: /^(?:PHP )?(?:Fatal|Parse) error: {1,2}/,
    rest: /^(?:Stack trace:|#\d|\s+thrown in |$)/,
    frame: /^(?:#\d|Stack|\s)/,
    joined: 1,
  },
  // Node, of a promise that was rejected with no error
  { head: /^\[UnhandledPromiseRejection: /, rest: /^(?:$|\s|\}$)/, frame: /^\W*$/, joined: 1 },
  { head: /^\*\* \([\w.]{1,100}\) /, rest: /^\s/, frame: /^\s{4}\(?[\w.]+/, joined: 1 },
  { head: /^terminate called after throwing an instance of /, rest: /^\s+what\(\): /, frame: /^$/, joined: 2 },
  {
    // The interpreter of Python
    head: /^Fatal Python error: /,
    rest: /^(?:$|\s|Python runtime state: |(?:Current thread|Thread) 0x|Extension modules: |\w{1,80}Error: )/,
    frame: /^(?:\s|Python runtime|Current|Thread|Extension)/,
    joined: 1,
  },
  {
    // anyhow and eyre of Rust
    head: /^Error: /,
    rest: /^(?:$|\s|Caused by:$|Location:$|Stack backtrace:$)/,
    frame: /^(?:Caused|Location|Stack|\s+(?:\d+: (?:0x|<|[\w:]+::)|at ))/,
    next: /^Caused by:$/,
    joined: 1,
  },
  {
    // V8
    head: /^(?:FATAL ERROR: |#\s{0,4}Fatal )/,
    rest: /^(?:$|\s*\d+: |-{3,}|#|Aborted)/,
    frame: /^(?:\s*\d+: |-)/,
    joined: 1,
  },
];

/** A panic of another thread than the main one does not end a program of Rust. */
const ONE_THREAD = /^thread '(?!main')/;
const SPRING_HEAD = /^APPLICATION FAILED TO START$/;
const BLOCK_LINES = 4_000;
const DETAILS = 20;

/** Reads the report of a runtime that gave up. */
export const readNativeBlock: BlockReader = (lines, index) => {
  const words = lines[index]?.words ?? '';
  if (SPRING_HEAD.test(words)) return readSpringReport(lines, index);
  const form = findForm(lines, index);
  if (form === undefined) return null;
  const end = findEnd(lines, index, form);
  const details = lines
    .slice(index + 1, end)
    .filter((line) => line.words !== '' && !form.frame.test(line.words))
    .slice(0, DETAILS)
    .map((line) => line.words.trim());
  const line = [words, ...details.slice(0, form.joined - 1)].join(' ');
  const standing = ONE_THREAD.test(words) ? 'aside' : 'fatal';
  return blockOf(line, details, { start: index, end, standing, at: lines[index]?.at ?? null });
};

function findForm(lines: readonly OutputLine[], index: number): Form | undefined {
  const words = lines[index]?.words ?? '';
  return FORMS.find(({ head, next }) => {
    if (!head.test(words)) return false;
    return next === undefined || next.test(wordsAt(lines, wordsAt(lines, index + 1) === '' ? index + 2 : index + 1));
  });
}

function findEnd(lines: readonly OutputLine[], index: number, { rest, until }: Form): number {
  let end = until === undefined ? index + 1 : findStack(lines, index, until);
  for (; end < lines.length && end < index + BLOCK_LINES; end += 1) {
    const words = lines[end]?.words ?? '';
    if (!rest.test(words) || (words !== '' && findForm(lines, end) !== undefined)) break;
  }
  return end;
}

/** Returns the index of the line that ends a message of several lines; the next one if there is no such line nearby. */
function findStack(lines: readonly OutputLine[], index: number, until: RegExp): number {
  const found = lines.slice(index + 1, index + MESSAGE_LINES).findIndex(({ words }) => until.test(words));
  return index + 1 + Math.max(found, 0);
}

/** Reads the report of Spring Boot: a description, then what to do. */
function readSpringReport(lines: readonly OutputLine[], index: number): ErrorBlock {
  const details: string[] = [];
  let end = index + 1;
  for (; end < lines.length && end < index + 30; end += 1) {
    const line = lines[end];
    if (line?.level !== null) break;
    const words = wordsAt(lines, end);
    if (!isNoise(line) && !/^(?:Description|Action|Reason):$/.test(words)) details.push(words);
  }
  const place = { start: index, end, standing: 'fatal', at: null } as const;
  return blockOf(details[0] ?? wordsAt(lines, index), details.slice(1), place);
}

function blockOf(
  line: string,
  details: readonly string[],
  place: Pick<ErrorBlock, 'start' | 'end' | 'standing' | 'at'>,
): ErrorBlock {
  return { line, details, causes: [], contexts: [], frames: [], ...place };
}
