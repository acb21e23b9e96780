import { z } from 'zod';
import type { AgentView } from '../../kernel';
import { AgentViews } from '../../healing';
import { agentStateSchema, lineOf, stateOf } from '../agent-state';
import { fitFirst } from '../page';
import { defineTool, type Tool } from '../tool';
import { untrustedLine } from '../untrusted';
import { onAgent } from './arguments';

const MOST_TAGS = 800;
const MOST_CAPABILITIES = 2_000;
const MOST_PATH = 300;
const MOST_LINE = 500;

const agentDetailSchema = agentStateSchema.extend({
  name: z.string(),
  desiredState: z.string(),
  pid: z.number().nullable(),
  uptimeSeconds: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  restarts: z.number(),
  circuit: z.string(),
  entryPoint: z.string().nullable(),
  tags: z.array(z.string()),
  capabilities: z.array(z.string()),
  endpoint: z.string().nullable(),
  lastFailure: z
    .object({ at: z.string(), cause: z.string(), action: z.string(), incident: z.string(), untrustedLine: z.string() })
    .nullable(),
  untrustedEndpoint: z.string().nullable().describe('Announced by the agent; overrides endpoint'),
  truncated: z.boolean(),
});

/** Returns one agent. What the definition keeps secret, and what a planner does not need, is left out. */
export function getAgent(views: AgentViews): Tool {
  return defineTool({
    name: 'get_agent',
    title: 'Get agent',
    description: 'Returns one agent: state, process, circuit, capabilities, last failure.',
    needs: 'viewer',
    effect: 'reads',
    input: onAgent,
    output: agentDetailSchema,
    run: ({ id }) => detailOf(views.view(id)),
    line: lineOf,
  });
}

/** Returns an agent as tools and resources show it. */
export function detailOf(view: AgentView): z.output<typeof agentDetailSchema> {
  const { lastFailure, announced, entryPoint } = view;
  const tags = fitFirst(view.tags, MOST_TAGS);
  const capabilities = fitFirst(view.capabilities, MOST_CAPABILITIES);
  return {
    ...stateOf(view),
    ...{ name: view.name, desiredState: view.desiredState, pid: view.pid, uptimeSeconds: view.uptimeSeconds },
    ...{ memoryBytes: view.memoryBytes, restarts: view.restarts, circuit: view.circuit.state },
    entryPoint: entryPoint === null ? null : entryPoint.slice(0, MOST_PATH),
    tags: [...tags.items],
    capabilities: [...capabilities.items],
    endpoint: view.endpoint,
    lastFailure: lastFailure === null ? null : failureOf(lastFailure),
    untrustedEndpoint: typeof announced?.endpoint === 'string' ? untrustedLine(announced.endpoint, MOST_LINE) : null,
    truncated: tags.truncated || capabilities.truncated,
  };
}

function failureOf({ at, cause, action, incidentId, line }: NonNullable<AgentView['lastFailure']>) {
  return { at, cause, action, incident: incidentId, untrustedLine: untrustedLine(line, MOST_LINE) };
}
