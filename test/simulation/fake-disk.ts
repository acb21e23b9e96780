import { Problem, type Clock, type DesiredState, type Random } from '../../src/kernel';
import type { Circuit } from '../../src/circuit';
import type { EventDraft } from '../../src/events';
import type { Change } from '../../src/healing/journal';
import type { AgentState } from '../../src/healing/machine';
import type { Tx } from '../../src/persistence';
import { learnOutcome, unavailable } from '../../src/persistence/commit-in-doubt';

type Write = (disk: FakeDisk) => void;

/** As in production: how long a caller waits to learn what became of its commit. */
const DOUBT_MS = 5_000;

/** The engine is lost in the next commit, and nobody hears whether it happened until it is open again. */
export interface LossInCommit {
  readonly happens: boolean;
  /** Until somebody notices that it is lost. */
  readonly hangMs: number;
  /** From there until it is open again. */
  readonly reopensMs: number;
}

/** What survives a supervisor: written whole or not at all, and only while the database is there. */
export class FakeDisk {
  readonly states = new Map<string, AgentState>();
  /** The boot of the machine in which each state was saved. */
  readonly boots = new Map<string, number>();
  /** Which boot it is now. */
  boot = 0;
  readonly desired = new Map<string, DesiredState>();
  readonly circuits = new Map<string, Circuit>();
  readonly history: EventDraft[] = [];
  isAway = false;
  nextCommit: LossInCommit | null = null;
  /** Told when an engine is lost, and when it is open again. */
  onLoss: (isLost: boolean) => void = () => undefined;

  save(change: Change): void {
    this.states.set(change.agentId, structuredClone(change.state));
    this.boots.set(change.agentId, this.boot);
    this.desired.set(change.agentId, change.desired);
    this.circuits.set(change.agentId, change.circuit);
    this.history.push(...change.events);
  }
}

/** One supervisor's connection to the disk; after its death nothing of it is written any more. */
export class DiskConnection {
  private alive = true;
  private isLost = false;

  constructor(
    private readonly disk: FakeDisk,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  close(): void {
    this.alive = false;
  }

  /** The production write queue calls this; works write by {@link writesOf}. */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const writes: Write[] = [];
    const value = await work(writes as unknown as Tx);
    await this.latency();
    if (this.disk.isAway || this.isLost) throw new Problem('database-unavailable', 'the disk is away');
    const loss = this.disk.nextCommit;
    this.disk.nextCommit = null;
    if (loss !== null && this.alive) await this.lose(loss, writes);
    // Killed in the middle: before the save or after it, and nobody learns which.
    else if (this.alive || this.random() < 0.5) this.write(writes);
    if (!this.alive) return new Promise(() => undefined);
    await this.latency();
    return value;
  }

  private write(writes: readonly Write[]): void {
    for (const write of writes) write(this.disk);
  }

  /** Returns where it was committed, and somebody learned of it in time. */
  private async lose({ happens, hangMs, reopensMs }: LossInCommit, writes: readonly Write[]): Promise<void> {
    const { clock, disk } = this;
    if (happens) this.write(writes);
    this.isLost = true;
    disk.onLoss(true);
    await this.wait(hangMs);
    const outcome = this.wait(reopensMs).then(() => {
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

  /** Never ends for the dead. */
  private wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(delayMs, () => {
        if (this.alive) resolve();
      });
    });
  }

  private latency(): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(1 + this.random() * 6, resolve);
    });
  }
}

export function writesOf(tx: Tx): Write[] {
  return tx as unknown as Write[];
}
