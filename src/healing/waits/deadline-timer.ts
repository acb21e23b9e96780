import type { Clock, Timer } from '../../kernel';
import { Deadlines, type Deadline } from './deadlines';

/** Runs one timer for any number of deadlines, on the clock that does not advance during a suspend. */
export class DeadlineTimer<T> {
  private readonly deadlines = new Deadlines<T>();
  private timer: { readonly dueAt: number; readonly handle: Timer } | null = null;

  /** @param onDue receives all items that are due at one time, the earliest first */
  constructor(
    private readonly clock: Pick<Clock, 'now' | 'after'>,
    private readonly onDue: (items: readonly T[]) => void,
  ) {}

  /** Adds an item that is due after `delayMs`. @returns a function that removes it */
  add(delayMs: number, item: T): () => void {
    const deadline = this.deadlines.add(this.clock.now() + delayMs, item);
    this.arm();
    return () => {
      this.remove(deadline);
    };
  }

  private remove(deadline: Deadline<T>): void {
    this.deadlines.remove(deadline);
    // A timer that is now too early finds nothing due and is armed again. Moving it at each removal would cost more.
    if (this.deadlines.size === 0) this.disarm();
  }

  private arm(): void {
    const dueAt = this.deadlines.next;
    if (dueAt === null || (this.timer !== null && this.timer.dueAt <= dueAt)) return;
    this.disarm();
    const delayMs = Math.max(0, dueAt - this.clock.now());
    const handle = this.clock.after(delayMs, () => {
      this.onTimer();
    });
    this.timer = { dueAt, handle };
  }

  private onTimer(): void {
    this.timer = null;
    const due = this.deadlines.takeDue(this.clock.now());
    this.arm();
    if (due.length > 0) this.onDue(due);
  }

  private disarm(): void {
    this.timer?.handle.cancel();
    this.timer = null;
  }
}
