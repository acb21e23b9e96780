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

/** Interval at which checks of one agent are logged while its verdict does not change. */
const LOG_MS = 60_000;
/** Number of consecutive memory measurements that the verdict needs. */
const MEASUREMENTS_KEPT = 3;

/** Holds the monitor's state of one agent. It lives as long as the agent is registered. */
export class AgentHealth {
  history: HealthHistory = NO_HISTORY;
  /** Latest check of the present process, counted or not. Null before the first check. */
  latest: CheckResult | null = null;
  /** Wall clock, epoch milliseconds. */
  checkedAt: number | null = null;
  isFailing = false;
  /** Memory of the agent's whole process tree in bytes, latest last. Empty if the agent has no memory limit. */
  memory: readonly number[] = [];
  isBeingChecked = false;
  /** `Clock.now()` of the next check; null if no check is planned. */
  dueAt: number | null = null;
  /** Number of checks of the present process so far. */
  tries = 0;
  /** Latest check that a caller requested. */
  requested: { readonly at: number; readonly result: Promise<HealthResult> } | null = null;
  private loggedAt: number | null = null;

  /**
   * Resets the per-process state if the process changed.
   *
   * @returns true if `incarnation` is a different process than before
   */
  noteProcess(incarnation: string | null): boolean {
    if (this.history.incarnation === incarnation) return false;
    this.history = withProcess(this.history, incarnation);
    this.latest = null;
    this.memory = [];
    this.isFailing = false;
    return true;
  }

  notePresence(presence: Presence, now: number): void {
    this.history = withPresence(this.history, presence, now);
  }

  /** Counts a check. Pass `isBusy` if it timed out although the process makes progress. */
  noteCheck(check: CheckResult, { withinGrace, isBusy }: { withinGrace: boolean; isBusy: boolean }): void {
    // The process works: failures before and after such a check are not failures in a row, however far apart.
    if (check.misconfigured !== undefined || isBusy) this.history = withoutStreak(this.history);
    else if (!withinGrace) this.history = withCheck(this.history, check);
  }

  /**
   * Appends a memory measurement.
   *
   * @param bytes null if the memory could not be measured; this clears the earlier measurements
   */
  noteMemory(bytes: number | null): void {
    this.memory = bytes === null ? [] : [...this.memory, bytes].slice(-MEASUREMENTS_KEPT);
  }

  noteLatest(check: CheckResult, wall: number, isFailing: boolean): void {
    this.latest = check;
    this.checkedAt = wall;
    this.isFailing = isFailing;
  }

  /** Drops failures from before a suspend. */
  onResume(): void {
    this.history = withoutStreak(this.history);
    this.memory = [];
  }

  /** Returns true once this process has a counted check, or its latest check is misconfigured. */
  isKnown(incarnation: string | null): boolean {
    const hasAnswered = this.history.checks.length > 0 || this.isMisconfigured;
    return this.history.incarnation === incarnation && this.latest !== null && hasAnswered;
  }

  /** Returns true while the latest check of this process is misconfigured. */
  get isMisconfigured(): boolean {
    return this.latest?.misconfigured !== undefined;
  }

  isLogDue(now: number, isChange: boolean): boolean {
    if (!isChange && this.loggedAt !== null && now - this.loggedAt < LOG_MS) return false;
    this.loggedAt = now;
    return true;
  }
}
