import type { CheckResult } from './check-result';
import {
  NO_HISTORY,
  withCheck,
  withoutStreak,
  withPresence,
  withProcess,
  type HealthHistory,
  type Presence,
} from './history';
import type { HealthResult } from './report';

/** Without a change of verdict, a check of an agent is logged this often. */
const LOG_MS = 60_000;

/** What the monitor remembers of one agent; lives as long as the agent is registered. */
export class AgentHealth {
  history: HealthHistory = NO_HISTORY;
  /** Of this process, by checks that count or not; null: none was made. */
  latest: CheckResult | null = null;
  /** Wall clock, epoch milliseconds. */
  checkedAt: number | null = null;
  isFailing = false;
  /** Of its whole tree, as last measured; null: it has no limit. */
  memoryBytes: number | null = null;
  isUnderWay = false;
  /** `Clock.now()` of the next check; null: none is planned. */
  dueAt: number | null = null;
  /** Checks of this process so far. */
  tries = 0;
  /** The latest check that a reader asked for. */
  asked: { readonly at: number; readonly result: Promise<HealthResult> } | null = null;
  private loggedAt: number | null = null;

  /** @returns whether it is another process than before */
  noteProcess(incarnation: string | null): boolean {
    if (this.history.incarnation === incarnation) return false;
    this.history = withProcess(this.history, incarnation);
    this.latest = null;
    this.memoryBytes = null;
    this.isFailing = false;
    return true;
  }

  notePresence(presence: Presence, now: number): void {
    this.history = withPresence(this.history, presence, now);
  }

  noteCheck(check: CheckResult): void {
    this.history = withCheck(this.history, check);
  }

  note(check: CheckResult, wall: number, isFailing: boolean): void {
    this.latest = check;
    this.checkedAt = wall;
    this.isFailing = isFailing;
  }

  resume(): void {
    this.history = withoutStreak(this.history);
  }

  /** True once something is known of this very process. */
  isKnown(incarnation: string | null): boolean {
    return this.history.incarnation === incarnation && this.latest !== null && this.history.checks.length > 0;
  }

  isLogDue(now: number, isChange: boolean): boolean {
    if (!isChange && this.loggedAt !== null && now - this.loggedAt < LOG_MS) return false;
    this.loggedAt = now;
    return true;
  }
}
