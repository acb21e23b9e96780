/** Handle of a timer. Cancelling it twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Port for time, so that tests run back-off and cool-down on a fake clock. */
export interface Clock {
  /**
   * Returns whole milliseconds that never decrease. The scale starts at the wall-clock time (since the epoch) at which
   * the process started.
   * It advances only while this process runs: a suspend (sleep, SIGSTOP, a paused machine) adds at most half a second.
   * Every age, streak, grace and due time uses this scale, so that no agent fails a check because of a suspend.
   */
  now(): number;
  /** Returns whole milliseconds since the epoch by the wall clock. Use it for display only, never for a decision. */
  wall(): number;
  /**
   * Returns milliseconds of the monotonic clock, for measuring the supervisor's own delays only. It includes a SIGSTOP;
   * whether it includes a sleep of the machine depends on the operating system.
   */
  monotonic(): number;
  /** Returns the time on the scale of {@link now} at which the wall clock showed `wallMs`. Never later than now. */
  at(wallMs: number): number;
  /**
   * Returns the wall-clock time of a time on the scale of {@link now}, for display. It is the same at each call until
   * the two clocks have moved apart by more than half a second (a suspend, a clock that was set).
   */
  wallOf(time: number): number;
  /**
   * Calls the listener after each suspend of over 5 s, before any timer that is due. Returns a function that removes
   * it.
   */
  onSuspend(listener: (lostMs: number) => void): () => void;
  /** Calls `action` once, after `delayMs` (at least 0) on the scale of {@link now}. */
  after(delayMs: number, action: () => void): Timer;
}

/** Returns a new UUID (version 4). Injected, so that tests and the simulation are repeatable. */
export type NewId = () => string;

/** Returns a number in [0, 1). Injected for the same reason. */
export type Random = () => number;

/** Nest injection tokens of these ports. `ConfigModule` provides them. */
export const CLOCK = Symbol('Clock');
export const NEW_ID = Symbol('NewId');
export const RANDOM = Symbol('Random');
