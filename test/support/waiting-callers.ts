import { CLOSED_CIRCUIT } from '../../src/circuit';
import { newAgentState } from '../../src/healing/machine';
import { AgentWaits } from '../../src/healing/waits/agent-waits';
import { ViewChanges } from '../../src/healing/waits/view-changes';
import type { ViewedSubject } from '../../src/healing/waits/wait-subjects';
import { Problem, type AgentStatus, type AgentView } from '../../src/kernel';
import { FakeClock } from './fake-clock';
import { makeRun } from './machine-builders';

/** Makes waits on agents whose status a test sets. An agent that has no status is not registered. */
export function makeWaits() {
  const clock = new FakeClock();
  const changes = new ViewChanges();
  const statuses = new Map<string, AgentStatus>();
  const reads: string[] = [];
  const of = (agentId: string): ViewedSubject => {
    const status = statuses.get(agentId);
    if (status === undefined) throw new Problem('agent-not-found', `No agent has the id ${agentId}.`);
    reads.push(agentId);
    return subjectOf(agentId, status);
  };
  const waits = new AgentWaits(changes, { of }, clock);
  /** Changes the status of an agent; null unregisters it. */
  const change = (agentId: string, status: AgentStatus | null) => {
    if (status === null) statuses.delete(agentId);
    else statuses.set(agentId, status);
    changes.note(agentId);
  };
  /** Returns a `settle` that waits until an agent is running. */
  const runs = (agentId: string) => () => (statuses.get(agentId) === 'running' ? agentId : null);
  change('a', 'stopped');
  return { clock, changes, statuses, reads, waits, change, runs };
}

/** Builds an agent that is verified if its status is `running`, and stopped otherwise. */
function subjectOf(agentId: string, status: AgentStatus): ViewedSubject {
  const isUp = status === 'running';
  const at = { since: 0, run: makeRun(), stable: false, checked: { kind: 'awaited', problem: null } } as const;
  const state = newAgentState(0);
  const view = { agentId, entryPoint: 'agent.py', status, healthScore: isUp ? 100 : null, circuit: CLOSED_CIRCUIT };
  return {
    view: { ...view, desiredState: isUp ? 'running' : 'stopped' } as unknown as AgentView,
    machine: {
      state: isUp ? { ...state, phase: { kind: 'running', ...at } } : state,
      ...{ desired: isUp ? 'running' : 'stopped', circuit: CLOSED_CIRCUIT },
    },
    isWatchedInside: true,
  };
}

/** Describes how a wait ended: its value, its code or error, or `waits`. */
export function follow(wait: Promise<unknown>): { outcome: unknown } {
  const followed: { outcome: unknown } = { outcome: 'waits' };
  wait.then(
    (value) => (followed.outcome = value),
    (error: unknown) => (followed.outcome = error instanceof Problem ? error.code : error),
  );
  return followed;
}
