import { Inject, Injectable } from '@nestjs/common';
import {
  agentDefinitionSchema,
  agentPatchSchema,
  CLOCK,
  invalid,
  isExternal,
  NEW_ID,
  parsed,
  Problem,
  type AgentDefinition,
  type AgentDefinitionInput,
  type AgentStatus,
  type Clock,
  type DesiredState,
  type NewId,
} from '../kernel';
import { EventLog, type EventDraft } from '../events';
import { doubtOf, WriteQueue, type Tx, type Work } from '../persistence';
import { changedMembers, patched } from './agent-patch';
import { AgentStore, type RegisteredAgent } from './agent-store';
import { DefinitionCheck } from './definition-check';
import { FIRST_START_AGENTS } from './first-start-agents';

/** What healing hands in: the registry knows what should be, healing what becomes of it. */
export interface RegistryHooks {
  /** @throws Problem `operation-in-progress` */
  beforeUpdate(agentId: string): void;
  /** Terminates it, so that nothing of it is left. @throws Problem */
  beforeUnregister(agentId: string): Promise<void>;
  registered(agent: RegisteredAgent): void;
  unregistered(agentId: string): Promise<void>;
}

/**
 * What agents there are: an index in memory over rows, written through, so that what is acknowledged is on disk. The one
 * owner of definitions and desired states.
 */
@Injectable()
export class AgentRegistry {
  private readonly agents = new Map<string, RegisteredAgent>();
  private readonly desired = new Map<string, DesiredState>();
  /** Grows with each change of any definition, so that an index over them knows when it is old. */
  version = 0;
  private hooks: RegistryHooks | null = null;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: AgentStore,
    private readonly queue: WriteQueue,
    private readonly events: EventLog,
    private readonly check: DefinitionCheck,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(NEW_ID) private readonly newId: NewId,
  ) {}

  /** Reads what is saved; before anything else is asked. */
  async load(): Promise<void> {
    for (const { agent, desired } of await this.store.loadAll()) {
      this.agents.set(agent.agentId, frozen(agent));
      this.version += 1;
      this.desired.set(agent.agentId, desired);
    }
  }

  attach(hooks: RegistryHooks): void {
    this.hooks = hooks;
  }

  /** Registers the agents of the first start, once in the life of a database: those that were removed do not come back. */
  async seedFirstStart(): Promise<void> {
    if (await this.store.wasSeeded()) return;
    for (const definition of FIRST_START_AGENTS)
      if (!this.agents.has(definition.agentId)) await this.register(definition);
    await this.queue.submit((tx) => this.store.noteSeeded(tx));
  }

  /** @throws Problem invalid-request, agent-exists, database-unavailable */
  register(
    agentId: string,
    name: string,
    entryPoint: string | null,
    capabilities: readonly string[],
    healthUrl: string | null,
  ): Promise<RegisteredAgent>;
  register(definition: AgentDefinitionInput): Promise<RegisteredAgent>;
  register(
    first: string | AgentDefinitionInput,
    name?: string,
    entryPoint?: string | null,
    capabilities?: readonly string[],
    healthUrl?: string | null,
  ): Promise<RegisteredAgent> {
    const given = typeof first === 'string' ? { agentId: first, name, entryPoint, capabilities, healthUrl } : first;
    return this.oneByOne(() => this.add(parsed(agentDefinitionSchema, given)));
  }

  listAgents(): RegisteredAgent[] {
    return [...this.agents.values()];
  }

  /** @throws Problem agent-not-found */
  getAgent(agentId: string): RegisteredAgent {
    const agent = this.agents.get(agentId);
    if (agent === undefined)
      throw new Problem('agent-not-found', `There is no agent ${agentId}. GET /api/agents lists them.`);
    return agent;
  }

  /** null: there is no such agent. */
  findAgent(agentId: string): RegisteredAgent | null {
    return this.agents.get(agentId) ?? null;
  }

  /** The policy of an agent; empty where there is no such agent any more. */
  policyOf(agentId: string): AgentDefinition['policy'] {
    return this.agents.get(agentId)?.policy ?? {};
  }

  /** Changes members by the rules of PATCH. @throws Problem agent-not-found, invalid-request, operation-in-progress */
  update(agentId: string, patch: unknown): Promise<RegisteredAgent> {
    const agent = this.getAgent(agentId);
    const given = parsed(agentPatchSchema, patch);
    return this.oneByOne(async () => {
      this.hooks?.beforeUpdate(agent.agentId);
      const before = this.getAgent(agentId);
      const missingEnv = before.missingEnv.filter((name) => !(name in (given.env ?? {})));
      return this.change(before, patched(definitionOf(before), given), missingEnv);
    });
  }

  /** Terminates it first. @throws Problem agent-not-found, operation-in-progress, database-unavailable */
  async unregister(agentId: string): Promise<void> {
    this.getAgent(agentId);
    await this.hooks?.beforeUnregister(agentId);
    await this.oneByOne(async () => {
      this.getAgent(agentId);
      await this.save(agentId, async (tx) => {
        await this.store.remove(tx, agentId);
        this.events.append(tx, [this.event(agentId, 'agent.unregistered', {})]);
      });
      this.agents.delete(agentId);
      this.version += 1;
      this.desired.delete(agentId);
      await this.hooks?.unregistered(agentId);
    });
  }

  desiredState(agentId: string): DesiredState {
    return this.desired.get(agentId) ?? 'stopped';
  }

  /** The row of a desired state and of the status then, in the transaction of the decision that changed it. */
  saveDesired(tx: Tx, agentId: string, desired: DesiredState, status: AgentStatus): Promise<void> {
    return this.store.saveDesired(tx, agentId, desired, status);
  }

  /** The same in memory, once it is decided. */
  applyDesired(agentId: string, desired: DesiredState): void {
    if (this.agents.has(agentId)) this.desired.set(agentId, desired);
  }

  private async add(definition: AgentDefinition): Promise<RegisteredAgent> {
    const { agentId } = definition;
    const faults = this.check.faultsOf(definition);
    if (faults.length > 0) throw invalid(faults);
    if (this.agents.has(agentId)) {
      throw new Problem('agent-exists', `${agentId} is registered already. Change it by PATCH /api/agents/${agentId}.`);
    }
    const now = this.clock.wall();
    const agent = frozen({ ...definition, id: this.newId(), missingEnv: [], registeredAt: now, updatedAt: now });
    await this.save(agentId, async (tx) => {
      await this.store.save(tx, agent);
      this.events.append(tx, [
        this.event(agentId, 'agent.registered', { name: agent.name, entryPoint: agent.entryPoint }),
      ]);
    });
    this.agents.set(agentId, agent);
    this.version += 1;
    this.desired.set(agentId, isExternal(agent) ? 'running' : 'stopped');
    this.hooks?.registered(agent);
    return agent;
  }

  private async change(
    before: RegisteredAgent,
    definition: AgentDefinition,
    missingEnv: readonly string[],
  ): Promise<RegisteredAgent> {
    const faults = this.check.faultsOf(definition);
    if (faults.length > 0) throw invalid(faults);
    const members = changedMembers(before, definition);
    // A name without a value was removed: the definition itself knew nothing of it.
    if (missingEnv.length < before.missingEnv.length && !members.includes('env')) members.push('env');
    if (members.length === 0) return before;
    const { agentId } = before;
    const agent = frozen({ ...before, ...definition, missingEnv, updatedAt: this.clock.wall() });
    const events = [this.event(agentId, 'agent.updated', { members })];
    if (members.includes('capabilities')) {
      events.push(
        this.event(agentId, 'capability.changed', { before: before.capabilities, after: agent.capabilities }),
      );
    }
    await this.save(agentId, async (tx) => {
      await this.store.save(tx, agent);
      this.events.append(tx, events);
    });
    this.agents.set(agentId, agent);
    this.version += 1;
    return agent;
  }

  /** @throws Problem; what was refused and yet saved is taken back then, since what is in memory holds */
  private async save(agentId: string, work: Work): Promise<void> {
    try {
      await this.queue.submit(work);
    } catch (error) {
      if (doubtOf(error) !== null) {
        void this.queue.submitEventually((tx) => this.saveWhatHolds(tx, agentId), `what holds of ${agentId}`);
      }
      throw error;
    }
  }

  private async saveWhatHolds(tx: Tx, agentId: string): Promise<void> {
    const agent = this.agents.get(agentId);
    if (agent === undefined) return this.store.remove(tx, agentId);
    await this.store.save(tx, agent);
    await this.store.saveDesired(tx, agentId, this.desiredState(agentId), null);
  }

  private event(agentId: string, type: EventDraft['type'], data: EventDraft['data']): EventDraft {
    return { agentId, type, data, occurredAt: this.clock.wall() };
  }

  /** Checks and writes of two callers must not mix: of two that register one id, one wins. */
  private oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

function definitionOf(agent: RegisteredAgent): AgentDefinition {
  const { id: _id, missingEnv: _missing, registeredAt: _registeredAt, updatedAt: _updatedAt, ...definition } = agent;
  return definition;
}

/** All the way down: it is handed to every reader as it is. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}
