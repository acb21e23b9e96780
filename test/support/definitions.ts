import type { RegisteredAgent } from '../../src/registry';
import { agentDefinitionSchema, type AgentDefinition, type AgentDefinitionInput } from '../../src/kernel';

/** The members without a default. */
export const LEAST = { agentId: 'agent', name: 'Agent', entryPoint: 'agent.py' };

/** Returns a valid definition, parsed by the schema; every member can be overridden. */
export function definitionOf(given: Partial<AgentDefinitionInput> = {}): AgentDefinition {
  return agentDefinitionSchema.parse({ ...LEAST, ...given });
}

/** Returns a registered agent with the given definition. */
export function registeredAgent(given: Partial<AgentDefinitionInput> = {}): RegisteredAgent {
  return { ...definitionOf(given), id: 'row', missingEnv: [], card: null, registeredAt: 0, updatedAt: 0 };
}

/** Returns the paths of the members that the schema refuses. The other members are valid. */
export function faultsOf(given: object): string[] {
  const result = agentDefinitionSchema.safeParse({ ...LEAST, ...given });
  return result.success ? [] : result.error.issues.map((issue) => issue.path.join('.'));
}

/** Returns true if the schema accepts the given members. The other members are valid. */
export function accepts(given: object): boolean {
  return agentDefinitionSchema.safeParse({ ...LEAST, ...given }).success;
}
