import type { AgentView } from '../../src/kernel';
import type { ApiClient } from './api-client';
import { until } from './until';

/** Members that change without any request. */
type Passing = 'uptimeSeconds' | 'memoryBytes' | 'cpuPercent' | 'healthScore';

/** Everything that a request could change: definitions, states, pids, counts, circuits, and the end of the history. */
export interface State {
  readonly agents: readonly Omit<AgentView, Passing>[];
  readonly lastSeq: number;
  readonly events: number;
}

export async function stateOf(admin: ApiClient): Promise<State> {
  const agents = (await admin.agents()).map((view) => {
    const { uptimeSeconds: _uptime, memoryBytes: _memory, cpuPercent: _cpu, healthScore: _score, ...rest } = view;
    return rest;
  });
  const events = await admin.events();
  return { agents, lastSeq: events.at(-1)?.seq ?? 0, events: events.length };
}

const QUIET_MS = 1_500;

/** Waits until everything that was started is verified and stable, so that nothing changes without a request. */
export async function settledState(admin: ApiClient, quietMs = QUIET_MS): Promise<State> {
  let seen = '';
  let since = performance.now();
  return until(async () => {
    const state = await stateOf(admin);
    const text = JSON.stringify(state);
    if (text !== seen) [seen, since] = [text, performance.now()];
    return performance.now() - since > quietMs ? state : null;
  }, 'nothing changes any more');
}
