import { rankCandidates, type Candidate } from '../../src/capabilities/select';
import type { RouteMemory } from '../../src/capabilities/route-memory';
import { routeRequestOf, type RouteOptions } from '../../src/capabilities/route-request';
import type { StartFailure } from '../../src/capabilities/starts-on-demand';
import { TaskRouter } from '../../src/capabilities/task-router';
import { createDeferred } from '../../src/kernel';
import { makeCandidate } from './route-candidates';
import { makeWaits } from './waiting-callers';

export const VERIFICATION_MS = 4_000;

/** Makes a router over agents whose facts a test sets. The waits and the router are the production ones. */
export function makeRouter() {
  const { clock, changes, waits } = makeWaits();
  const agents = new Map<string, Candidate & { readonly stopAskedAt: number }>();
  const starts = new Map<string, ReturnType<typeof createDeferred<StartFailure | null>>>();
  const asked: string[] = [];
  let turn = 0;
  /** Sets facts of an agent; null unregisters it. */
  const set = (agentId: string, facts: Partial<Candidate & { stopAskedAt: number }> | null) => {
    if (facts === null) agents.delete(agentId);
    else agents.set(agentId, { ...(agents.get(agentId) ?? stoppedAgent(agentId)), ...facts });
    changes.note(agentId);
  };
  const rank = (_taskType: string, exclude: ReadonlySet<string>, memory: RouteMemory | null) =>
    rankCandidates(
      [...agents.values()].map(({ stopAskedAt, ...candidate }) => ({
        ...candidate,
        isExcluded: exclude.has(candidate.agentId),
        hindrance: memory?.look({ agentId: candidate.agentId, status: candidate.status, stopAskedAt }) ?? null,
      })),
    );
  const start = (agentId: string) => {
    const pending = starts.get(agentId);
    if (pending !== undefined) return pending.promise;
    asked.push(agentId);
    const started = createDeferred<StartFailure | null>();
    starts.set(agentId, started);
    set(agentId, { isBeingStarted: true });
    return started.promise;
  };
  /** Answers the pending start of an agent; null: it has a process. */
  const answer = (agentId: string, failure: StartFailure | null) => {
    set(agentId, { isBeingStarted: false, ...(failure === null ? { status: 'starting', isOnDemand: true } : {}) });
    starts.get(agentId)?.resolve(failure);
    starts.delete(agentId);
  };
  const longestVerificationMs = (agentIds: readonly string[]) => (agentIds.length === 0 ? 0 : VERIFICATION_MS);
  const noteTask = (agentId: string) => {
    turn += 1;
    set(agentId, { turn });
  };
  const router = new TaskRouter({ rank }, { start, longestVerificationMs }, waits, { noteTask }, clock);
  const route = async (options: RouteOptions = {}) => {
    const { best } = await router.route(routeRequestOf('a.b', options), options.signal);
    return best.agentId;
  };
  return { clock, waits, set, answer, asked, route };
}

function stoppedAgent(agentId: string) {
  return { ...makeCandidate({ agentId, status: 'stopped', score: null }), stopAskedAt: 0 };
}
