import type { Certainty } from '../../kernel';
import type { Cause, ErrorBlock } from './output/error-block';
import type { OutputLine } from './output/output-line';
import { isAlarm, type Reason } from './output/reason';
import { matchRule, type Match } from './rules/all-rules';

/** Row of the table that explains the end of an output, and how it is shown. */
export interface Classified {
  /** null: no row matches; the error is one of the program's own. */
  readonly match: Match | null;
  readonly certainty: Certainty;
  /** Line for the operator. */
  readonly line: string;
}

const HEAD_LENGTH = 180;
/** Last words that keep a row's certainty; earlier ones may have been overcome. */
const CERTAIN_WORDS = 3;

/** Finds the row of the table that explains an output; null: the output names no error. */
export function classify({ block, words }: Reason): Classified | null {
  return block === null ? classifyWords(words) : classifyBlock(block);
}

/** Reads an error first, then what it was caused by. Where its own words tell little, a telling cause decides. */
function classifyBlock(block: ErrorBlock): Classified {
  const own = matchRule([block.line, ...block.details], block.frames);
  if (own !== null && own.rule.isGeneric !== true) return explain(block, own, own.rule.certainty);
  const causes = matchCauses(block.causes, block.frames);
  const telling = causes.find(({ rule }) => rule.isGeneric !== true) ?? own ?? causes[0] ?? null;
  if (telling !== null) return explain(block, telling, telling.rule.certainty);
  // An error that arose while another one was handled need not be caused by it.
  const [context] = matchCauses(block.contexts, block.frames);
  if (context !== undefined && block.standing !== 'logged') return explain(block, context, 'likely');
  return { match: null, certainty: 'certain', line: block.line };
}

function matchCauses(causes: readonly Cause[], frames: readonly string[]): Match[] {
  return causes.flatMap(({ line, details }) => matchRule([line, ...details], frames) ?? []);
}

/** Shows the error, and the line that tells its cause if that is another one. */
function explain(block: ErrorBlock, match: Match, certainty: Certainty): Classified {
  const { line, details } = block;
  if (match.line === line) return { match, certainty, line };
  const head = line.length > HEAD_LENGTH ? `${line.slice(0, HEAD_LENGTH)}…` : line;
  const isOwn = details.includes(match.line);
  const isMember = /^[\w$]+: /.test(match.line);
  const own = isMember ? `${head} (${match.line})` : `${head} ${match.line}`;
  const said = line.endsWith(match.line) ? line : isOwn ? own : `${head} (caused by ${match.line})`;
  return { match, certainty, line: said };
}

function classifyWords(words: readonly OutputLine[]): Classified | null {
  const isLoud = ({ level }: OutputLine) => level !== 'quiet';
  const last = words.slice(-CERTAIN_WORDS).filter(isLoud).toReversed();
  const earlier = words.slice(0, -CERTAIN_WORDS).filter(isLoud).toReversed();
  const isPlain = words.every(({ level }) => level === null);
  for (const [lines, isSure] of [
    [last.filter(isAlarm), true],
    [last, true],
    [earlier, isPlain],
  ] as const) {
    const match = matchRule(lines.map((line) => line.words.trim()));
    if (match !== null)
      return { match, certainty: isSure ? match.rule.certainty : 'likely', line: completed(match.line, words) };
  }
  return null;
}

/** Adds the line that a line announces by a colon at its end. */
function completed(line: string, words: readonly OutputLine[]): string {
  const next = words[words.findIndex((each) => each.words.trim() === line) + 1];
  return line.endsWith(':') && next !== undefined ? `${line} ${next.words.trim()}` : line;
}
