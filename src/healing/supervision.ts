import { Inject, Injectable, Logger } from '@nestjs/common';
import { CLOCK, isExternal, Problem, type Clock, type DesiredState } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { CircuitBreaker } from '../circuit';
import type { EventType } from '../events';
import { Heartbeats } from '../health';
import { AgentRegistry, type RegisteredAgent } from '../registry';
import { AgentSupervisor } from './agent-supervisor';
import { healingPolicy } from './healing-policy';
import { LaunchPlanner } from './launch-planner';
import { afterReboot, afterRestore, revivedState, runOf, type AgentState } from './machine';
import { SupervisionStore, type SavedSupervision } from './supervision-store';

const HOUR_MS = 3_600_000;

/** Everything that supervision and the modules below it tell each other: made once, at the start. */
@Injectable()
export class Supervision {
  private readonly logger = new Logger('Supervision');

  constructor(
    private readonly registry: AgentRegistry,
    private readonly supervisor: AgentSupervisor,
    private readonly circuits: CircuitBreaker,
    private readonly heartbeats: Heartbeats,
    private readonly store: SupervisionStore,
    private readonly planner: LaunchPlanner,
    @Inject(SETTINGS) private readonly settings: ResolvedSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Reads all that was saved, and ties the modules together. Nothing is launched or looked at yet. */
  async load(): Promise<void> {
    await this.registry.load();
    await this.circuits.load();
    await this.heartbeats.load();
    const saved = await this.store.loadAll();
    for (const agent of this.registry.listAgents()) {
      if (!isExternal(agent)) this.supervisor.add(agent.agentId, this.revived(agent, saved.get(agent.agentId) ?? null));
    }
    this.attach();
  }

  /** A fact about the supervisor itself, for the history. */
  record(type: EventType, data: Readonly<Record<string, string | number | boolean | null>> = {}): void {
    this.store.recordEventually({ agentId: null, type, data, occurredAt: this.clock.wall() });
  }

  private revived(agent: RegisteredAgent, saved: SavedSupervision | null): AgentState | null {
    if (saved === null) return null;
    const { backoffMaxMs } = healingPolicy(this.settings, agent.policy);
    const state = this.brought(saved, this.registry.desiredState(agent.agentId));
    return revivedState(state, this.clock.now(), Math.max(backoffMaxMs, HOUR_MS));
  }

  private brought({ state, origin }: SavedSupervision, desired: DesiredState): AgentState {
    switch (origin) {
      case 'this-life':
        return state;
      case 'earlier-boot':
        return afterReboot(state, desired);
      case 'restored':
        return afterRestore(state, desired);
    }
  }

  private attach(): void {
    this.registry.attach({
      beforeUpdate: (agentId) => {
        this.refuseWhileBusy(agentId, 'PATCH');
      },
      beforeUnregister: (agentId) => this.endBeforeUnregister(agentId),
      registered: (agent) => {
        this.begin(agent);
      },
      unregistered: (agentId) => this.forget(agentId),
    });
    this.circuits.attach({
      reset: async (agentId) => {
        await this.supervisor.command(agentId, { type: 'reset-asked' }, 'up');
      },
      moved: (agentId) => {
        this.supervisor.find(agentId)?.post({ type: 'circuit-moved' });
      },
    });
    this.heartbeats.attach((agentId) => {
      const situation = this.supervisor.situation(agentId);
      const run = situation === null ? null : runOf(situation.state.phase);
      return run === null ? null : `${run.runId}:${run.process.pid}`;
    });
  }

  private begin(agent: RegisteredAgent): void {
    if (isExternal(agent)) return;
    this.supervisor.add(agent.agentId, null);
    if (!agent.autostart) return;
    this.supervisor
      .command(agent.agentId, { type: 'start-asked', by: 'autostart', mayTrial: false }, 'up')
      .catch((error: unknown) => {
        const detail = error instanceof Problem ? error.detail : String(error);
        this.logger.warn({ agentId: agent.agentId, detail }, 'an agent could not be started as it was registered');
      });
  }

  private refuseWhileBusy(agentId: string, what: string): void {
    if (this.supervisor.find(agentId)?.isBusy() !== true) return;
    throw new Problem(
      'operation-in-progress',
      `${what} meets a running operation on ${agentId}. Try again when it has ended.`,
    );
  }

  private async endBeforeUnregister(agentId: string): Promise<void> {
    const cell = this.supervisor.find(agentId);
    if (cell === null) return;
    this.refuseWhileBusy(agentId, 'DELETE');
    await this.supervisor.command(agentId, { type: 'stop-asked', by: 'an unregistration', looked: true }, 'down');
  }

  private async forget(agentId: string): Promise<void> {
    await this.supervisor.remove(agentId);
    this.circuits.forget(agentId);
    this.planner.forget(agentId);
    await this.store.remove(agentId);
    await this.heartbeats.forget(agentId);
  }
}
