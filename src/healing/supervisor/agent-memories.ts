import { Injectable } from '@nestjs/common';
import { Circuits } from '../../circuit';
import { HealthMonitor, TokenBudgets } from '../../health';
import { AgentActivity } from '../agent-activity';
import type { AgentMemory } from '../actor/ports';
import { RunDiagnosis } from '../diagnosis/run-diagnosis';
import { FleetWatch } from '../fleet/fleet-watch';

/** Passes the end of an agent, or of its token budget, to every module that holds facts about agents in memory. */
@Injectable()
export class AgentMemories implements AgentMemory {
  constructor(
    private readonly tokens: TokenBudgets,
    private readonly health: HealthMonitor,
    private readonly fleet: FleetWatch,
    private readonly diagnosis: RunDiagnosis,
    private readonly circuits: Circuits,
    private readonly activity: AgentActivity,
  ) {}

  resetTokens(agentId: string): void {
    this.tokens.applyReset(agentId);
  }

  forget(agentId: string): void {
    this.tokens.forget(agentId);
    this.health.forget(agentId);
    this.fleet.forget(agentId);
    this.diagnosis.forget(agentId);
    this.circuits.forget(agentId);
    this.activity.forget(agentId);
  }
}
