import { z } from 'zod';
import { CapabilityRegistry, routeRequestSchema } from '../../capabilities';
import { fitFirst } from '../page';
import { defineTool, type Tool } from '../tool';
import { untrustedLine } from '../untrusted';
import { cursor } from './arguments';

const AGENTS_SHOWN = 5;
const CANDIDATES_BYTES = 4_000;
const MOST_URL = 1_000;
/** With the verification of a start on demand, shorter than the request timeout of the SDK's clients (60 s). */
const MOST_WAIT_SECONDS = 30;

const route = routeRequestSchema.shape;

/** Lists capabilities by name. The cursor is the last name of the page before. */
export function listCapabilities(capabilities: CapabilityRegistry): Tool {
  return defineTool({
    name: 'list_capabilities',
    title: 'List capabilities',
    description: 'Lists the task types that agents can do.',
    needs: 'viewer',
    effect: 'reads',
    input: z.strictObject({ cursor }),
    output: z.object({
      capabilities: z.array(
        z.object({ name: z.string(), count: z.number(), agents: z.array(z.string()).describe('the first 5') }),
      ),
      truncated: z.boolean(),
      cursor: z.string().optional(),
    }),
    run: ({ cursor: after = '' }) => {
      const rows = Object.entries(capabilities.listCapabilities())
        .filter(([name]) => name > after)
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([name, agentIds]) => ({ name, count: agentIds.length, agents: agentIds.slice(0, AGENTS_SHOWN) }));
      const { items, truncated } = fitFirst(rows);
      const last = items.at(-1)?.name;
      return { capabilities: [...items], truncated, ...(truncated ? { cursor: last } : {}) };
    },
    line: ({ capabilities: shown, truncated }) =>
      `${shown.length} capabilities${truncated ? '; call again with the cursor for more' : ''}.`,
  });
}

/** Chooses the agent for a task, as `POST /api/tasks/route`. */
export function routeTask(capabilities: CapabilityRegistry): Tool {
  return defineTool({
    name: 'route_task',
    title: 'Route task',
    description: 'Chooses a healthy agent for a task type; starts a stopped one if needed. Then send the task there.',
    needs: 'operator',
    effect: 'acts',
    input: z.strictObject({
      taskType: route.taskType.describe(''),
      exclude: route.exclude.describe('agent ids'),
      spawn: route.spawn.describe('default true'),
      waitSeconds: z.number().min(0).max(MOST_WAIT_SECONDS).optional(),
    }),
    output: z.object({
      agent: z.string(),
      untrustedEndpoint: z.string().nullable().describe('URL for the task'),
      reason: z.string(),
      candidates: z.array(
        z.object({
          agent: z.string(),
          score: z.number().nullable(),
          status: z.string(),
          rejected: z.string().optional(),
        }),
      ),
      traceparent: z.string().nullable(),
      truncated: z.boolean(),
    }),
    run: async ({ taskType, ...options }, { signal, traceparent }) => {
      const routed = await capabilities.routeTask(taskType, { ...options, signal, traceparent });
      const candidates = fitFirst(
        routed.candidates.map(({ agentId, ...facts }) => ({ agent: agentId, ...facts })),
        CANDIDATES_BYTES,
      );
      return {
        agent: routed.agentId,
        untrustedEndpoint: routed.endpoint === null ? null : untrustedLine(routed.endpoint, MOST_URL),
        reason: routed.reason,
        traceparent: routed.traceparent,
        candidates: [...candidates.items],
        truncated: candidates.truncated,
      };
    },
    line: ({ agent, reason }) => `${agent}: ${reason}.`,
  });
}
