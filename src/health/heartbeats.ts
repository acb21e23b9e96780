import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, invalid, type Clock, type Heartbeat } from '../kernel';
import { OwnAddress } from '../config';
import { TokenBudgets } from './token-budgets';
import { HeartbeatStore, type Announcement, type SavedHeartbeat } from './heartbeat-store';

/** What is known of an agent by its own words. */
interface Known extends SavedHeartbeat {
  /** `Clock.now()` of the latest heartbeat of this incarnation. */
  readonly at: number;
  readonly status: Heartbeat['status'] | null;
  readonly busy: boolean;
  readonly task: string | null;
  readonly progress: number | null;
  /** `Clock.now()` when task or progress last changed, or it became busy. */
  readonly progressAt: number;
}

/** What the present process of an agent has told of itself. */
export interface Vitals {
  /** Since its latest heartbeat, milliseconds. */
  readonly ageMs: number;
  readonly status: Heartbeat['status'] | null;
  /** For how long it has been busy without progress, milliseconds; null: it is not busy. */
  readonly withoutProgressMs: number | null;
}

/**
 * Heartbeats of agents: what they announce holds until the process ends that announced it, and its last task is handed
 * to the run after it.
 */
@Injectable()
export class Heartbeats {
  private readonly known = new Map<string, Known>();
  /** What is on disk. */
  private readonly saved = new Map<string, Known>();
  private incarnationOf: (agentId: string) => string | null = () => null;

  constructor(
    private readonly store: HeartbeatStore,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly address: OwnAddress,
    private readonly tokens: TokenBudgets,
  ) {}

  async load(): Promise<void> {
    const now = this.clock.now();
    for (const [agentId, saved] of await this.store.loadAll()) {
      const known = { ...saved, ...UNTOLD, at: now, progressAt: now };
      this.known.set(agentId, known);
      this.saved.set(agentId, known);
    }
  }

  /**
   * Healing says which process an agent has now, as one word that is new with each process; null: none.
   */
  attach(incarnationOf: (agentId: string) => string | null): void {
    this.incarnationOf = incarnationOf;
  }

  /** @throws Problem `invalid-request` for an announcement of our own port; `database-unavailable` */
  async record(agentId: string, heartbeat: Heartbeat): Promise<void> {
    this.refuseOwnPort(heartbeat);
    const incarnation = this.incarnationOf(agentId);
    const before = this.known.get(agentId);
    const same = before?.incarnation === incarnation;
    const announcement = same ? before.announced : null;
    const next: Known = {
      incarnation,
      announced: laidOver(announcement, heartbeat),
      lastTask: heartbeat.task ?? (same ? before.lastTask : null),
      ...toldBy(heartbeat, same ? before : null, this.clock.now()),
    };
    const changed = !same || next.lastTask !== before.lastTask || !isEqual(next.announced, before.announced);
    // Taken at once, so that another heartbeat that comes meanwhile is laid over this one.
    this.known.set(agentId, next);
    // What changes is on disk before it is acknowledged.
    try {
      if (heartbeat.tokensUsed !== undefined) await this.tokens.record(agentId, incarnation, heartbeat.tokensUsed);
      if (!changed) return; // a mere sign of life needs no row
      await this.store.save(agentId, next);
      if (this.known.has(agentId)) this.saved.set(agentId, next);
    } catch (error) {
      if (changed && this.known.get(agentId) === next) this.restore(agentId);
      throw error;
    }
  }

  /** What could not be saved is not believed. */
  private restore(agentId: string): void {
    const saved = this.saved.get(agentId);
    if (saved === undefined) this.known.delete(agentId);
    else this.known.set(agentId, saved);
  }

  /** Where the present process of the agent says that it listens; null: it has said nothing. */
  announcedOf(agentId: string): Announcement | null {
    const known = this.known.get(agentId);
    return known?.incarnation === this.incarnationOf(agentId) ? known.announced : null;
  }

  /** What the present process has told of itself; null: nothing yet. */
  vitalsOf(agentId: string): Vitals | null {
    const known = this.known.get(agentId);
    if (known?.incarnation !== this.incarnationOf(agentId)) return null;
    const now = this.clock.now();
    const withoutProgressMs = known.busy ? now - known.progressAt : null;
    return { ageMs: now - known.at, status: known.status, withoutProgressMs };
  }

  /** Nothing ran for a while: nobody was late meanwhile. */
  resumed(): void {
    const now = this.clock.now();
    for (const [agentId, known] of this.known) this.known.set(agentId, { ...known, at: now, progressAt: now });
  }

  /** The last task that a run of the agent reported; null: none. */
  lastTaskOf(agentId: string, runId: string): string | null {
    const known = this.known.get(agentId);
    return known?.incarnation?.startsWith(`${runId}:`) === true ? known.lastTask : null;
  }

  async forget(agentId: string): Promise<void> {
    this.known.delete(agentId);
    this.saved.delete(agentId);
    await this.store.remove(agentId);
  }

  /** A check of ourselves would call us healthy for ever, and a task sent to us would come back. */
  private refuseOwnPort(heartbeat: Heartbeat): void {
    const faults = (['endpoint', 'healthUrl'] as const).flatMap((member) => {
      const value = heartbeat[member];
      if (typeof value !== 'string' || portOf(value) !== this.address.port) return [];
      return [{ pointer: `/${member}`, detail: 'names the port of agent-spawner itself' }];
    });
    if (faults.length > 0) throw invalid(faults);
  }
}

const UNTOLD = { status: null, busy: false, task: null, progress: null } as const;

type Told = Pick<Known, 'at' | 'status' | 'busy' | 'task' | 'progress' | 'progressAt'>;

/** A member that is omitted is unchanged, but for `busy`, which is true only where it says so. */
function toldBy(heartbeat: Heartbeat, before: Told | null, now: number): Told {
  const busy = heartbeat.busy ?? false;
  const task = heartbeat.task === undefined ? (before?.task ?? null) : heartbeat.task;
  const progress = heartbeat.progress ?? before?.progress ?? null;
  const isOngoing = task === before?.task && progress === before.progress && (before.busy || !busy);
  return {
    at: now,
    status: heartbeat.status ?? before?.status ?? null,
    busy,
    task,
    progress,
    progressAt: isOngoing ? before.progressAt : now,
  };
}

function portOf(url: string): number {
  const { port } = new URL(url);
  return port === '' ? 80 : Number(port);
}

/** Omitted: unchanged; null: withdrawn. */
function laidOver(before: Announcement | null, heartbeat: Heartbeat): Announcement | null {
  const endpoint = heartbeat.endpoint === undefined ? (before?.endpoint ?? null) : heartbeat.endpoint;
  const healthUrl = heartbeat.healthUrl === undefined ? (before?.healthUrl ?? null) : heartbeat.healthUrl;
  return endpoint === null && healthUrl === null ? null : { endpoint, healthUrl };
}

function isEqual(left: Announcement | null, right: Announcement | null): boolean {
  return left?.endpoint === right?.endpoint && left?.healthUrl === right?.healthUrl;
}
