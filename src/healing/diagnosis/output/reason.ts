import { readNativeBlock } from './native-block';
import { IGNORED_HEAD, isNoise, WARNING_HEAD } from './noise';
import { readLines, type OutputLine } from './output-line';
import { isPythonHead, readPythonBlock } from './python-block';
import { isStackFrame, readStackBlock } from './stack-block';
import { wordsAt, type ErrorBlock } from './error-block';

/** Reason for the exit of a program, as the end of one stream gives it. */
export interface Reason {
  /** Error that ended the program; null: it printed none, or went on after it. */
  readonly block: ErrorBlock | null;
  /** Last lines that are no noise, the latest last. */
  readonly words: readonly OutputLine[];
  /** How much the stream's end looks like the reason: 0 nothing, 1 words, 2 words about an error, 3 to 5 an error. */
  readonly strength: number;
}

/** Most blocks that are kept: the latest ones. */
const BLOCKS = 12;
/** Lines that may follow an error that ended the program, besides noise. */
const TRAILING_LINES = 4;
const TRAILING_LINES_OF_RUNTIME = 30;
/** An error that was printed so long before the last words was handled. */
const HANDLED_AFTER_MS = 60_000;
const LAST_WORDS = 12;

const SAYS_ERROR =
  /\b(?:CRITICAL|FATAL|PANIC|ERROR|[Ff]atal|[Pp]anic|[Ee]rror|[Ee]xception|[Ff]ailed|[Ff]ailure|[Rr]efused|[Cc]annot|[Cc]ould not|[Ii]nvalid|[Mm]issing|[Dd]enied|[Uu]nable to|[Nn]ot found)\b|\b[A-Z]\w*(?:Error|Exception)\b/;
const CODE_LINE = /^(?:throw |\s*\^+$|const |import |return )/;

/** Returns true if the line speaks of an error. */
export function isAlarm({ words, level }: OutputLine): boolean {
  if (level === 'quiet') return false;
  return level !== null || SAYS_ERROR.test(words);
}

/** Reads the end of one stream; linear in its length. */
export function readReason(text: string): Reason {
  const lines = readLines(text);
  const { blocks, skipped } = readBlocks(lines);
  const isSkipped = (index: number) => skipped.has(index) || isNoise(lines[index] ?? BLANK);
  const block = findFatalBlock(lines, blocks, isSkipped);
  const words = lastWords(lines, block === null ? blocks : [], isSkipped);
  return { block, words, strength: strengthOf(block, words) };
}

const BLANK: OutputLine = { words: '', indent: 0, isBoxed: false, level: null, at: null };

interface Blocks {
  readonly blocks: readonly ErrorBlock[];
  /** Lines of errors that the runtime ignored as it exited. */
  readonly skipped: ReadonlySet<number>;
}

function readBlocks(lines: readonly OutputLine[]): Blocks {
  const blocks: ErrorBlock[] = [];
  const skipped = new Set<number>();
  let from = 0;
  for (let index = 0; index < lines.length;) {
    const ignoredUntil = endOfIgnored(lines, index);
    if (ignoredUntil > index) {
      for (let each = index; each < ignoredUntil; each += 1) skipped.add(each);
      from = index = ignoredUntil;
      continue;
    }
    const block = readBlock(lines, index, from);
    if (block === null) {
      index += 1;
      continue;
    }
    blocks.push(block);
    if (blocks.length > BLOCKS) blocks.shift();
    from = index = Math.max(block.end, index + 1);
  }
  return { blocks, skipped };
}

function readBlock(lines: readonly OutputLine[], index: number, from: number): ErrorBlock | null {
  const line = lines[index];
  if (line === undefined || line.words === '') return null;
  if (isStackFrame(line)) return readStackBlock(lines, index, from);
  return readPythonBlock(lines, index, from) ?? readNativeBlock(lines, index, from);
}

/** Returns the index after a warning or a report about an ignored error at `index`; `index` without one. */
function endOfIgnored(lines: readonly OutputLine[], index: number): number {
  if (WARNING_HEAD.test(wordsAt(lines, index))) return index + ((lines[index + 1]?.indent ?? 0) > 0 ? 2 : 1);
  if (!IGNORED_HEAD.test(wordsAt(lines, index))) return index;
  for (let head = index + 1; head <= index + 3; head += 1) {
    const line = lines[head];
    if (line === undefined) break;
    // Without a stack only the error follows.
    if (head === index + 1 && /^[A-Za-z_][\w.]{0,100}(?:Error|Exception|Exit|Interrupt)\b/.test(line.words))
      return head + 1;
    if (isPythonHead(line)) return endOfCallStack(lines, readPythonBlock(lines, head, index)?.end ?? head + 1);
  }
  return index + 1;
}

/** Returns the index after the call stack that Python's logging prints below an error of its own; `index` without one. */
function endOfCallStack(lines: readonly OutputLine[], index: number): number {
  if (wordsAt(lines, index) !== 'Call stack:') return index;
  let end = index + 1;
  while (end < lines.length && ((lines[end]?.indent ?? 0) > 0 || /^(?:Message|Arguments): /.test(wordsAt(lines, end))))
    end += 1;
  return end;
}

/** Returns the latest error that the program did not outlive. */
function findFatalBlock(
  lines: readonly OutputLine[],
  blocks: readonly ErrorBlock[],
  isSkipped: (index: number) => boolean,
): ErrorBlock | null {
  const trail: OutputLine[] = [];
  let [aside, until]: [ErrorBlock | null, number] = [null, lines.length];
  for (const block of blocks.toReversed()) {
    for (let index = until - 1; index >= block.end; index -= 1)
      if (!isSkipped(index)) trail.push(lines[index] ?? BLANK);
    const isHandled = wasHandled(block, trail);
    if (block.standing !== 'aside') return isHandled ? aside : block;
    if (!isHandled) aside ??= block;
    until = block.start;
  }
  return aside;
}

function wasHandled({ standing, at }: ErrorBlock, trail: readonly OutputLine[]): boolean {
  if (trail.length > (standing === 'fatal' ? TRAILING_LINES_OF_RUNTIME : TRAILING_LINES)) return true;
  const isMuchLater = (line: OutputLine) => at !== null && line.at !== null && line.at - at > HANDLED_AFTER_MS;
  if (trail.some(isMuchLater)) return true;
  return (standing === 'logged' || standing === 'aside') && trail.some(isAlarm);
}

/** Returns the last lines that say something, none of an error that was handled. */
function lastWords(
  lines: readonly OutputLine[],
  handled: readonly ErrorBlock[],
  isSkipped: (index: number) => boolean,
): OutputLine[] {
  const words: OutputLine[] = [];
  const last = handled.at(-1);
  for (let index = lines.length - 1; index >= 0 && words.length < LAST_WORDS; index -= 1) {
    if (last !== undefined && index < last.end) break;
    const line = lines[index] ?? BLANK;
    if (!isSkipped(index) && !CODE_LINE.test(line.words)) words.unshift(line);
  }
  return words;
}

const STRENGTH = { fatal: 5, bare: 4, logged: 3, aside: 2 } as const;

function strengthOf(block: ErrorBlock | null, words: readonly OutputLine[]): number {
  if (block !== null) return STRENGTH[block.standing];
  if (words.slice(-3).some(({ level }) => level === 'fatal')) return STRENGTH.bare;
  return words.some(isAlarm) ? STRENGTH.aside : Math.min(words.length, 1);
}
