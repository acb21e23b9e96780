import type { Clock, Timer } from '../../kernel';

export interface Deadline {
  /** Returns when it is due, on the scale of `Clock.now()`; null: never. It may have moved since the timer was armed. */
  readonly at: () => number | null;
  readonly onDue: () => void;
}

/** Holds the one timer of an agent. If an activity of the agent has moved the deadline, the timer waits on. */
export class AgentTimer {
  private timer: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly deadline: Deadline,
  ) {}

  /** Replaces the timer by one for the present deadline. */
  arm(): void {
    this.cancel();
    const at = this.deadline.at();
    if (at === null) return;
    this.timer = this.clock.after(Math.max(0, at - this.clock.now()), () => {
      this.onTimer();
    });
  }

  cancel(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private onTimer(): void {
    const at = this.deadline.at();
    if (at !== null && this.clock.now() < at) this.arm();
    else this.deadline.onDue();
  }
}
