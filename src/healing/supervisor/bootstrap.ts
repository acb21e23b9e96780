import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock, type DesiredState } from '../../kernel';
import { SETTINGS, type ResolvedSettings } from '../../config';
import { RunSecrets } from '../../health';
import { AgentDefinitions, type RegisteredAgent } from '../../registry';
import { AgentStateStore, type SavedSupervision } from '../agent-state-store';
import { adaptToReboot, adaptToRestore, rehydrateState, type AgentState } from '../machine';
import { resolvePolicy } from '../policy';
import { AgentSupervisor } from './agent-supervisor';

/** Limit for saved due times unless the maximum back-off is longer. The wall clock may have been set since. */
const LEAST_DELAY_LIMIT_MS = 3_600_000;

/** Takes the registered agents under supervision at the start, each with its saved state. */
@Injectable()
export class Bootstrap {
  constructor(
    private readonly definitions: AgentDefinitions,
    private readonly store: AgentStateStore,
    private readonly supervisor: AgentSupervisor,
    private readonly secrets: RunSecrets,
    @Inject(SETTINGS) private readonly settings: ResolvedSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Loads the saved states. The definitions must be loaded. Nothing is launched or observed yet. */
  async load(): Promise<void> {
    const saved = await this.store.loadAll();
    for (const agent of this.definitions.listAgents()) {
      // Mask the secrets of the current definition: adopted runs were probably launched with them.
      this.secrets.keep(agent.agentId);
      this.supervisor.add(agent.agentId, this.rehydrate(agent, saved.get(agent.agentId) ?? null));
    }
  }

  private rehydrate(agent: RegisteredAgent, saved: SavedSupervision | null): AgentState | null {
    if (saved === null) return null;
    const { backoffMaxMs } = resolvePolicy(this.settings, agent.policy);
    const state = adjustToOrigin(saved, this.definitions.desiredState(agent.agentId));
    return rehydrateState(state, this.clock.now(), Math.max(backoffMaxMs, LEAST_DELAY_LIMIT_MS), saved.wallOffsetMs);
  }
}

/** Drops from a saved state what a reboot or a restore has made untrue. */
function adjustToOrigin({ state, origin }: SavedSupervision, desired: DesiredState): AgentState {
  switch (origin) {
    case 'this-boot':
      return state;
    case 'earlier-boot':
      return adaptToReboot(state, desired);
    case 'restored':
      return adaptToRestore(state, desired);
  }
}
