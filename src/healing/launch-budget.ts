/** Who goes first where launches compete: a person, then routing, then restarts by how often they were tried, then trials. */
export const LAUNCH_ORDER = ['operator', 'routing', 'first-restart', 'later-restart', 'trial'] as const;
export type LaunchRank = (typeof LAUNCH_ORDER)[number];

interface Waiting {
  readonly rank: number;
  readonly task: () => Promise<void>;
}

/** At most `concurrency` launches at once over all agents, by rank, then in the order in which they came. */
export class LaunchBudget {
  private readonly waiting: Waiting[] = [];
  private running = 0;

  constructor(private readonly concurrency: number) {}

  /** @param task must not reject: it reports its own outcome */
  add(rank: LaunchRank, task: () => Promise<void>): void {
    const entry = { rank: LAUNCH_ORDER.indexOf(rank), task };
    const behind = this.waiting.findIndex((other) => other.rank > entry.rank);
    this.waiting.splice(behind === -1 ? this.waiting.length : behind, 0, entry);
    this.next();
  }

  private next(): void {
    while (this.running < this.concurrency) {
      const entry = this.waiting.shift();
      if (entry === undefined) return;
      this.running += 1;
      void entry.task().finally(() => {
        this.running -= 1;
        this.next();
      });
    }
  }
}
