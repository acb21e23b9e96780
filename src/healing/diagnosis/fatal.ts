/** Longer lines are cut before anything is looked for in them. */
const LINE_LENGTH = 2_000;
/** After the fatal block only so many lines may follow: what an interpreter says as it ends. */
const TRAILING_LINES = 4;
/** What says nothing of a cause: it follows the fatal block of its own accord. */
const NOISE =
  /^(?:Node\.js v\d|\s*$|\s*\^+\s*$|npm ERR!|During handling of the above|sys:1: \w*Warning|Exception ignored in|\(Use `node --trace)/;
const PYTHON_HEAD = /^(?:\s*[|+\- ]*)?Traceback \(most recent call last\):\s*$/;
/** `module.SomeError: what` or a bare `SomeError`. */
const PYTHON_END =
  /^(?:[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning|Group|Timeout|Fault)\b|[a-z_][\w.]*\.[A-Z]\w+)(?::|$)/;
const NODE_END = /^(?:Uncaught )?(?:[A-Z]\w*)?(?:Error|Exception|Rejection)(?: \[\w+\])?(?:: |$)/;
/** What Node prints of an error between its stacks. */
const NODE_BLOCK = /^(?:Require stack:|- |Emitted 'error' event on|\[cause\]|[{}\]])/;
const CHAINED = /^(?:During handling of the above exception|The above exception was the direct cause)/;
/** Exceptions whose own words go over several lines. */
const LONG_WORDS = /\b(?:ValidationError|ExceptionGroup)\b/;
const NODE_STACK = /^\s+at /;

/** What a program said at its end. */
export interface Fatal {
  /** The very line: the exception, in its own words. */
  readonly line: string;
  /** All lines of the fatal block that may name a cause, the line itself first. */
  readonly lines: readonly string[];
}

export function linesOf(text: string): string[] {
  return text.split('\n').map((line) => (line.length > LINE_LENGTH ? line.slice(0, LINE_LENGTH) : line).trimEnd());
}

/**
 * The fatal exception: the block that ends what was written. One that was handled, with other output after it, is not the
 * reason of the end, however loud it was.
 */
export function fatalOf(text: string): Fatal | null {
  const lines = linesOf(text);
  return pythonFatal(lines) ?? nodeFatal(lines);
}

function pythonFatal(lines: readonly string[]): Fatal | null {
  const head = lines.findLastIndex((line) => PYTHON_HEAD.test(line));
  if (head < 0) return syntaxFatal(lines);
  // Frames are indented; the exception is the first line after them that is not.
  const end = lines.findIndex((line, index) => index > head && line !== '' && !/^\s/.test(line) && !NOISE.test(line));
  const line = lines[end];
  if (line === undefined || !endsWith(lines, end)) return null;
  return { line, lines: [line, ...chainOf(lines, head)] };
}

/** Python prints an error of syntax without a head. */
function syntaxFatal(lines: readonly string[]): Fatal | null {
  const end = lines.findLastIndex((line) => /^(?:SyntaxError|IndentationError|TabError): /.test(line));
  const line = lines[end];
  return line === undefined || !endsWith(lines, end) ? null : { line, lines: [line] };
}

/** What caused the final exception, by Python's own account: the blocks that are chained to it. */
function chainOf(lines: readonly string[], lastHead: number): string[] {
  const chained: string[] = [];
  for (let index = lastHead - 1; index > 0; index -= 1) {
    const line = lines[index] ?? '';
    if (CHAINED.test(line)) {
      const cause = lines[lastBefore(lines, index, (each) => each !== '' && !/^\s/.test(each))];
      if (cause !== undefined) chained.push(cause);
      const head = lastBefore(lines, index, (each) => PYTHON_HEAD.test(each));
      if (head < 0) break;
      index = head;
    } else if (line !== '') break;
  }
  return chained;
}

/** Walks back from where it stands: a log of endless chains is gone through once. */
function lastBefore(lines: readonly string[], end: number, isWanted: (line: string) => boolean): number {
  let index = end - 1;
  while (index >= 0 && !isWanted(lines[index] ?? '')) index -= 1;
  return index;
}

function nodeFatal(lines: readonly string[]): Fatal | null {
  const end = lines.findLastIndex((line) => NODE_END.test(line));
  const line = lines[end];
  if (line === undefined) return null;
  // Its stack, and the members that Node prints of it, belong to the block.
  let last = end;
  while (last + 1 < lines.length && isOfBlock(lines[last + 1] ?? '')) last += 1;
  if (!endsWith(lines, last)) return null;
  return { line, lines: [line, ...lines.slice(end + 1, last + 1).filter((each) => !NODE_STACK.test(each))] };
}

function isOfBlock(line: string): boolean {
  return /^\s+\S/.test(line) || NODE_BLOCK.test(line);
}

/** Nothing of weight follows. */
function endsWith(lines: readonly string[], end: number): boolean {
  const after = lines.slice(end + 1).filter((line) => line !== '' && !NOISE.test(line));
  if (after.length > TRAILING_LINES) return false;
  if (LONG_WORDS.test(lines[end] ?? '')) return true;
  return !after.some((line) => !/^\s/.test(line) && !PYTHON_END.test(line));
}
