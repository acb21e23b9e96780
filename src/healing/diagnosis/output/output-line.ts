import { stripEscapes } from '../../../kernel';
import { expandJson } from './json-line';
import type { Level } from './log-level';
import { readPrefix } from './log-prefix';
import { readLogfmt } from './logfmt-line';

/** Longer lines are cut before they are searched. */
const LINE_LENGTH = 2_000;
/** Most lines that are read: the last ones. Limits the time that a log of short lines takes; 2 MB of usual ones fit. */
const MOST_LINES = 40_000;

/** One line of a program's output, reduced to the program's words. */
export interface OutputLine {
  /** Without colours, boxes and the prefix of a logger; trimmed at its end. */
  readonly words: string;
  /** Number of leading spaces or tabs of `words`. */
  readonly indent: number;
  /** True if a box was drawn around the words. */
  readonly isBoxed: boolean;
  /** null: the line names no level. */
  readonly level: Level | null;
  /** Time that the line names, in milliseconds on the clock of its program; null: none. */
  readonly at: number | null;
}

/** Prefix that a runner of several programs prints on each line: concurrently, docker compose, foreman, PM2. */
const RUNNER =
  /^(?:\[\d{1,2}\](?: |$)|[\w.-]{1,60}-\d{1,3} {1,40}\|(?: |$)|(?:\d\d:\d\d:\d\d )?[\w-]{1,40}\.\d{1,3} {1,20}\|(?: |$)|\d{1,4}\|[\w-]{1,40} {1,20}\|(?: |$))/;
const BOX_SIDE = /^[ \t]{0,8}[│║┃](?= |$)/;
const BOX_CORNER = /^[ \t]{0,8}[╭╔┌╰╚└├┏┗][─═━┄][─═━┄ ]{0,400}/;
const BOX_END: ReadonlySet<string> = new Set('─═━┄╮╗┐╯╝┘┤┓┛│║┃ \t');

/** Splits a text into lines. A line that a carriage return overwrote counts as what was written last. */
export function readLines(text: string): OutputLine[] {
  const lines: OutputLine[] = [];
  for (const raw of text.split('\n').slice(-MOST_LINES)) {
    const visible = cleanLine(raw);
    const plain = removeBox(visible);
    const record = expandJson(plain);
    if (record === null) lines.push({ ...readLine(plain.slice(0, LINE_LENGTH)), isBoxed: plain !== visible });
    else
      for (const words of record.words)
        lines.push({
          ...{ words: words.slice(0, LINE_LENGTH).trimEnd(), indent: indentOf(words), at: record.at },
          isBoxed: false,
          level: words === record.words[0] ? record.level : null,
        });
  }
  return lines;
}

function cleanLine(raw: string): string {
  const trimmed = stripEscapes(raw).trimEnd();
  const overwritten = trimmed.lastIndexOf('\r');
  return (overwritten < 0 ? trimmed : trimmed.slice(overwritten + 1)).replace(RUNNER, '');
}

/** Removes the frame that a program draws around its words; of a border, only the title of a traceback is kept. */
function removeBox(line: string): string {
  if (!/[│║┃╭╔┌╰╚└├┏┗]/.test(line.slice(0, 9))) return line;
  const cut = line.slice(0, LINE_LENGTH);
  const corner = BOX_CORNER.exec(cut);
  if (corner !== null) {
    const title = trimBoxEnd(cut.slice(corner[0].length));
    return title.includes('Traceback') ? title : '';
  }
  return BOX_SIDE.test(cut) ? trimBoxEnd(cut.replace(BOX_SIDE, '')).replace(/^ /, '') : line;
}

/** A loop, because a regular expression that is bound to the end of a line takes quadratic time. */
function trimBoxEnd(line: string): string {
  let end = line.length;
  while (BOX_END.has(line.charAt(end - 1))) end -= 1;
  return line.slice(0, end);
}

/** Splits the prefix of a logger off the words of a line. */
function readLine(line: string): Omit<OutputLine, 'isBoxed'> {
  if (/^[ \t]/.test(line)) return { words: line, indent: indentOf(line), level: null, at: null };
  const { words, level, at } = readLogfmt(line) ?? readPrefix(line);
  return { words, indent: indentOf(words), level, at };
}

function indentOf(words: string): number {
  return words.length - words.trimStart().length;
}
