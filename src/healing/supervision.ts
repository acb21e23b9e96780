import { Inject, Injectable, Logger } from '@nestjs/common';
import { CLOCK, isExternal, Problem, type Clock, type DesiredState } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { CircuitBreaker } from '../circuit';
import type { EventType } from '../events';
import { HealthMonitor, Heartbeats, TokenBudgets, type HealthSubject } from '../health';
import { Notifications } from '../notifications';
import { AgentRegistry, type RegisteredAgent } from '../registry';
import { AgentDirectory } from './agent-directory';
import { AgentSupervisor } from './agent-supervisor';
import { FleetJournal } from './fleet-journal';
import { FleetWatch } from './fleet-watch';
import { healingPolicy } from './healing-policy';
import { LaunchPlanner } from './launch-planner';
import { afterReboot, afterRestore, incarnationOf, revivedState, runOf, type AgentState } from './machine';
import { RunDiagnosis } from './run-diagnosis';
import { SupervisionStore, type SavedSupervision } from './supervision-store';

const HOUR_MS = 3_600_000;

const NOBODY = { isExternal: false, isFresh: false, incarnation: null, process: null, upSince: null };

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
    private readonly health: HealthMonitor,
    private readonly tokens: TokenBudgets,
    private readonly fleet: FleetWatch,
    private readonly fleetJournal: FleetJournal,
    private readonly directory: AgentDirectory,
    private readonly diagnosis: RunDiagnosis,
    private readonly notifications: Notifications,
    @Inject(SETTINGS) private readonly settings: ResolvedSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Reads all that was saved, and ties the modules together. Nothing is launched or looked at yet. */
  async load(): Promise<void> {
    await this.registry.load();
    await this.circuits.load();
    await this.heartbeats.load();
    await this.tokens.load();
    this.fleet.load(await this.fleetJournal.load());
    const saved = await this.store.loadAll();
    for (const agent of this.registry.listAgents()) {
      this.supervisor.add(agent.agentId, this.revived(agent, saved.get(agent.agentId) ?? null));
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
      return run === null ? null : incarnationOf(run);
    });
    this.notifications.attach((notice, chats) => {
      const { kind, incidentId } = notice;
      const agentId = 'agentId' in notice ? notice.agentId : null;
      const data = { kind, incidentId, chats };
      this.store.recordEventually({ agentId, type: 'escalation.sent', data, occurredAt: this.clock.wall() });
    });
    this.fleet.attach(() => this.supervisor.agentIds().filter((agentId) => this.isUp(agentId)));
    this.health.attach({
      subjectOf: (agentId) => this.subjectOf(agentId),
      statusOf: (agentId) => this.directory.view(agentId).status,
      checked: (agentId, outcome) => {
        const mayAct = this.fleet.noteCheck(agentId, outcome.problem === null, outcome.failing);
        this.supervisor.find(agentId)?.post({ type: 'checked', ...outcome, mayAct });
      },
      lagged: (lagMs) => {
        this.logger.warn({ lagMs }, 'agent-spawner itself was held up: checks that failed meanwhile are not counted');
        this.fleet.noteLag();
      },
    });
  }

  /** What health has to know: only a process that is up is asked. */
  private subjectOf(agentId: string): HealthSubject | null {
    const situation = this.supervisor.situation(agentId);
    const agent = this.registry.findAgent(agentId);
    if (situation === null || agent === null) return null;
    if (isExternal(agent)) {
      return { ...NOBODY, isExternal: true, shouldRun: true };
    }
    const { phase } = situation.state;
    const isUp = phase.kind === 'verifying' || phase.kind === 'running';
    const shouldRun = situation.desired === 'running';
    if (!isUp) return { ...NOBODY, shouldRun };
    const { run } = phase;
    const upSince = phase.kind === 'verifying' ? phase.since : run.launchedAt;
    const isFresh = phase.kind === 'verifying' && phase.launch !== null;
    return { isExternal: false, shouldRun, isFresh, incarnation: incarnationOf(run), process: run.process, upSince };
  }

  private isUp(agentId: string): boolean {
    const state = this.supervisor.situation(agentId)?.state;
    return state !== undefined && (runOf(state.phase) !== null || state.external?.wasSeen === true);
  }

  private begin(agent: RegisteredAgent): void {
    this.supervisor.add(agent.agentId, null);
    if (isExternal(agent) || !agent.autostart) return;
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
    const agent = this.registry.findAgent(agentId);
    if (agent === null || isExternal(agent)) return;
    this.refuseWhileBusy(agentId, 'DELETE');
    await this.supervisor.command(agentId, { type: 'stop-asked', by: 'an unregistration', looked: true }, 'down');
  }

  private async forget(agentId: string): Promise<void> {
    await this.supervisor.remove(agentId);
    this.circuits.forget(agentId);
    this.planner.forget(agentId);
    await this.store.remove(agentId);
    await this.heartbeats.forget(agentId);
    await this.tokens.forget(agentId);
    this.health.forget(agentId);
    this.fleet.forget(agentId);
    this.diagnosis.forget(agentId);
  }
}
