import { sleep, type Clock } from '../../kernel';

/** Age below which the list of a daemon may be incomplete: `pm2 resurrect` and `pm2 update` fill it entry by entry. */
const YOUNG_MS = 10_000;
const BETWEEN_MS = 1_000;

export interface DaemonListOptions {
  readonly clock: Clock;
  /**
   * Requests the daemon's list.
   *
   * @throws Problem `process-manager-unavailable`
   */
  readonly ask: () => Promise<unknown>;
  /** Returns the part of a list that must be equal in two lists for them to agree. */
  readonly signature: (rows: unknown) => string;
  /**
   * Start time of the daemon by the wall clock, epoch milliseconds. Null if unknown; its first list is then used
   * without a second one.
   */
  readonly bornAt: number | null;
}

/**
 * The list of one daemon. For a daemon that was just started, a list is returned only once two consecutive lists agree.
 * A shell may be about to start an entry that is still missing. If the supervisor started it too, the agent would run
 * twice.
 */
export class DaemonList {
  private settled: boolean;
  /** The daemon's start on the scale of `Clock.now()`, so that a clock that is set later does not make it old. */
  private readonly bornAt: number;

  constructor(private readonly options: DaemonListOptions) {
    this.settled = options.bornAt === null;
    this.bornAt = options.bornAt === null ? 0 : options.clock.at(options.bornAt);
  }

  /** @returns the rows, and `Clock.now()` before they were requested */
  async take(): Promise<{ readonly beganAt: number; readonly rows: unknown }> {
    const { clock, ask, signature } = this.options;
    for (let before: string | null = null; ;) {
      const beganAt = clock.now();
      const rows = await ask();
      if (this.settled || !this.isYoung()) return { beganAt, rows };
      const seen = signature(rows);
      this.settled = seen === before;
      if (this.settled) return { beganAt, rows };
      before = seen;
      await sleep(clock, BETWEEN_MS);
    }
  }

  private isYoung(): boolean {
    return this.options.clock.now() - this.bornAt < YOUNG_MS;
  }
}
