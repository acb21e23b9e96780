/** Longest step that one reading may add. If a reading comes later than this, the process did not run in between. */
export const LONGEST_STEP_MS = 500;
/** A longer loss counts as a suspend (sleep, SIGSTOP, a paused machine); a shorter one as a busy event loop. */
export const MIN_SUSPEND_MS = 5_000;
/** Losses kept for {@link RunningTime.at}. A wall time before the oldest of them may map too early. */
const LOSSES_KEPT = 256;

interface Loss {
  /** Running time at the reading that found the loss. */
  readonly at: number;
  readonly lostMs: number;
  /** Running time that the same reading added. */
  readonly addedMs: number;
}

/** Both clocks of the machine at one moment, in milliseconds. */
export interface Reading {
  readonly monotonic: number;
  readonly wall: number;
}

/**
 * Counts the time in which this process ran. A late reading advances it by at most {@link LONGEST_STEP_MS}. An age, a
 * grace or a deadline measured by it therefore never includes a suspend.
 * Pure: the caller passes the readings in, and must read at least every half of that step.
 */
export class RunningTime {
  private time: number;
  private last: Reading;
  /** Wall clock minus running time, as {@link wallOf} last used it. */
  private shownOffset = 0;
  private readonly losses: Loss[] = [];

  /** @param onSuspend called during the reading that detects a suspend, with its length in milliseconds */
  constructor(
    first: Reading,
    private readonly onSuspend: (lostMs: number) => void,
  ) {
    this.time = Math.round(first.wall);
    this.last = first;
  }

  /** Returns the running time at this reading, not rounded. It starts at the wall time of the first reading. */
  read(reading: Reading): number {
    const stepMs = Math.max(0, reading.monotonic - this.last.monotonic);
    const wallStepMs = reading.wall - this.last.wall;
    const addedMs = Math.min(stepMs, LONGEST_STEP_MS);
    this.time += addedMs;
    this.last = reading;
    // On some systems the monotonic clock stops while the machine sleeps. Then only the wall clock shows the loss.
    const apartMs = wallStepMs - stepMs;
    const isApart = Math.abs(apartMs) > MIN_SUSPEND_MS;
    const lostMs = Math.max(0, stepMs - LONGEST_STEP_MS) + (isApart ? Math.max(0, apartMs) : 0);
    if (lostMs > 0) this.note(lostMs, addedMs);
    const suspendMs = isApart ? Math.max(lostMs, Math.abs(apartMs)) : lostMs;
    if (suspendMs > MIN_SUSPEND_MS) this.onSuspend(suspendMs);
    return this.time;
  }

  /**
   * Returns the running time at which the wall clock showed `wall`. Wall times between the two readings around a loss
   * are spread, in order, over the running time that the second reading added. Never later than now.
   * Use it to order PM2's wall-clock timestamps among the supervisor's own events.
   */
  at(wall: number, reading: Reading): number {
    let time = this.read(reading);
    let ageMs = Math.max(0, reading.wall - wall);
    for (let index = this.losses.length - 1; index >= 0; index -= 1) {
      const loss = this.losses[index];
      if (loss === undefined || ageMs <= time - loss.at) break;
      ageMs -= time - loss.at;
      time = loss.at;
      const betweenMs = loss.lostMs + loss.addedMs;
      if (ageMs <= betweenMs) return time - (ageMs / betweenMs) * loss.addedMs;
      ageMs -= betweenMs;
      time -= loss.addedMs;
    }
    return time - ageMs;
  }

  /**
   * Returns the wall time of a running time. It is the same at each call, to the millisecond, until the two clocks have
   * moved apart by more than {@link LONGEST_STEP_MS}.
   */
  wallOf(time: number, reading: Reading): number {
    const offset = Math.round(reading.wall - this.read(reading));
    if (Math.abs(offset - this.shownOffset) > LONGEST_STEP_MS) this.shownOffset = offset;
    return time + this.shownOffset;
  }

  private note(lostMs: number, addedMs: number): void {
    this.losses.push({ at: this.time, lostMs, addedMs });
    if (this.losses.length > LOSSES_KEPT) this.losses.shift();
  }
}
