import { z } from 'zod';
import { AgentViews } from '../../healing';
import { agentStateSchema, stateOf } from '../agent-state';
import { fitFirst } from '../page';
import { defineTool, type Tool } from '../tool';
import { cursor, status } from './arguments';

/** Lists agents in compact rows, by id. The cursor is the last id of the page before. */
export function listAgents(views: AgentViews): Tool {
  return defineTool({
    name: 'list_agents',
    title: 'List agents',
    description: 'Lists agents with status, health score (0-100) and why.',
    needs: 'viewer',
    effect: 'reads',
    input: z.strictObject({
      status: status.optional(),
      tag: z.string().max(63).optional(),
      capability: z.string().max(128).optional(),
      cursor,
    }),
    output: z.object({
      agents: z.array(agentStateSchema),
      total: z.number().int(),
      truncated: z.boolean(),
      cursor: z.string().optional(),
    }),
    run: ({ cursor: after = '', ...filter }) => {
      const all = views.list(filter).sort((left, right) => compareIds(left.agentId, right.agentId));
      const rows = all.filter(({ agentId }) => compareIds(agentId, after) > 0).map(stateOf);
      const { items, truncated } = fitFirst(rows);
      const last = items.at(-1)?.id;
      return { agents: [...items], total: all.length, truncated, ...(truncated ? { cursor: last } : {}) };
    },
    line: ({ agents, total, truncated }) =>
      `${agents.length} of ${total} agents${truncated ? '; call again with the cursor for more' : ''}.`,
  });
}

/** Compares by code unit, so that a page does not depend on the locale. */
function compareIds(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
