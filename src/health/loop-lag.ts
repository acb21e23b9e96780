import type { Clock } from '../kernel';

const KEPT_MS = 120_000;

/** How late our own loop was, by the lateness of a regular tick. */
export class LoopLag {
  private lastAt: number | null = null;
  private readonly late: { readonly at: number; readonly lagMs: number }[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly periodMs: number,
  ) {}

  tick(): void {
    const now = this.clock.now();
    const lagMs = this.lastAt === null ? 0 : now - this.lastAt - this.periodMs;
    this.lastAt = now;
    if (lagMs > this.periodMs) this.late.push({ at: now, lagMs });
    while ((this.late[0]?.at ?? now) < now - KEPT_MS) this.late.shift();
  }

  /** The longest delay since then, that of a tick which is late now included; milliseconds. */
  since(time: number): number {
    const present = this.lastAt === null ? 0 : this.clock.now() - this.lastAt - this.periodMs;
    return this.late.reduce((longest, { at, lagMs }) => (at >= time ? Math.max(longest, lagMs) : longest), present);
  }

  reset(): void {
    this.lastAt = null;
    this.late.length = 0;
  }
}
