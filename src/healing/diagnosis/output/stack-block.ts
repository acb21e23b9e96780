import { isNoise } from './noise';
import { MESSAGE_LINES, wordsAt, type BlockReader, type Cause } from './error-block';
import type { OutputLine } from './output-line';
import { isPythonHead } from './python-block';
import { judgeStanding } from './standing';

/** Frame of a stack of Node, Bun, Deno, .NET or the JVM. */
const FRAME = /^\s+at (?:async )?\S/;
/** `TypeError: words`, `Error [CODE]: words`, `Exception in thread "main" java.lang.X: words`, also behind other words. */
const HEAD =
  /(?:^|[\s:("'`])(?:Uncaught )?(?:[A-Za-z_$][\w$.]{0,150})?(?:Error|Exception|Rejection|Failure|Fault)\b(?: \[[\w-]{1,80}\])?(?::|$| \()|^(?:error: |Uncaught )/;
/** `SeatsTaken: words`, `app.Refused: words`: an error, if nothing but its stack follows. */
const NAMED =
  /^(?:(?:[\w$]{1,60}\.){1,9}[A-Z][\w$]{0,100}|[A-Z][a-z\d]{1,60}[A-Z][\w$]{0,100})(?: \[[\w-]{1,80}\])?(?::|$)/;
const CAUSED_BY = /^\s*(?:[Cc]aused by:|\[cause\]:|\[errors\]:|Suppressed:|---> )\s*/;
const MEMBERS_END = /^[}\])]+,?;?$/;
const REQUIRE_STACK = /^(?:Require stack:|- \/|- [A-Za-z]:\\|Emitted 'error' event (?:on|at))/;
const RUNTIME_END = /^(?:Node\.js v\d|Bun v\d)/;
const RUNTIME_HEAD = /^(?:Exception in thread "main" |Unhandled exception\. |Uncaught |error: Uncaught )/;
/** Most causes and members that are read. */
const MOST = 20;

export const isStackFrame = ({ words }: OutputLine): boolean =>
  words.includes(' at ') || words.startsWith('\tat ') ? FRAME.test(words) : false;

/** Reads an error whose stack begins at `index`. */
export const readStackBlock: BlockReader = (lines, index, from) => {
  const first = lines[index];
  if (first === undefined || !isStackFrame(first)) return null;
  const start = findHead(lines, index, from);
  if (start === null) return null;
  const head = headOf(wordsAt(lines, start));
  const message = lines
    .slice(start + 1, index)
    .map(({ words }) => words.trim())
    .filter((words) => words !== '');
  const { end, frames, members, causes } = readStack(lines, index);
  let after = end;
  while (after < lines.length && wordsAt(lines, after) === '' && after < end + 3) after += 1;
  const isFatal = RUNTIME_END.test(wordsAt(lines, after)) || RUNTIME_HEAD.test(wordsAt(lines, start));
  return {
    ...{ line: head, details: [...message, ...members], causes, contexts: [], frames, end },
    ...judgeStanding(lines, start, from),
    ...(isFatal ? { standing: 'fatal' as const } : {}),
  };
};

/** Returns the line on which the error before a stack begins. */
function findHead(lines: readonly OutputLine[], stack: number, from: number): number | null {
  let nearest: number | null = null;
  for (let index = stack - 1; index >= Math.max(from, stack - MESSAGE_LINES); index -= 1) {
    const line = lines[index];
    if (line === undefined || isStackFrame(line)) break;
    if (line.words === '') {
      // A blank line ends the source line that Node shows above an error. Messages may hold blank lines too.
      continue;
    }
    if (nearest === null && isNoise(line)) continue;
    if (nearest === null && line.indent === 0 && NAMED.test(line.words)) return index;
    nearest ??= index;
    if (line.indent === 0 && HEAD.test(line.words) && !CAUSED_BY.test(line.words)) return index;
    if (line.level !== null) return index;
  }
  return nearest;
}

/** Drops the runtime's words before an error, but not those of the program. */
function headOf(words: string): string {
  return words.replace(
    /^(?:Exception in thread "[^"]{1,80}" |Unhandled exception\. |Uncaught (?:exception: )?|error: Uncaught (?:\(in promise\) )?)/,
    '',
  );
}

interface Stack {
  readonly end: number;
  readonly frames: readonly string[];
  readonly members: readonly string[];
  readonly causes: readonly Cause[];
}

/** Reads a stack, the members that Node prints of the error, and the stacks of its causes. */
function readStack(lines: readonly OutputLine[], from: number): Stack {
  const [frames, members, causes] = [[] as string[], [] as string[], [] as Cause[]];
  let index = from;
  for (; index < lines.length; index += 1) {
    const line = lines[index];
    if (line === undefined || isPythonHead(line)) break;
    const words = line.words.trim();
    if (CAUSED_BY.test(line.words)) {
      if (causes.length < MOST) causes.push({ line: words.replace(CAUSED_BY, ''), details: [] });
    } else if (isStackFrame(line)) {
      if (frames.length < MOST) frames.push(words);
    } else if (line.indent > 0 || MEMBERS_END.test(words)) {
      if (members.length < MOST * 2 && /\w/.test(words)) members.push(words);
    } else if (REQUIRE_STACK.test(words)) {
      if (members.length < MOST) members.push(words);
    } else if (words !== '' || !continues(lines, index)) break;
  }
  return { end: index, frames, members, causes };
}

/** Returns true if the stack goes on after the blank line at `index`: with a cause, or with members. */
function continues(lines: readonly OutputLine[], index: number): boolean {
  const next = lines[index + 1];
  return next !== undefined && !isNoise(next) && (CAUSED_BY.test(next.words) || isStackFrame(next));
}
