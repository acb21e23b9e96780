import { z } from 'zod';
import { AGENT_STATUSES, type AgentView } from '../kernel';

/** State of an agent in few words, as every tool about one agent returns it. */
export const agentStateSchema = z.object({
  id: z.string(),
  status: z.enum(AGENT_STATUSES).meta({ enum: undefined }),
  score: z.number().nullable(),
  why: z.string(),
});

export type AgentStateInput = z.input<typeof agentStateSchema>;

/** Returns the state of an agent in few words. */
export function stateOf(view: AgentView): AgentStateInput {
  return { id: view.agentId, status: view.status, score: view.healthScore, why: whyOf(view) };
}

/** Returns one line about a state, for the text of a result. */
export function lineOf({ id, status, score, why }: AgentStateInput): string {
  return `${id} is ${status}${score === null ? '' : `, score ${score}`}${why === '' ? '' : `: ${why}`}.`;
}

/** Says in few words why an agent is in its status. Contains no text of the agent. */
export function whyOf(view: AgentView): string {
  const { status, lastFailure, nextAttemptAt, pausedUntil, circuit } = view;
  const cause = lastFailure?.cause ?? null;
  const parts = [
    pausedUntil === null ? null : `paused until ${pausedUntil}`,
    status === 'stopped' ? 'stopped by an order' : null,
    showsCause(status) && cause !== null ? cause : null,
    status === 'halted' ? `circuit ${circuit.state}` : null,
    nextAttemptAt === null ? null : `${status === 'halted' ? 'trial' : 'restart'} at ${nextAttemptAt}`,
    view.restartPending ? 'changed since its launch' : null,
  ];
  return parts.filter((part) => part !== null).join('; ');
}

function showsCause(status: AgentView['status']): boolean {
  return status === 'halted' || status === 'backing-off' || status === 'recovering' || status === 'unhealthy';
}
