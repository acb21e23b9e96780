import { Problem, type Clock, type DesiredState, type Random } from '../../src/kernel';
import type { Circuit } from '../../src/circuit';
import type { Change } from '../../src/healing/journal';
import type { AgentState } from '../../src/healing/machine';
import type { Tx } from '../../src/persistence';

type Write = (disk: FakeDisk) => void;

/** What survives a supervisor: written whole or not at all, and only while the database is there. */
export class FakeDisk {
  readonly states = new Map<string, AgentState>();
  /** The boot of the machine in which each state was saved. */
  readonly boots = new Map<string, number>();
  /** Which boot it is now. */
  boot = 0;
  readonly desired = new Map<string, DesiredState>();
  readonly circuits = new Map<string, Circuit>();
  isAway = false;

  save(change: Change): void {
    this.states.set(change.agentId, structuredClone(change.state));
    this.boots.set(change.agentId, this.boot);
    this.desired.set(change.agentId, change.desired);
    this.circuits.set(change.agentId, change.circuit);
  }
}

/** One supervisor's connection to the disk; after its death nothing of it is written any more. */
export class DiskConnection {
  private alive = true;

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
    if (this.disk.isAway) throw new Problem('database-unavailable', 'the disk is away');
    // Killed in the middle: before the save or after it, and nobody learns which.
    if (this.alive || this.random() < 0.5) for (const write of writes) write(this.disk);
    if (!this.alive) return new Promise(() => undefined);
    await this.latency();
    return value;
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
