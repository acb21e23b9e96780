import type { Clock, Timer } from '../../src/kernel';

const START = Date.UTC(2026, 0, 1);

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly action: () => void;
}

/** Lets everything run that waits for nothing but promises. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A clock that stands still until it is told to go on: timers fire in the order of their due times. */
export class FakeClock implements Clock {
  private readonly pending = new Set<Pending>();
  private time = START;
  private wallOffset = 0;
  private order = 0;

  now(): number {
    return this.time;
  }

  wall(): number {
    return this.time + this.wallOffset;
  }

  after(delayMs: number, action: () => void): Timer {
    const timer = { due: this.time + Math.max(0, delayMs), order: this.order++, action };
    this.pending.add(timer);
    return { cancel: () => void this.pending.delete(timer) };
  }

  /** Somebody sets the wall clock; the steady one does not care. */
  setWallBy(milliseconds: number): void {
    this.wallOffset += milliseconds;
  }

  /** Nothing runs for so long, as when the process is frozen: what was due meanwhile fires late. */
  freezeFor(milliseconds: number): void {
    this.time += milliseconds;
  }

  /** Goes on for so long, timer by timer. */
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
