import { sleep, type Clock } from '../../kernel';

/** `pm2 resurrect` and `pm2 update` fill the list of a new daemon entry by entry; younger than this it may go on. */
const YOUNG_MS = 10_000;
const BETWEEN_MS = 1_000;

export interface DaemonListOptions {
  readonly clock: Clock;
  /** Asks the daemon for its list. @throws Problem `process-manager-unavailable` */
  readonly ask: () => Promise<unknown>;
  /** What has to be the same in two lists for them to agree. */
  readonly signature: (rows: unknown) => string;
  /** When the daemon was started, epoch milliseconds; null: nobody knows, and its list is taken as it is. */
  readonly bornAt: number | null;
}

/**
 * The list of one daemon. Of a daemon that was started a moment ago, be it by us, the first list is given only once two
 * agree: what is missing in it may be about to be started by somebody's shell, and would run twice if we started it too.
 */
export class DaemonList {
  private settled: boolean;

  constructor(private readonly options: DaemonListOptions) {
    this.settled = options.bornAt === null;
  }

  /** @returns the rows, and `Clock.now()` before they were asked for */
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
    const ageMs = this.options.clock.wall() - (this.options.bornAt ?? 0);
    return ageMs >= 0 && ageMs < YOUNG_MS;
  }
}
