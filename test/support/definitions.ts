import { agentDefinitionSchema, type AgentDefinition, type AgentDefinitionInput } from '../../src/kernel';

/** A valid definition, as the schema makes it of what is given; every member of it may be chosen. */
export function definitionOf(given: Partial<AgentDefinitionInput> = {}): AgentDefinition {
  return agentDefinitionSchema.parse({ agentId: 'agent', name: 'Agent', entryPoint: 'agent.py', ...given });
}
