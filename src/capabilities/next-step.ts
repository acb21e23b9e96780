import { compareTurns, type RankedCandidate } from './select';

/** What a route does next. */
export type NextStep =
  | { readonly kind: 'use'; readonly candidate: RankedCandidate }
  /** No agent is usable. This one is started, and the first that becomes usable gets the task. */
  | { readonly kind: 'start'; readonly agentId: string }
  | { readonly kind: 'wait' }
  /** No agent is usable, and none is expected to become usable. */
  | { readonly kind: 'refuse' }
  /** No agent has the capability. */
  | { readonly kind: 'unknown' };

/**
 * Decides the next step of a route from its candidates, which {@link rankCandidates} has ranked.
 *
 * A stopped agent is started only if no other is on its way up. An agent that fails again and again is not: between its
 * attempts it is `backing-off`, and a stopped one is started beside it.
 */
export function nextStep(ranked: readonly RankedCandidate[], { spawn }: { readonly spawn: boolean }): NextStep {
  const [best] = ranked;
  if (best === undefined) return { kind: 'unknown' };
  if (best.rejected === null) return { kind: 'use', candidate: best };
  const able = ranked.filter(({ isExcluded }) => !isExcluded);
  if (spawn && !able.some(isOnItsWay)) {
    const [first] = able.filter(canBeStarted).sort(compareTurns);
    if (first !== undefined) return { kind: 'start', agentId: first.agentId };
  }
  return { kind: able.some(canBecomeUsable) ? 'wait' : 'refuse' };
}

/** Returns true if a start on demand is in progress that a route may wait for longer than its own limit. */
export function isStartingOnDemand({ isBeingStarted, isOnDemand, status, isExcluded }: RankedCandidate): boolean {
  return !isExcluded && (isBeingStarted || (isOnDemand && status === 'starting'));
}

const LEAST_RETRY_SECONDS = 1;
const USUAL_RETRY_SECONDS = 5;
const LONGEST_RETRY_SECONDS = 60;

/** Returns when a refused caller should try again: when the first restart is due, or soon if an agent is on its way up. */
export function retryAfterSeconds(ranked: readonly RankedCandidate[]): number {
  const able = ranked.filter(({ isExcluded }) => !isExcluded);
  const due = able.flatMap(({ dueInMs }) => (dueInMs === null ? [] : [dueInMs]));
  if (able.some(isOnItsWay) || due.length === 0) return USUAL_RETRY_SECONDS;
  return Math.min(Math.max(Math.ceil(Math.min(...due) / 1_000), LEAST_RETRY_SECONDS), LONGEST_RETRY_SECONDS);
}

function isOnItsWay({ isBeingStarted, status, circuit }: RankedCandidate): boolean {
  return isBeingStarted || status === 'starting' || (status === 'recovering' && circuit === 'CLOSED');
}

function canBeStarted(candidate: RankedCandidate): boolean {
  const { status, circuit, isExternal, isPaused, hindrance } = candidate;
  return status === 'stopped' && circuit === 'CLOSED' && !isExternal && !isPaused && hindrance === null;
}

/** Returns true if the agent may become usable by itself. A trial that succeeds closes its circuit. */
function canBecomeUsable(candidate: RankedCandidate): boolean {
  const { status, circuit } = candidate;
  return isOnItsWay(candidate) || status === 'backing-off' || status === 'recovering' || circuit === 'HALF_OPEN';
}
