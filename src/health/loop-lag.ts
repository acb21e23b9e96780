import type { Clock } from '../kernel';

const KEPT_MS = 120_000;

/** Measures delays of the supervisor's event loop by the lateness of a regular tick. */
export class LoopLag {
  /** Time of the last tick by the monotonic clock. `Clock.now()` hides exactly the delays that are measured here. */
  private lastAt: number | null = null;
  private readonly late: { readonly at: number; readonly lagMs: number }[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly periodMs: number,
  ) {}

  tick(): void {
    const now = this.clock.now();
    const ticked = this.clock.monotonic();
    const lagMs = this.lastAt === null ? 0 : ticked - this.lastAt - this.periodMs;
    this.lastAt = ticked;
    if (lagMs > this.periodMs) this.late.push({ at: now, lagMs });
    while ((this.late[0]?.at ?? now) < now - KEPT_MS) this.late.shift();
  }

  /** Returns the longest delay since `time` in milliseconds, including a tick that is late now. */
  since(time: number): number {
    const present = this.lastAt === null ? 0 : this.clock.monotonic() - this.lastAt - this.periodMs;
    return this.late.reduce((longest, { at, lagMs }) => (at >= time ? Math.max(longest, lagMs) : longest), present);
  }

  reset(): void {
    this.lastAt = null;
    this.late.length = 0;
  }
}
