import type { Clock } from '../kernel';

const LEAST_GAP_MS = 5_000;

/**
 * Notices a time in which nothing ran (sleep, SIGSTOP, a paused machine): by a tick that comes much too late, or by wall
 * and monotonic clock going apart, which is how a suspended machine looks where the monotonic clock stood still.
 */
export class TimeGap {
  private tickedAt: number;
  private offset: number;

  /** @param periodMs of the ticks */
  constructor(
    private readonly clock: Clock,
    private readonly periodMs: number,
  ) {
    this.tickedAt = clock.now();
    this.offset = this.offsetNow();
  }

  /** A tick. @returns how long nothing ran before it, milliseconds; null: all is well */
  tick(): number | null {
    const gapMs = this.look();
    this.tickedAt = this.clock.now();
    this.offset = this.offsetNow();
    return gapMs;
  }

  /** The same between two ticks: whatever runs first after a gap sees it. */
  look(): number | null {
    const lateMs = this.clock.now() - this.tickedAt - this.periodMs;
    if (lateMs > Math.max(LEAST_GAP_MS, 2 * this.periodMs)) return lateMs;
    const apartMs = Math.abs(this.offsetNow() - this.offset);
    return apartMs > LEAST_GAP_MS ? apartMs : null;
  }

  private offsetNow(): number {
    return this.clock.wall() - this.clock.now();
  }
}
