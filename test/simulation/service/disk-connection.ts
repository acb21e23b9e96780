import { Problem, type Clock, type Random } from '../../../src/kernel';
import type { Tx } from '../../../src/persistence';
import { learnOutcome, unavailable } from '../../../src/persistence/database/commit-in-doubt';
import type { FakeDisk, LossInCommit } from './fake-disk';

type Write = (disk: FakeDisk) => void;

/** Time for which a caller waits to learn the outcome of its commit, as in production. */
const DOUBT_MS = 5_000;

/** The connection of one process of the service to the disk. After that process is dead, it writes nothing more. */
export class DiskConnection {
  private closed = false;
  private isLost = false;
  private readonly boot: number;

  constructor(
    private readonly disk: FakeDisk,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {
    this.boot = disk.boot;
  }

  close(): void {
    this.closed = true;
  }

  /** Runs the work of the production write queue, then commits what it added to {@link writesOf}. */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.isClosed()) return new Promise(() => undefined);
    const writes: Write[] = [];
    const value = await work(writes as unknown as Tx);
    await this.latency();
    if (this.disk.refusals > 0) {
      this.disk.refusals -= 1;
      this.disk.onFailure();
      throw new Problem('database-unavailable', 'one commit is refused');
    }
    if (this.disk.isAway || this.isLost) throw new Problem('database-unavailable', 'the disk is away');
    const loss = this.disk.nextCommit;
    this.disk.nextCommit = null;
    if (loss !== null && !this.isClosed()) await this.lose(loss, writes);
    // If the service was killed meanwhile, it was either before the commit or after it. No caller learns which.
    else if (!this.isClosed() || this.random() < 0.5) this.write(writes);
    if (this.isClosed()) return new Promise(() => undefined);
    await this.latency();
    return value;
  }

  private write(writes: readonly Write[]): void {
    // No process survives a reboot of the machine.
    if (this.disk.boot !== this.boot) return;
    for (const write of writes) write(this.disk);
  }

  /** Crashes the engine. Resolves if the commit happened and the caller learned that in time, rejects otherwise. */
  private async lose({ happens, hangMs, reopensMs }: LossInCommit, writes: readonly Write[]): Promise<void> {
    const { clock, disk } = this;
    if (happens) this.write(writes);
    this.isLost = true;
    disk.onLoss(true);
    await this.waitAlive(hangMs);
    const outcome = this.waitAlive(reopensMs).then(() => {
      this.isLost = false;
      disk.onLoss(false);
      return happens;
    });
    try {
      await learnOutcome(outcome, new Error('the engine was lost'), { clock, limitMs: DOUBT_MS });
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** Never resolves once the connection is closed. */
  private waitAlive(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(delayMs, () => {
        if (!this.closed) resolve();
      });
    });
  }

  private latency(): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(1 + this.random() * 6, resolve);
    });
  }

  private isClosed(): boolean {
    return this.closed;
  }
}

/** Returns the writes of a transaction of {@link DiskConnection}, which are executed when it is committed. */
export function writesOf(tx: Tx): Write[] {
  return tx as unknown as Write[];
}
