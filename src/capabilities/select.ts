import type { AgentStatus, CircuitState } from '../kernel';

/** Lowest score of an agent that gets tasks. */
const USABLE_FROM = 50;
/** Scores within one step count as equal, so that tasks are spread over agents of similar health. */
const STEP = 10;
/** Step of the scores 90 to 100. */
const TOP_STEP = 9;

/** Agent that has the capability, in its current state. */
export interface Candidate {
  readonly agentId: string;
  /** 0 to 100; null: not checked yet. */
  readonly score: number | null;
  readonly status: AgentStatus;
  readonly circuit: CircuitState;
  /** `Clock.now()` of its last choice; null: never chosen. */
  readonly chosenAt: number | null;
  readonly isExcluded: boolean;
}

/** Candidate with the reason why it was rejected; null: it is usable. */
export interface RankedCandidate extends Candidate {
  readonly rejected: string | null;
}

/**
 * Ranks candidates: usable ones first, by score in steps of ten, then the least recently chosen. A candidate is usable
 * if its circuit is CLOSED, its status is running, and its score is 50 or more. A candidate without a score is usable
 * too and ranks like 50.
 */
export function rankCandidates(candidates: readonly Candidate[]): RankedCandidate[] {
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
  if (status !== 'running') return `its status is ${status}`;
  if (score !== null && score < USABLE_FROM) return `its score is ${score}`;
  return null;
}

/** Returns the step of a score. 90 to 100 are one step, and a missing score ranks like 50. */
function stepOf({ score }: Candidate): number {
  return score === null ? USABLE_FROM / STEP : Math.min(TOP_STEP, Math.floor(score / STEP));
}
