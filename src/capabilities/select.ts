import type { AgentStatus, CircuitState } from '../kernel';

const USABLE_FROM = 50;
const STEP = 10;
const TOP_STEP = 9;

/** An agent that can do a task, as it stands. */
export interface Candidate {
  readonly agentId: string;
  /** 0 to 100; null: nothing was checked yet. */
  readonly score: number | null;
  readonly status: AgentStatus;
  readonly circuit: CircuitState;
  /** When it was last chosen, `Clock.now()`; null: never. */
  readonly chosenAt: number | null;
  readonly isExcluded: boolean;
}

/** The same with the reason why it was not chosen; null: it was, or could have been. */
export interface Ranked extends Candidate {
  readonly rejected: string | null;
}

/**
 * Ranks candidates: usable ones first, by score in steps of ten, then the least recently chosen. Usable is: circuit CLOSED,
 * status running, score 50 or more (none yet counts as well enough: its process runs).
 */
export function ranked(candidates: readonly Candidate[]): Ranked[] {
  return candidates
    .map((candidate) => ({ ...candidate, rejected: rejection(candidate) }))
    .sort(
      (left, right) =>
        Number(left.rejected !== null) - Number(right.rejected !== null) ||
        stepOf(right) - stepOf(left) ||
        (left.chosenAt ?? -Infinity) - (right.chosenAt ?? -Infinity) ||
        left.agentId.localeCompare(right.agentId),
    );
}

function rejection({ isExcluded, circuit, status, score }: Candidate): string | null {
  if (isExcluded) return 'excluded by the caller';
  if (status === 'stopped') return 'stopped';
  if (circuit !== 'CLOSED') return `its circuit is ${circuit}`;
  if (status !== 'running') return `it is ${status}`;
  if (score !== null && score < USABLE_FROM) return `its score is ${score}`;
  return null;
}

/** A full score is no step of its own: 90 to 100 are one. */
function stepOf({ score }: Candidate): number {
  return score === null ? USABLE_FROM / STEP : Math.min(TOP_STEP, Math.floor(score / STEP));
}
