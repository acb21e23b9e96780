import { Inject, Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CLOCK, diagnosisOf, messageOf, sleep, type Clock, type Diagnosis } from '../kernel';
import { AgentRegistry } from '../registry';
import { AgentDirectory } from './agent-directory';
import { AgentSupervisor } from './agent-supervisor';
import { DeadmanPing } from './deadman-ping';
import { FleetWatch } from './fleet-watch';

const INTERVAL_NAME = 'healing';
const UNHEALTHY_BELOW = 50;
const LOOK_MS = 100;

/** What is wrong with one agent that should run. */
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
  /** Whether that incident is still open. */
  readonly open: boolean;
  /** Wall clock, epoch milliseconds. */
  readonly diagnosedAt: number;
}

/**
 * Brings back what should run and does not, or is not well. Events (an exit, a verdict, a lost daemon) are acted on at once;
 * the pass every `intervalSeconds` compares all that is desired with all that is, so that nothing depends on an event that
 * was lost.
 */
@Injectable()
export class SelfHealingLoop {
  /** What the latest pass failed with; null: it went well. */
  lastError: string | null = null;
  private readonly logger = new Logger('SelfHealingLoop');

  constructor(
    private readonly supervisor: AgentSupervisor,
    private readonly directory: AgentDirectory,
    private readonly registry: AgentRegistry,
    private readonly fleet: FleetWatch,
    private readonly deadman: DeadmanPing,
    private readonly scheduler: SchedulerRegistry,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Agents that should run and score below 50: they have no process, or their verdict is failing. */
  detectFailures(): DetectedFailure[] {
    return this.directory.list({ desiredState: 'running' }).flatMap(({ agentId, status, healthScore }) => {
      const isFailure = healthScore !== null && healthScore < UNHEALTHY_BELOW;
      return isFailure ? [{ agentId, status, score: healthScore }] : [];
    });
  }

  /** Of the latest incident; `none` where there was none. @throws Problem agent-not-found */
  diagnose(agentId: string): AgentDiagnosis {
    this.registry.getAgent(agentId);
    const state = this.supervisor.situation(agentId)?.state;
    const saved = state?.diagnosis ?? null;
    if (saved === null) {
      const none = diagnosisOf('none', 'nothing has failed');
      return { agentId, ...none, incidentId: null, open: false, diagnosedAt: this.clock.wall() };
    }
    const { diagnosis, incidentId, at } = saved;
    return { agentId, ...diagnosis, incidentId, open: state?.incident?.id === incidentId, diagnosedAt: at };
  }

  /**
   * Tries to bring an agent back now instead of when it is due: what is down is started, what is unhealthy is restarted.
   *
   * @returns false where healing must not: it is meant to be stopped, its circuit is open, it is paused or external
   * @throws Problem what the launch was refused with
   */
  async attemptRecovery(agentId: string): Promise<boolean> {
    const view = this.directory.view(agentId);
    const isOff = view.desiredState === 'stopped' || view.entryPoint === null || view.pausedUntil !== null;
    if (isOff || view.circuit.state === 'OPEN') return false;
    if (view.status === 'unhealthy')
      await this.supervisor.command(agentId, { type: 'restart-asked', reason: 'it is unhealthy', delayMs: 0 }, 'up');
    else await this.supervisor.command(agentId, { type: 'start-asked', by: 'routing', mayTrial: false }, 'up');
    return true;
  }

  /** Waits until an agent's recovery is verified. @returns false where it failed, or was not within `timeoutMs` */
  async verifyRecovery(agentId: string, timeoutMs = 60_000): Promise<boolean> {
    const deadline = this.clock.now() + timeoutMs;
    for (;;) {
      const { status } = this.directory.view(agentId);
      if (status === 'running') return true;
      if (status === 'halted' || status === 'stopped' || this.clock.now() >= deadline) return false;
      await sleep(this.clock, LOOK_MS);
    }
  }

  /** Tells a person now, once an incident, whatever the circuit says. */
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

  /** Begins healing: listens to PM2, and passes over everything each `intervalSeconds`. A second call replaces the first. */
  async run(intervalSeconds: number): Promise<void> {
    this.stop();
    await this.supervisor.begin();
    const interval = setInterval(() => {
      void this.pass();
    }, intervalSeconds * 1_000);
    this.scheduler.addInterval(INTERVAL_NAME, interval);
  }

  /** Ends the passes; events go on being heard until the supervisor ends. */
  stop(): void {
    if (this.scheduler.doesExist('interval', INTERVAL_NAME)) this.scheduler.deleteInterval(INTERVAL_NAME);
  }

  /** Whatever fails in a pass shows, and does not end the loop. */
  private async pass(): Promise<void> {
    try {
      this.fleet.pass();
      await this.supervisor.pass();
      this.lastError = null;
      if (this.supervisor.processManagerError() === null) void this.deadman.ping();
    } catch (error) {
      this.lastError = messageOf(error);
      this.logger.warn({ error: this.lastError }, 'a healing pass failed');
    }
  }
}
