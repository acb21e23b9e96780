import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '../kernel';
import { HealthMonitor } from '../health';
import type { Activity } from './machine';

interface RoutedTask {
  /** `Clock.now()` of the agent's latest task. */
  readonly at: number;
  /** Number of that task among all tasks, because many may be routed within a millisecond. */
  readonly turn: number;
}

/**
 * Holds when a task was last routed to each agent, in memory only. An idle stop is decided with the latest activity in
 * the turn of the event loop in which it takes effect. A task that was routed before is therefore never overlooked.
 */
@Injectable()
export class AgentActivity {
  private readonly routed = new Map<string, RoutedTask>();
  private turn = 0;

  constructor(
    private readonly health: HealthMonitor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Notes that a task is routed to the agent now. */
  noteTask(agentId: string): void {
    this.turn += 1;
    this.routed.set(agentId, { at: this.clock.now(), turn: this.turn });
  }

  /** Returns the number of the latest task of the agent among all tasks; null: none since the supervisor started. */
  turnOf(agentId: string): number | null {
    return this.routed.get(agentId)?.turn ?? null;
  }

  of(agentId: string): Activity {
    const busy = this.health.busyOf(agentId);
    const times = [this.routed.get(agentId)?.at, busy?.at].filter((time) => time !== undefined);
    return { at: times.length === 0 ? null : Math.max(...times), busyUntil: busy?.until ?? null };
  }

  forget(agentId: string): void {
    this.routed.delete(agentId);
  }
}
