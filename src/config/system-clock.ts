import type { Clock, Timer } from '../kernel';

/** What setTimeout can hold; a longer wait is taken in steps. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The clock of this machine: anchored to the wall once, and carried on by the monotonic clock. */
export class SystemClock implements Clock {
  private readonly anchor = Date.now() - performance.now();

  now(): number {
    return this.anchor + performance.now();
  }

  wall(): number {
    return Date.now();
  }

  after(delayMs: number, action: () => void): Timer {
    const due = this.now() + Math.max(0, delayMs);
    let handle: NodeJS.Timeout;
    const arm = () => {
      const left = due - this.now();
      // Timers fire up to a millisecond early; what is due must be due when it runs.
      handle = setTimeout(
        left > LONGEST_TIMEOUT_MS ? arm : action,
        Math.min(Math.max(0, Math.ceil(left)), LONGEST_TIMEOUT_MS),
      );
    };
    arm();
    return {
      cancel: () => {
        clearTimeout(handle);
      },
    };
  }
}
