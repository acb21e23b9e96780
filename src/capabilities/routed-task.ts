import { Problem } from '../kernel';
import { retryAfterSeconds } from './next-step';
import type { RankedCandidate } from './select';

export interface RoutedCandidate {
  readonly agentId: string;
  readonly score: number | null;
  readonly status: string;
  /** Why it was not chosen; absent: it was usable. */
  readonly rejected?: string;
}

/** Destination of a task, and why it was chosen. */
export interface RoutedTask {
  readonly taskType: string;
  readonly agentId: string;
  /** null: neither the run nor the definition names an endpoint. */
  readonly endpoint: string | null;
  readonly reason: string;
  readonly candidates: readonly RoutedCandidate[];
  /** W3C trace context that came with the task; null: none did. */
  readonly traceparent: string | null;
}

/** Candidates that an error names. Their number has no limit. */
const MAX_NAMED = 10;

export function listCandidates(ranked: readonly RankedCandidate[]): RoutedCandidate[] {
  return ranked.map(({ agentId, score, status, rejected }) => ({
    ...{ agentId, score, status },
    ...(rejected === null ? {} : { rejected }),
  }));
}

export function reasonFor(best: RankedCandidate, ranked: readonly RankedCandidate[]): string {
  const usable = ranked.filter(({ rejected }) => rejected === null).length;
  if (usable === 1)
    return ranked.length === 1 ? 'the only agent with this capability' : 'the only agent that is available now';
  const score = best.score === null ? 'not checked yet' : `score ${best.score}`;
  return `best of ${usable} available agents: ${score}, least recently chosen among similar scores`;
}

export function noCapableAgent(taskType: string): Problem {
  return new Problem(
    'no-capable-agent',
    `No agent has the capability ${taskType}. GET /api/capabilities lists all capabilities.`,
  );
}

/** @param waitedMs how long the route waited for an agent */
export function noAvailableAgent(taskType: string, ranked: readonly RankedCandidate[], waitedMs: number): Problem {
  const named = ranked.slice(0, MAX_NAMED).map(({ agentId, rejected }) => `${agentId}: ${rejected ?? 'usable'}`);
  if (ranked.length > MAX_NAMED) named.push(`and ${ranked.length - MAX_NAMED} more`);
  const waited = waitedMs < 1_000 ? '' : ` after ${Math.round(waitedMs / 1_000)} s`;
  return new Problem(
    'no-available-agent',
    `Agents have the capability ${taskType}, but none is available now${waited} (${named.join('; ')}). Retry later.`,
    { retryAfterSeconds: retryAfterSeconds(ranked) },
  );
}
