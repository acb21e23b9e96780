import type { ErrorBlock } from './error-block';
import { ASIDE_HEAD } from './noise';
import type { OutputLine } from './output-line';

type Standing = Pick<ErrorBlock, 'standing' | 'at' | 'start'>;

/** Tells by the lines before an error whether a logger printed it, or a report about a task, and where that begins. */
export function judgeStanding(lines: readonly OutputLine[], head: number, from: number): Standing {
  const own = lines[head];
  if (own !== undefined && own.level !== null) return { standing: 'logged', at: own.at, start: head };
  for (let index = head - 1; index >= Math.max(from, head - 3); index -= 1) {
    const line = lines[index];
    if (line === undefined || line.words === '') break;
    if (ASIDE_HEAD.test(line.words)) return { standing: 'aside', at: line.at, start: index };
    if (line.level === 'error' || line.level === 'fatal') return { standing: 'logged', at: line.at, start: head };
  }
  return { standing: 'bare', at: null, start: head };
}
