import { Injectable } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { AgentSupervisor } from './agent-supervisor';
import { statusOf } from './machine';

const INTERVAL_NAME = 'healing';

/** What is wrong with one agent. */
export interface DetectedFailure {
  readonly agentId: string;
  readonly status: string;
}

/**
 * Brings back what should run and does not. Events (an exit, a lost daemon) are acted on at once; the pass every
 * `intervalSeconds` compares all that is desired with all that is, so that nothing depends on an event that was lost.
 */
@Injectable()
export class SelfHealingLoop {
  constructor(
    private readonly supervisor: AgentSupervisor,
    private readonly scheduler: SchedulerRegistry,
  ) {}

  /** Agents that should run and have no process that is up. */
  detectFailures(): DetectedFailure[] {
    return this.supervisor.agentIds().flatMap((agentId) => {
      const situation = this.supervisor.situation(agentId);
      if (situation === null || situation.desired === 'stopped') return [];
      const { kind } = situation.state.phase;
      return kind === 'verifying' || kind === 'running' ? [] : [{ agentId, status: statusOf(situation) }];
    });
  }

  /** Begins healing: listens to PM2, and passes over everything each `intervalSeconds`. A second call replaces the first. */
  async run(intervalSeconds: number): Promise<void> {
    this.stop();
    await this.supervisor.begin();
    const interval = setInterval(() => {
      void this.supervisor.pass();
    }, intervalSeconds * 1_000);
    this.scheduler.addInterval(INTERVAL_NAME, interval);
  }

  /** Ends the passes; events go on being heard until the supervisor ends. */
  stop(): void {
    if (this.scheduler.doesExist('interval', INTERVAL_NAME)) this.scheduler.deleteInterval(INTERVAL_NAME);
  }
}
