import { Inject, Injectable } from '@nestjs/common';
import { isExternal } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { HealthMonitor } from '../health';
import { AgentDefinitions } from '../registry';
import { AgentActivity } from './agent-activity';
import type { Policies } from './actor/ports';
import { FleetWatch } from './fleet/fleet-watch';
import { NO_ACTIVITY, type HealingPolicy } from './machine';
import { resolvePolicy } from './policy';

/** Resolves the policy of an agent as of now: settings, definition and fleet. */
@Injectable()
export class AgentPolicies implements Policies {
  constructor(
    private readonly definitions: AgentDefinitions,
    private readonly health: HealthMonitor,
    private readonly fleet: FleetWatch,
    private readonly activity: AgentActivity,
    @Inject(SETTINGS) private readonly settings: ResolvedSettings,
  ) {}

  of(agentId: string): HealingPolicy {
    const agent = this.definitions.findAgent(agentId);
    const policy = this.definitions.policyOf(agentId);
    return resolvePolicy(this.settings, policy, {
      isChecked: this.health.hasUrl(agentId),
      isExternal: agent !== null && isExternal(agent),
      isFleetIncident: this.fleet.isIncident(),
      activity: policy.idleStopSeconds === undefined ? NO_ACTIVITY : this.activity.of(agentId),
    });
  }
}
