import { LONGEST_STEP_MS, RunningTime } from '../../../src/config/running-time';
import type { Clock, Timer } from '../../../src/kernel';
import type { FakeClock } from '../../support/fake-clock';

/** Interval in which the production clock reads the system clock while its process runs. */
const READ_EACH_MS = LONGEST_STEP_MS / 2;

/** An input of the service: one of its timers, or a message from outside. */
type Kind = 'timer' | 'message';

/**
 * The clock of one process of the service, over the clock of the world. The production code counts the time in which
 * the process ran. While the process is frozen, the world goes on: no timer of the service fires and no message reaches
 * it. At the thaw, all of them follow in order.
 */
export class ServiceClock implements Clock {
  private readonly time: RunningTime;
  private readAt: number;
  private frozenAt: number | null = null;
  private readonly listeners = new Set<(lostMs: number) => void>();
  private readonly deferred: { readonly kind: Kind; readonly action: () => void }[] = [];

  /** @param losesTime false: the clock counts the time in which the process did not run, to show which seed fails then */
  constructor(
    private readonly world: FakeClock,
    private readonly losesTime: boolean,
  ) {
    this.readAt = world.monotonic();
    this.time = new RunningTime(this.reading(this.readAt), (lostMs) => {
      for (const listener of [...this.listeners]) listener(lostMs);
    });
  }

  get isFrozen(): boolean {
    return this.frozenAt !== null;
  }

  now(): number {
    return Math.floor(this.read());
  }

  wall(): number {
    return Math.floor(this.world.wall());
  }

  monotonic(): number {
    return this.world.monotonic();
  }

  at(wallMs: number): number {
    this.read();
    return Math.floor(this.time.at(wallMs, this.reading(this.readAt)));
  }

  wallOf(time: number): number {
    this.read();
    return this.time.wallOf(time, this.reading(this.readAt));
  }

  onSuspend(listener: (lostMs: number) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Fires when the delay has passed on this clock, like the production clock. */
  after(delayMs: number, action: () => void): Timer {
    const due = this.now() + Math.max(0, delayMs);
    let timer: Timer;
    let isCancelled = false;
    const fire = () => {
      this.let('timer', () => {
        if (isCancelled) return;
        if (this.now() >= due) action();
        else arm();
      });
    };
    const arm = () => {
      timer = this.world.after(Math.ceil(due - this.now()), fire);
    };
    arm();
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  /** Lets a message reach the service: at once, or at the thaw. */
  readonly gate = (action: () => void): void => {
    this.let('message', action);
  };

  freeze(): void {
    this.read();
    this.frozenAt = this.world.monotonic();
  }

  /** @param timersFirst true: the timers that fell due fire before the messages are read; false: after them */
  thaw(timersFirst: boolean): void {
    if (this.frozenAt === null) return;
    this.frozenAt = null;
    if (this.losesTime) this.readOnce(this.world.monotonic());
    else this.read();
    const deferred = this.deferred.splice(0);
    const rank = ({ kind }: { readonly kind: Kind }) => ((kind === 'timer') === timersFirst ? 0 : 1);
    // The sort is stable: within one kind, the order of arrival is kept.
    for (const { kind, action } of deferred.sort((left, right) => rank(left) - rank(right)))
      this.world.after(0, () => {
        this.let(kind, action);
      });
  }

  private let(kind: Kind, action: () => void): void {
    if (this.frozenAt === null) action();
    else this.deferred.push({ kind, action });
  }

  private read(): number {
    const until = this.frozenAt ?? this.world.monotonic();
    while (until - this.readAt > READ_EACH_MS) this.readOnce(this.readAt + READ_EACH_MS);
    return this.readOnce(until);
  }

  private readOnce(monotonic: number): number {
    this.readAt = monotonic;
    return this.time.read(this.reading(monotonic));
  }

  private reading(monotonic: number): { monotonic: number; wall: number } {
    return { monotonic, wall: this.world.wall() - (this.world.monotonic() - monotonic) };
  }
}
