import { Injectable } from '@nestjs/common';
import type { AgentPatch } from '../../kernel';
import type { CircuitCommands, CircuitEvent } from '../../circuit';
import type { AgentChanges, Registration } from '../../registry';
import { AgentSupervisor } from './agent-supervisor';

/** Implements the ports of `AgentRegistry` and `CircuitBreaker`: each call becomes an event of the agent's mailbox. */
@Injectable()
export class AgentCommands implements AgentChanges, CircuitCommands {
  constructor(private readonly supervisor: AgentSupervisor) {}

  async register(definition: Registration): Promise<void> {
    await this.supervisor.agents.register(definition);
    // A daemon that was killed on purpose starts again only for a requested start. External agents never autostart.
    if (definition.autostart) void this.supervisor.daemon.ensure();
  }

  update(agentId: string, patch: AgentPatch): Promise<void> {
    return this.supervisor.agents.update(agentId, patch);
  }

  unregister(agentId: string): Promise<void> {
    return this.supervisor.agents.unregister(agentId);
  }

  applyToCircuit(agentId: string, event: CircuitEvent): Promise<void> {
    return this.supervisor.agents.applyToCircuit(agentId, event);
  }

  async resetCircuit(agentId: string): Promise<void> {
    await this.supervisor.command(agentId, { type: 'reset-asked' }, 'up');
  }
}
