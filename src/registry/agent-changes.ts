import type { AgentPatch } from '../kernel';
import type { Registration } from './registered-agent';

/**
 * Passes a change to the agent's mailbox as an event. There it cannot collide with another operation on the agent, and
 * it is one commit with its events. Required port: the module that provides `AgentRegistry` provides it too.
 */
export interface AgentChanges {
  /**
   * Registers an agent.
   *
   * @throws Problem `agent-exists`, `invalid-request`, `operation-in-progress`, `database-unavailable`
   */
  register(definition: Registration): Promise<void>;
  /**
   * Applies a patch.
   *
   * @throws Problem `agent-not-found`, `invalid-request`, `operation-in-progress`, `database-unavailable`
   */
  update(agentId: string, patch: AgentPatch): Promise<void>;
  /**
   * Terminates the agent and unregisters it.
   *
   * @throws Problem `agent-not-found`, `operation-in-progress`, `database-unavailable`
   */
  unregister(agentId: string): Promise<void>;
}

export const AGENT_CHANGES = Symbol('AgentChanges');
