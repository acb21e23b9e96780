import { z } from 'zod';
import { agentDefinitionSchema, type AgentDefinitionInput } from '../../kernel';
import { AgentViews } from '../../healing';
import { AgentRegistry } from '../../registry';
import { agentStateSchema, lineOf, stateOf } from '../agent-state';
import { defineTool, type Tool } from '../tool';

const shape = agentDefinitionSchema.shape;

/** Published in few words. The registry checks every member with the schema of `POST /api/agents`. */
const definition = z.strictObject({
  agentId: shape.agentId.describe('a-z, 0-9 and -'),
  name: shape.name.describe(''),
  entryPoint: shape.entryPoint.describe('file inside AGENTS_DIR; null: external'),
  args: shape.args,
  interpreter: shape.interpreter.describe(''),
  cwd: shape.cwd.describe(''),
  env: shape.env,
  envFrom: shape.envFrom.describe(''),
  tags: shape.tags,
  capabilities: shape.capabilities.describe('task types, like content.generate or content.*'),
  healthUrl: shape.healthUrl,
  endpoint: shape.endpoint.describe(''),
  maxMemoryMb: shape.maxMemoryMb,
  autostart: shape.autostart,
  policy: z.record(z.string(), z.unknown()).default({}).describe('as in POST /api/agents'),
});

/** Registers an agent, as `POST /api/agents`. */
export function registerAgent(registry: AgentRegistry, views: AgentViews): Tool {
  return defineTool({
    name: 'register_agent',
    title: 'Register agent',
    description: 'Registers an agent, stopped unless autostart.',
    needs: 'admin',
    effect: 'acts',
    input: definition,
    output: agentStateSchema,
    run: async (given) => {
      const { agentId } = await registry.register(given as AgentDefinitionInput);
      return stateOf(views.view(agentId));
    },
    line: lineOf,
  });
}
