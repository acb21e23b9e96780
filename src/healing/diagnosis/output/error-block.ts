import type { OutputLine } from './output-line';

/** Error that another one was caused by, or that it contains. */
export interface Cause {
  /** Line of the error, as the program printed it. */
  readonly line: string;
  /** Further lines of its message, and members that were printed with it. */
  readonly details: readonly string[];
}

/** Error that a program printed: its line, its message, and what it was caused by. */
export interface ErrorBlock extends Cause {
  /** Causes that the program states, the nearest first. */
  readonly causes: readonly Cause[];
  /** Errors in whose handling this one arose, the nearest first. They need not be its cause. */
  readonly contexts: readonly Cause[];
  /** Lines of its stack. */
  readonly frames: readonly string[];
  /** Index of its first line, and of the line after its last. */
  readonly start: number;
  readonly end: number;
  /**
   * How sure it is that the error ended the process. `fatal`: the runtime says so. `bare`: it was printed without a
   * logger. `logged`: the program caught and logged it. `aside`: it belongs to a task or a thread.
   */
  readonly standing: 'fatal' | 'bare' | 'logged' | 'aside';
  /** Time that the block's first lines name; null: none. */
  readonly at: number | null;
}

/** Reads the block that begins at or around `index`; null: none does. Looks at no line before `from`. */
export type BlockReader = (lines: readonly OutputLine[], index: number, from: number) => ErrorBlock | null;

/** Most lines of one message. */
export const MESSAGE_LINES = 40;

/** Returns the words of a line without its indent; empty outside of the text. */
export function wordsAt(lines: readonly OutputLine[], index: number): string {
  return lines[index]?.words.trimStart() ?? '';
}
