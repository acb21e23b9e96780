import { z } from 'zod';
import { isProblem } from '../../kernel';
import { AgentViews, AgentWaits, WAIT_CONDITIONS } from '../../healing';
import { agentStateSchema, lineOf, stateOf } from '../agent-state';
import { defineTool, type Tool } from '../tool';
import { id } from './arguments';

/** Shorter than the request timeout of the SDK's clients (60 s). */
const MOST_SECONDS = 50;

/** Waits for a state of an agent, as `GET /api/agents/:id/wait`. A timeout is a result, not an error. */
export function waitFor(waits: AgentWaits, views: AgentViews): Tool {
  return defineTool({
    name: 'wait_for',
    title: 'Wait for agent',
    description: 'Waits until an agent reaches a state. If reached is false, call again.',
    needs: 'viewer',
    effect: 'reads',
    input: z.strictObject({
      id,
      for: z.enum(WAIT_CONDITIONS).describe('healthy: can take tasks; recovered: its incident is over'),
      timeoutSeconds: z.number().min(0).max(MOST_SECONDS).default(25).describe('at most 50'),
    }),
    output: agentStateSchema.extend({ reached: z.boolean() }),
    run: async ({ id: agentId, for: condition, timeoutSeconds }, { signal }) => {
      try {
        const view = await waits.waitFor(agentId, condition, { timeoutSeconds, signal });
        return { ...stateOf(view), reached: true };
      } catch (error) {
        if (!isProblem(error, 'wait-timeout')) throw error;
        return { ...stateOf(views.view(agentId)), reached: false };
      }
    },
    line: ({ reached, ...state }) => `${reached ? 'Reached' : 'Not reached yet; call again'}. ${lineOf(state)}`,
  });
}
