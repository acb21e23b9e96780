import { Injectable } from '@nestjs/common';
import { isExternal } from '../../kernel';
import { AgentDefinitions } from '../../registry';
import { AgentActors } from '../actor/agent-actors';
import { runOf, verifiedAt } from '../machine';
import type { FleetFacts } from './fleet-watch';

/** Provides the fleet watch with facts about the supervised agents. */
@Injectable()
export class SupervisedFleet implements FleetFacts {
  constructor(
    private readonly actors: AgentActors,
    private readonly definitions: AgentDefinitions,
  ) {}

  upAgents(): readonly string[] {
    return this.actors.ids().filter((agentId) => this.isUp(agentId));
  }

  verifiedAt(agentId: string): number | null {
    return verifiedAt(this.actors.situationOf(agentId)?.state.phase ?? null);
  }

  canRestart(agentId: string): boolean {
    const agent = this.definitions.findAgent(agentId);
    if (agent === null || isExternal(agent) || agent.policy.restart === 'never') return false;
    return this.actors.situationOf(agentId)?.state.pausedUntil === null;
  }

  private isUp(agentId: string): boolean {
    const state = this.actors.situationOf(agentId)?.state;
    return state !== undefined && (runOf(state.phase) !== null || state.external?.wasSeen === true);
  }
}
