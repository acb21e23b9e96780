import { Inject, Injectable } from '@nestjs/common';
import {
  CLOCK,
  invalid,
  NEW_ID,
  Problem,
  type AgentDefinition,
  type AgentPatch,
  type AgentStatus,
  type Clock,
  type DesiredState,
  type NewId,
} from '../kernel';
import { SETTING_NAMES, SETTINGS, type ResolvedSettings } from '../config';
import type { Tx } from '../persistence';
import { applyPatch, planUpdate, type PlannedUpdate } from './agent-patch';
import { AgentStore } from './agent-store';
import { faultsOf } from './definition-rules';
import { pathFaultsOf } from './path-rules';
import { definitionOf, freezeDeeply, type RegisteredAgent, type Registration } from './registered-agent';

/**
 * Indexes the registered agents in memory over their rows. It is the only owner of definitions and desired states. It
 * plans changes, saves them within the commits of the agents' mailboxes, and applies them to the index. Callers request
 * changes from `AgentRegistry`.
 */
@Injectable()
export class AgentDefinitions {
  private readonly agents = new Map<string, RegisteredAgent>();
  private readonly desired = new Map<string, DesiredState>();
  /** Increases with each change of a definition, so that an index over them can detect that it is outdated. */
  version = 0;

  constructor(
    private readonly store: AgentStore,
    @Inject(SETTINGS) private readonly settings: Pick<ResolvedSettings, 'INTERPRETERS' | 'agentsDir'>,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(NEW_ID) private readonly newId: NewId,
  ) {}

  /** Loads the saved agents. Must run before any other call. */
  async load(): Promise<void> {
    for (const { agent, desired } of await this.store.loadAll()) {
      this.agents.set(agent.agentId, freezeDeeply(agent));
      this.version += 1;
      this.desired.set(agent.agentId, desired);
    }
  }

  listAgents(): RegisteredAgent[] {
    return [...this.agents.values()];
  }

  /** Returns an agent. @throws Problem `agent-not-found` */
  getAgent(agentId: string): RegisteredAgent {
    const agent = this.agents.get(agentId);
    if (agent === undefined)
      throw new Problem('agent-not-found', `No agent has the id ${agentId}. GET /api/agents lists all agents.`);
    return agent;
  }

  /** Returns an agent; null if it is not registered. */
  findAgent(agentId: string): RegisteredAgent | null {
    return this.agents.get(agentId) ?? null;
  }

  /** Returns the policy of an agent; empty if the agent is not registered any more. */
  policyOf(agentId: string): AgentDefinition['policy'] {
    return this.agents.get(agentId)?.policy ?? {};
  }

  /** Builds the agent of a registration; changes nothing. @throws Problem `agent-exists`, `invalid-request` */
  planRegistration(definition: Registration): RegisteredAgent {
    const { agentId } = definition;
    this.requireUsable(definition);
    if (this.agents.has(agentId)) {
      throw new Problem(
        'agent-exists',
        `${agentId} is already registered. Change it with PATCH /api/agents/${agentId}.`,
      );
    }
    const now = this.clock.wall();
    const { card = null } = definition;
    return freezeDeeply({ ...definition, id: this.newId(), missingEnv: [], card, registeredAt: now, updatedAt: now });
  }

  /**
   * Builds the result of a patch; changes nothing. Returns null if the patch changes nothing.
   *
   * @throws Problem `agent-not-found`, `invalid-request`
   */
  planUpdate(agentId: string, patch: AgentPatch): PlannedUpdate | null {
    const before = this.getAgent(agentId);
    const definition = applyPatch(definitionOf(before), patch);
    this.requireUsable(definition);
    return planUpdate(before, definition, patch, this.clock.wall());
  }

  /** Saves a definition, in the transaction of the decision that changed it. */
  saveDefinition(tx: Tx, agent: RegisteredAgent): Promise<void> {
    return this.store.save(tx, agent);
  }

  /** Removes a definition, in the transaction of the decision that unregisters the agent. */
  removeDefinition(tx: Tx, agentId: string): Promise<void> {
    return this.store.remove(tx, agentId);
  }

  /** Updates the index after the commit, because readers see the change at once; null: the agent was unregistered. */
  applyDefinition(agentId: string, agent: RegisteredAgent | null): void {
    this.version += 1;
    if (agent === null) {
      this.agents.delete(agentId);
      this.desired.delete(agentId);
    } else this.agents.set(agentId, agent);
  }

  desiredState(agentId: string): DesiredState {
    return this.desired.get(agentId) ?? 'stopped';
  }

  /** Saves a desired state and the current status, in the transaction of the decision that changed them. */
  saveDesired(tx: Tx, agentId: string, desired: DesiredState, status: AgentStatus): Promise<void> {
    return this.store.saveDesired(tx, agentId, desired, status);
  }

  /** Updates the index once a desired state is decided. */
  applyDesired(agentId: string, desired: DesiredState): void {
    if (this.agents.has(agentId)) this.desired.set(agentId, desired);
  }

  /** Checks the rules beyond the shape of a definition. @throws Problem `invalid-request` */
  private requireUsable(definition: AgentDefinition): void {
    const { INTERPRETERS: interpreters, agentsDir } = this.settings;
    const rules = { interpreters, settingNames: SETTING_NAMES };
    const faults = [...faultsOf(definition, rules), ...pathFaultsOf(definition, agentsDir)];
    if (faults.length > 0) throw invalid(faults);
  }
}
