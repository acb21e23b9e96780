import { Injectable } from '@nestjs/common';
import { Problem } from '../../kernel';
import type { AgentActor } from './agent-actor';
import type { MachineState } from '../machine';

/** Indexes the actors of all registered agents by agent id. */
@Injectable()
export class AgentActors {
  private readonly actors = new Map<string, AgentActor>();

  add(actor: AgentActor): void {
    this.actors.set(actor.agentId, actor);
  }

  /** Removes this actor. Does nothing if a later actor has its agent id. */
  remove(actor: AgentActor): void {
    if (this.actors.get(actor.agentId) === actor) this.actors.delete(actor.agentId);
  }

  /** @throws Problem `agent-not-found` if no registered agent has this id */
  get(agentId: string): AgentActor {
    const actor = this.actors.get(agentId);
    if (actor === undefined) throw unknownAgent(agentId);
    return actor;
  }

  find(agentId: string): AgentActor | null {
    return this.actors.get(agentId) ?? null;
  }

  ids(): string[] {
    return [...this.actors.keys()];
  }

  all(): AgentActor[] {
    return [...this.actors.values()];
  }

  /** Returns the present machine state of an agent; null: it is not registered. */
  situationOf(agentId: string): MachineState | null {
    return this.find(agentId)?.machineState() ?? null;
  }
}

export function unknownAgent(agentId: string): Problem {
  return new Problem('agent-not-found', `No agent has the id ${agentId}. GET /api/agents lists all agents.`);
}
