import type { AgentView } from '../../src/kernel';
import { definitionOf } from './definitions';

const AT = '2026-01-01T00:00:00.000Z';

/** Returns the view of an agent that runs well, but for the given members. */
export function makeView(changes: Partial<AgentView> = {}): AgentView {
  return {
    ...definitionOf(),
    ...{ env: {}, healthHeaders: {}, missingEnv: [], desiredState: 'running', status: 'running', pid: 4711 },
    ...{ healthScore: 97, restarts: 0, uptimeSeconds: 12.3, memoryBytes: 1, cpuPercent: 0, nextAttemptAt: null },
    ...{ announced: null, pausedUntil: null, restartPending: false, lastFailure: null },
    circuit: { state: 'CLOSED', failureCount: 0, lastFailureAt: null, trippedAt: null },
    ...{ registeredAt: AT, updatedAt: AT },
    ...changes,
  };
}
