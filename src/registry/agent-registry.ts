import { Inject, Injectable } from '@nestjs/common';
import {
  agentDefinitionSchema,
  agentPatchSchema,
  parseOrThrow,
  type AgentDefinitionInput,
  type DesiredState,
} from '../kernel';
import { WriteQueue } from '../persistence';
import { AGENT_CHANGES, type AgentChanges } from './agent-changes';
import { AgentDefinitions } from './agent-definitions';
import { AgentStore } from './agent-store';
import { FIRST_START_AGENTS } from './first-start-agents';
import type { AgentCard, RegisteredAgent } from './registered-agent';

/** Reads the registered agents, and registers, changes and unregisters them. */
@Injectable()
export class AgentRegistry {
  constructor(
    private readonly definitions: AgentDefinitions,
    private readonly store: AgentStore,
    private readonly queue: WriteQueue,
    @Inject(AGENT_CHANGES) private readonly changes: AgentChanges,
  ) {}

  /** Registers the first-start agents once per database, so that agents unregistered later do not come back. */
  async seedFirstStart(): Promise<void> {
    if (await this.store.isSeeded()) return;
    for (const definition of FIRST_START_AGENTS)
      if (this.definitions.findAgent(definition.agentId) === null) await this.register(definition);
    await this.queue.submit((tx) => this.store.markSeeded(tx));
  }

  /**
   * Registers an agent.
   *
   * @throws Problem `invalid-request`, `agent-exists`, `operation-in-progress`, `database-unavailable`
   */
  register(
    agentId: string,
    name: string,
    entryPoint: string | null,
    capabilities: readonly string[],
    healthUrl: string | null,
  ): Promise<RegisteredAgent>;
  register(definition: AgentDefinitionInput): Promise<RegisteredAgent>;
  async register(
    first: string | AgentDefinitionInput,
    name?: string,
    entryPoint?: string | null,
    capabilities?: readonly string[],
    healthUrl?: string | null,
  ): Promise<RegisteredAgent> {
    const given = typeof first === 'string' ? { agentId: first, name, entryPoint, capabilities, healthUrl } : first;
    const definition = parseOrThrow(agentDefinitionSchema, given);
    await this.changes.register(definition);
    return this.getAgent(definition.agentId);
  }

  /**
   * Registers an agent together with the agent card that its definition was made from.
   *
   * @throws Problem `invalid-request`, `agent-exists`, `operation-in-progress`, `database-unavailable`
   */
  async registerWithCard(given: AgentDefinitionInput, card: AgentCard): Promise<RegisteredAgent> {
    const definition = parseOrThrow(agentDefinitionSchema, given);
    await this.changes.register({ ...definition, card });
    return this.getAgent(definition.agentId);
  }

  /** Increases with each change of a definition, so that an index over them can detect that it is outdated. */
  get version(): number {
    return this.definitions.version;
  }

  listAgents(): RegisteredAgent[] {
    return this.definitions.listAgents();
  }

  /** Returns an agent. @throws Problem `agent-not-found` */
  getAgent(agentId: string): RegisteredAgent {
    return this.definitions.getAgent(agentId);
  }

  desiredState(agentId: string): DesiredState {
    return this.definitions.desiredState(agentId);
  }

  /**
   * Replaces members of a definition. `env` and `healthHeaders` are merged by name.
   *
   * @throws Problem `agent-not-found`, `invalid-request`, `operation-in-progress`, `database-unavailable`
   */
  async update(agentId: string, patch: unknown): Promise<RegisteredAgent> {
    this.getAgent(agentId);
    await this.changes.update(agentId, parseOrThrow(agentPatchSchema, patch));
    return this.getAgent(agentId);
  }

  /**
   * Terminates an agent, then unregisters it. @throws Problem `agent-not-found`, `operation-in-progress`,
   * `database-unavailable`
   */
  async unregister(agentId: string): Promise<void> {
    this.getAgent(agentId);
    await this.changes.unregister(agentId);
  }
}
