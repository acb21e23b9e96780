import { MIN_SUSPEND_MS, LONGEST_STEP_MS } from '../../src/config/running-time';
import type { Clock, Timer } from '../../src/kernel';

const START = Date.UTC(2026, 0, 1);

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly action: () => void;
}

/** Lets pending promise callbacks run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A clock that advances only on request. Timers fire in the order of their due times. */
export class FakeClock implements Clock {
  private readonly pending = new Set<Pending>();
  private time = START;
  private wallOffset = 0;
  private order = 0;
  private suspendedMs = 0;
  private readonly losses: { readonly at: number; readonly lostMs: number }[] = [];
  private readonly suspendListeners = new Set<(lostMs: number) => void>();

  /** Number of timers that have neither fired nor been cancelled. */
  get timerCount(): number {
    return this.pending.size;
  }

  now(): number {
    return this.time;
  }

  wall(): number {
    return this.time + this.wallOffset;
  }

  monotonic(): number {
    return this.time + this.suspendedMs;
  }

  /** Follows the same rule as `RunningTime.at`. */
  at(wallMs: number): number {
    let time = this.time;
    let ageMs = Math.max(0, this.wall() - wallMs);
    for (const loss of [...this.losses].reverse()) {
      if (ageMs <= time - loss.at) break;
      ageMs -= time - loss.at;
      time = loss.at;
      if (ageMs <= loss.lostMs) return time;
      ageMs -= loss.lostMs;
    }
    return time - ageMs;
  }

  wallOf(time: number): number {
    return time + this.wallOffset;
  }

  onSuspend(listener: (lostMs: number) => void): () => void {
    this.suspendListeners.add(listener);
    return () => this.suspendListeners.delete(listener);
  }

  after(delayMs: number, action: () => void): Timer {
    const timer = { due: this.time + Math.max(0, delayMs), order: this.order++, action };
    this.pending.add(timer);
    return { cancel: () => void this.pending.delete(timer) };
  }

  /** Sets the wall clock. `now` and `monotonic` are not affected. */
  setWallBy(milliseconds: number): void {
    this.wallOffset += milliseconds;
  }

  /**
   * Suspends the process. `now` advances by at most one step; the wall clock and the monotonic clock advance by the
   * whole time.
   */
  freezeFor(milliseconds: number): void {
    const lostMs = Math.max(0, milliseconds - LONGEST_STEP_MS);
    this.time += milliseconds - lostMs;
    if (lostMs === 0) return;
    this.wallOffset += lostMs;
    this.suspendedMs += lostMs;
    this.losses.push({ at: this.time, lostMs });
    if (lostMs > MIN_SUSPEND_MS) for (const listener of [...this.suspendListeners]) listener(lostMs);
  }

  /** Advances the time, timer by timer. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await settled();
    for (let next = this.nextUntil(end); next !== null; next = this.nextUntil(end)) {
      this.pending.delete(next);
      this.time = Math.max(this.time, next.due);
      next.action();
      await settled();
    }
    this.time = Math.max(this.time, end);
  }

  private nextUntil(end: number): Pending | null {
    let found: Pending | null = null;
    for (const timer of this.pending) {
      if (timer.due > end) continue;
      if (found === null || timer.due < found.due || (timer.due === found.due && timer.order < found.order))
        found = timer;
    }
    return found;
  }
}
