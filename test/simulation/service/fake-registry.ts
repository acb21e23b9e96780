import { Problem, type AgentDefinition, type AgentPatch, type DesiredState } from '../../../src/kernel';
import type { Definitions } from '../../../src/healing/actor/ports';
import type { PlannedUpdate, RegisteredAgent } from '../../../src/registry';
import { registeredAgent } from '../../support/definitions';
import type { FakeDisk } from './fake-disk';

/** Holds definitions and desired states in memory, like the production registry. Reads the disk once, at the start. */
export class FakeRegistry implements Definitions {
  readonly agents: Map<string, RegisteredAgent>;
  private readonly desired: Map<string, DesiredState>;

  constructor(
    disk: FakeDisk,
    /** Called when the desired state of an agent changes. */
    private readonly onDesiredChanged: (agentId: string, desired: DesiredState) => void,
  ) {
    this.agents = new Map(disk.definitions);
    this.desired = new Map(disk.desired);
  }

  desiredState(agentId: string): DesiredState {
    return this.desired.get(agentId) ?? 'stopped';
  }

  applyDesired(agentId: string, desired: DesiredState): void {
    if (!this.agents.has(agentId)) return;
    const isChanged = this.desiredState(agentId) !== desired;
    this.desired.set(agentId, desired);
    if (isChanged) this.onDesiredChanged(agentId, desired);
  }

  findAgent(agentId: string): RegisteredAgent | null {
    return this.agents.get(agentId) ?? null;
  }

  planRegistration(definition: AgentDefinition): RegisteredAgent {
    if (this.agents.has(definition.agentId)) throw new Problem('agent-exists', 'It is registered already.');
    return registeredAgent(definition);
  }

  planUpdate(agentId: string, patch: AgentPatch): PlannedUpdate | null {
    const before = this.agents.get(agentId);
    if (before === undefined) throw new Problem('agent-not-found', 'There is no such agent.');
    const { policy, args = before.args } = patch;
    const agent = { ...before, args, policy: { ...before.policy, ...policy } } as RegisteredAgent;
    return { agent, members: Object.keys(patch), changesLaunch: patch.args !== undefined, capabilities: null };
  }

  applyDefinition(agentId: string, agent: RegisteredAgent | null): void {
    if (agent !== null) this.agents.set(agentId, agent);
    else {
      this.agents.delete(agentId);
      this.desired.delete(agentId);
    }
  }
}
