import { HEALTHY_FROM, type AgentStatus, type CircuitState } from '../kernel';

/** Scores within one step count as equal, so that tasks are spread over agents of similar health. */
const STEP = 10;
/** Step of the scores 90 to 100. */
const TOP_STEP = 9;

/** Agent that has the capability, in its present state. */
export interface Candidate {
  readonly agentId: string;
  /** 0 to 100; null: not checked yet. */
  readonly score: number | null;
  readonly status: AgentStatus;
  readonly circuit: CircuitState;
  /** Number of its latest task among all tasks; null: it had none. */
  readonly turn: number | null;
  readonly isExcluded: boolean;
  readonly isExternal: boolean;
  readonly isPaused: boolean;
  /** True while it runs, or is started, on demand. */
  readonly isOnDemand: boolean;
  /** True while its start on demand is not answered yet. */
  readonly isBeingStarted: boolean;
  /** Reason why this task must not start it; null: none. */
  readonly hindrance: string | null;
  /** Milliseconds until its next launch is due; null: none is. */
  readonly dueInMs: number | null;
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
        compareTurns(left, right),
    );
}

/**
 * Orders candidates by their latest task, the least recent first. Candidates that had none are ordered by id, so that
 * the order never depends on that of the registration.
 */
export function compareTurns(left: Candidate, right: Candidate): number {
  return (left.turn ?? 0) - (right.turn ?? 0) || (left.agentId < right.agentId ? -1 : 1);
}

function rejection(candidate: Candidate): string | null {
  const { isExcluded, circuit, status, score } = candidate;
  if (isExcluded) return 'excluded by the caller';
  if (status === 'stopped') return whyStopped(candidate);
  if (circuit !== 'CLOSED') return `its circuit is ${circuit}`;
  if (status !== 'running') return `its status is ${status}`;
  if (score !== null && score < HEALTHY_FROM) return `its score is ${score}`;
  return null;
}

function whyStopped({ isBeingStarted, hindrance, circuit, isPaused }: Candidate): string {
  if (isBeingStarted) return 'it is being started';
  if (hindrance !== null) return hindrance;
  if (circuit !== 'CLOSED') return `stopped, and its circuit is ${circuit}`;
  return isPaused ? 'stopped and paused' : 'stopped';
}

/** Returns the step of a score. 90 to 100 are one step, and a missing score ranks like 50. */
function stepOf({ score }: Candidate): number {
  return score === null ? HEALTHY_FROM / STEP : Math.min(TOP_STEP, Math.floor(score / STEP));
}
