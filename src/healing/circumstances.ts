import { Injectable } from '@nestjs/common';
import { isExternal } from '../kernel';
import { HealthMonitor } from '../health';
import { AgentRegistry } from '../registry';
import { FleetWatch } from './fleet-watch';
import type { HealingPolicy } from './machine';

/** What rules an agent besides its policy and the settings, and changes from moment to moment. */
export type CircumstancesOfAgent = Pick<HealingPolicy, 'isChecked' | 'isExternal' | 'isFleetIncident'>;

@Injectable()
export class Circumstances {
  constructor(
    private readonly registry: AgentRegistry,
    private readonly health: HealthMonitor,
    private readonly fleet: FleetWatch,
  ) {}

  of(agentId: string): CircumstancesOfAgent {
    const agent = this.registry.findAgent(agentId);
    return {
      isChecked: this.health.hasUrl(agentId),
      isExternal: agent !== null && isExternal(agent),
      isFleetIncident: this.fleet.isIncident(),
    };
  }
}
