import { Inject, Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CLOCK, diagnosisOf, HEALTHY_FROM, messageOf, sleep, type Clock, type Diagnosis } from '../kernel';
import { AgentViews } from './agent-views';
import { AgentSupervisor } from './supervisor/agent-supervisor';
import { DeadmanPing } from './deadman-ping';
import { FleetWatch } from './fleet/fleet-watch';

const INTERVAL_NAME = 'healing';
const POLL_MS = 100;

/** Failure of an agent that should run. */
export interface DetectedFailure {
  readonly agentId: string;
  readonly status: string;
  readonly score: number;
}

/** The latest diagnosis of an agent. */
export interface AgentDiagnosis extends Diagnosis {
  readonly agentId: string;
  /** null: there was no incident. */
  readonly incidentId: string | null;
  /** True while that incident is open. */
  readonly open: boolean;
  /** Wall clock, epoch milliseconds. */
  readonly diagnosedAt: number;
}

/**
 * Recovers agents that should run but are down or unhealthy. Events (an exit, a verdict, a lost daemon) are acted on at
 * once. The pass every `intervalSeconds` compares all desired with all observed states, so that no lost event matters.
 */
@Injectable()
export class SelfHealingLoop {
  /** Error of the latest pass; null: it succeeded. */
  lastError: string | null = null;
  private readonly logger = new Logger('SelfHealingLoop');

  constructor(
    private readonly supervisor: AgentSupervisor,
    private readonly views: AgentViews,
    private readonly fleet: FleetWatch,
    private readonly deadman: DeadmanPing,
    private readonly scheduler: SchedulerRegistry,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Returns the agents that should run and score below 50: they have no process, or their verdict is failing. */
  detectFailures(): DetectedFailure[] {
    return this.views.list({ desiredState: 'running' }).flatMap(({ agentId, status, healthScore }) => {
      const isFailure = healthScore !== null && healthScore < HEALTHY_FROM;
      return isFailure ? [{ agentId, status, score: healthScore }] : [];
    });
  }

  /**
   * Returns the diagnosis of the latest incident; cause `none` if nothing has failed. @throws Problem agent-not-found
   */
  diagnose(agentId: string): AgentDiagnosis {
    this.views.view(agentId);
    const state = this.supervisor.machineState(agentId)?.state;
    const saved = state?.diagnosis ?? null;
    if (saved === null) {
      const none = diagnosisOf('none', 'nothing has failed');
      return { agentId, ...none, incidentId: null, open: false, diagnosedAt: this.clock.wall() };
    }
    const { diagnosis, incidentId, at } = saved;
    return { agentId, ...diagnosis, incidentId, open: state?.incident?.id === incidentId, diagnosedAt: at };
  }

  /**
   * Tries to recover an agent now instead of when it is due: launches it if it is down, restarts it if it is unhealthy.
   *
   * @returns false if healing must not act: it is desired stopped, its circuit is open, or it is paused or external
   * @throws Problem the refusal of the launch; `operation-in-progress` if a stop, a pause or an open circuit superseded
   * it
   */
  async attemptRecovery(agentId: string): Promise<boolean> {
    const view = this.views.view(agentId);
    const isOff = view.desiredState === 'stopped' || view.entryPoint === null || view.pausedUntil !== null;
    if (isOff || view.circuit.state === 'OPEN') return false;
    await this.supervisor.command(agentId, { type: 'recovery-asked', reason: 'a caller requested a recovery' }, 'up');
    return true;
  }

  /**
   * Waits until an agent's recovery is verified. @returns false if it failed, or was not verified within `timeoutMs`
   */
  async verifyRecovery(agentId: string, timeoutMs = 60_000): Promise<boolean> {
    const deadline = this.clock.now() + timeoutMs;
    for (;;) {
      const { status } = this.views.view(agentId);
      if (status === 'running') return true;
      if (status === 'halted' || status === 'stopped' || this.clock.now() >= deadline) return false;
      await sleep(this.clock, POLL_MS);
    }
  }

  /** Escalates to the operator now, at most once per incident, whatever the circuit's state. */
  async escalate(agentId: string): Promise<void> {
    const {
      diagnosedAt: _at,
      open: _open,
      incidentId: _incident,
      agentId: _agent,
      ...diagnosis
    } = this.diagnose(agentId);
    await this.supervisor.command(agentId, { type: 'escalate-asked', diagnosis }, 'decided');
  }

  /** Starts healing: listens to PM2, and runs a pass every `intervalSeconds`. A second call replaces the first. */
  async run(intervalSeconds: number): Promise<void> {
    this.stop();
    await this.supervisor.begin();
    const interval = setInterval(() => {
      void this.pass();
    }, intervalSeconds * 1_000);
    this.scheduler.addInterval(INTERVAL_NAME, interval);
  }

  /** Stops the passes. Events are still handled until the supervisor ends. */
  stop(): void {
    if (this.scheduler.doesExist('interval', INTERVAL_NAME)) this.scheduler.deleteInterval(INTERVAL_NAME);
  }

  /** Runs one pass. A failure is logged and does not end the loop. */
  private async pass(): Promise<void> {
    try {
      this.fleet.pass();
      await this.supervisor.pass();
      if (this.lastError !== null) this.logger.log('healing pass recovered');
      this.lastError = null;
      if (this.supervisor.processManagerError() === null) void this.deadman.ping();
    } catch (error) {
      const isNew = this.lastError === null;
      this.lastError = messageOf(error);
      if (isNew) this.logger.warn({ error: this.lastError }, 'healing pass failed');
    }
  }
}
