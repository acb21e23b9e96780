import type { Clock } from '../../src/kernel';
import { entryRefOf, isSameEntry, type DaemonIdentity, type EntryRef, type ListedProcess } from '../../src/processes';

/** A row of a fake daemon's list. */
export interface FakeEntry {
  readonly agentId: string;
  readonly entryId: number;
  readonly uniqueId: string;
  readonly runId: string;
  readonly program: string;
  readonly args: readonly string[];
  state: ListedProcess['state'];
  pid: number | null;
  upSince: number;
  wasEndOrdered: boolean;
}

/** Holds a list of entries and serves calls one at a time, like PM2's daemon. */
export class FakeDaemon {
  readonly bornAt: number;
  readonly entries = new Map<number, FakeEntry>();
  private readonly queue: (() => void)[] = [];
  private frozen = false;
  private isServing = false;
  private isDead = false;

  /** @param serviceMs returns the time that the next call takes, in milliseconds */
  constructor(
    readonly identity: DaemonIdentity,
    private readonly clock: Clock,
    private readonly serviceMs: () => number,
  ) {
    this.bornAt = clock.now();
  }

  get isFrozen(): boolean {
    return this.frozen;
  }

  freeze(isFrozen: boolean): void {
    this.frozen = isFrozen;
    this.serve();
  }

  /** Queues a call. It is executed in its turn, even if its caller gave up, unless the daemon dies before. */
  call(run: () => void): void {
    this.queue.push(run);
    this.serve();
  }

  /** Ends the daemon. Its pending calls are lost. */
  die(): void {
    this.isDead = true;
    this.queue.length = 0;
  }

  entriesOf(agentId: string): FakeEntry[] {
    return [...this.entries.values()].filter((entry) => entry.agentId === agentId);
  }

  /** Returns exactly the entry of this reference, or null, also if another entry has its number. */
  findEntry(ref: EntryRef): FakeEntry | null {
    const entry = this.entries.get(ref.entryId);
    return entry !== undefined && isSameEntry(entryRefOf(this.identity, entry), ref) ? entry : null;
  }

  freeEntryId(): number {
    let entryId = 0;
    while (this.entries.has(entryId)) entryId += 1;
    return entryId;
  }

  private serve(): void {
    if (this.isServing || this.frozen || this.queue.length === 0) return;
    this.isServing = true;
    this.clock.after(this.serviceMs(), () => {
      this.isServing = false;
      if (this.isDead) return;
      if (!this.frozen) this.queue.shift()?.();
      this.serve();
    });
  }
}
