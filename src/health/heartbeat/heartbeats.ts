import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, invalid, type Clock, type Heartbeat } from '../../kernel';
import { OwnAddress } from '../../config';
import type { Tx } from '../../persistence';
import { HEALTH_LISTENER, INCARNATIONS, type HealthListener, type Incarnations } from '../ports';
import { TokenBudgets } from '../tokens/token-budgets';
import { AgentClaims, isNamedNow } from './agent-claims';
import { HeartbeatStore, type Announcement, type SavedHeartbeat } from './heartbeat-store';
import { livenessFrom, resumeLiveness, vitalsFrom, withHeartbeat, type Liveness, type Vitals } from './liveness';

/** Holds what one agent reported about itself. It lives as long as the agent is registered. */
interface Known {
  /** Kept in memory only, so that a database failure never makes an agent look late. */
  liveness: Liveness | null;
  readonly claims: AgentClaims;
}

/**
 * Receives the heartbeats of agents. Liveness is kept in memory. Announcements and tasks are persisted before a
 * heartbeat is acknowledged. An announcement is valid until the process that made it exits. The last task is passed on
 * to the next run.
 */
@Injectable()
export class Heartbeats {
  private readonly known = new Map<string, Known>();

  constructor(
    private readonly store: HeartbeatStore,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly address: OwnAddress,
    private readonly tokens: TokenBudgets,
    @Inject(INCARNATIONS) private readonly incarnations: Incarnations,
    @Inject(HEALTH_LISTENER) private readonly listener: Pick<HealthListener, 'onHeartbeat'>,
  ) {}

  async load(): Promise<void> {
    const now = this.clock.now();
    for (const [agentId, saved] of await this.store.loadAll()) {
      this.remember(agentId, saved, livenessFrom(saved.incarnation, now));
    }
  }

  /**
   * Records a heartbeat. It counts as a sign of life from this call on, even if its save fails.
   *
   * @throws Problem `invalid-request` for an announcement of the supervisor's own port; `database-unavailable` if the
   * announcement, the task or the token count could not be saved; `agent-not-found` if the agent was unregistered
   * meanwhile
   */
  async record(agentId: string, heartbeat: Heartbeat): Promise<void> {
    refuseOwnPort(heartbeat, this.address.port);
    const known = this.known.get(agentId) ?? this.remember(agentId, null, null);
    const incarnation = this.presentOf(agentId);
    known.liveness = withHeartbeat(known.liveness, incarnation, heartbeat, this.clock.now());
    this.listener.onHeartbeat(agentId);
    const { tokensUsed } = heartbeat;
    await Promise.all([
      known.claims.save({ incarnation, heartbeat }),
      tokensUsed === undefined ? null : this.tokens.record(agentId, incarnation, tokensUsed),
    ]);
    this.listener.onHeartbeat(agentId);
  }

  /** Returns the addresses that the agent's present process announced; null if it announced none. */
  announcedOf(agentId: string): Announcement | null {
    const present = this.presentOf(agentId);
    const saved = this.savedOf(agentId);
    return saved?.incarnation === present ? saved.announced : null;
  }

  /** Returns what the agent's present process reported; null before its first heartbeat. */
  vitalsOf(agentId: string): Vitals | null {
    const present = this.presentOf(agentId);
    const liveness = this.known.get(agentId)?.liveness ?? null;
    return liveness?.incarnation === present ? vitalsFrom(liveness, this.clock.now()) : null;
  }

  /** Returns when the agent's present process last said that it is busy, and if its latest heartbeat still does. */
  busyOf(agentId: string): { readonly at: number; readonly isStill: boolean } | null {
    const present = this.presentOf(agentId);
    const liveness = this.known.get(agentId)?.liveness ?? null;
    if (liveness?.incarnation !== present || liveness.busyAt === null) return null;
    return { at: liveness.busyAt, isStill: liveness.busy };
  }

  /** Returns true if the agent has sent a heartbeat, from its present process or an earlier one. */
  hasSent(agentId: string): boolean {
    return (this.known.get(agentId)?.liveness ?? null) !== null;
  }

  /**
   * Returns the last task that a run of the agent reported. Null if it reported none, or if a later process has sent
   * heartbeats since.
   */
  lastTaskOf(agentId: string, runId: string): string | null {
    const saved = this.savedOf(agentId);
    const isOfRun = (reported: { readonly incarnation: string | null } | null | undefined) =>
      reported?.incarnation?.startsWith(`${runId}:`) === true;
    return isOfRun(saved) && isOfRun(this.known.get(agentId)?.liveness) ? (saved?.lastTask ?? null) : null;
  }

  /** Handles a resume after a suspend: no agent was late meanwhile. */
  onResume(): void {
    const now = this.clock.now();
    for (const known of this.known.values()) {
      if (known.liveness !== null) known.liveness = resumeLiveness(known.liveness, now);
    }
  }

  /** Removes the agent's row in the transaction that unregisters it. Call {@link forget} after the commit. */
  removeRows(tx: Tx, agentId: string): Promise<void> {
    return this.store.removeRow(tx, agentId);
  }

  /** Forgets an unregistered agent in memory only. A save in progress does not restore it. */
  forget(agentId: string): void {
    this.known.delete(agentId);
  }

  /** Removes the row and forgets the agent, for a caller without a transaction. */
  async remove(agentId: string): Promise<void> {
    await this.store.remove(agentId);
    this.forget(agentId);
  }

  /**
   * Returns the incarnation of the present process. Once its pid is known, assigns to it what it reported before, so
   * that this ends with the process and not with the run.
   */
  private presentOf(agentId: string): string | null {
    const incarnation = this.incarnations.incarnationOf(agentId);
    const known = this.known.get(agentId);
    if (known === undefined) return incarnation;
    const { liveness, claims } = known;
    if (liveness !== null && isNamedNow(liveness, incarnation)) known.liveness = { ...liveness, incarnation };
    claims.assignTo(incarnation);
    return incarnation;
  }

  private savedOf(agentId: string): SavedHeartbeat | null {
    return this.known.get(agentId)?.claims.saved ?? null;
  }

  private remember(agentId: string, saved: SavedHeartbeat | null, liveness: Liveness | null): Known {
    const isCurrent = () => this.known.get(agentId) === known;
    const known: Known = { liveness, claims: new AgentClaims(agentId, saved, this.store, isCurrent) };
    this.known.set(agentId, known);
    return known;
  }
}

/**
 * Rejects URLs with the supervisor's own port. A check of the supervisor would always succeed, and a task routed there
 * would come back.
 */
function refuseOwnPort(heartbeat: Heartbeat, ownPort: number): void {
  const faults = (['endpoint', 'healthUrl'] as const).flatMap((member) => {
    const value = heartbeat[member];
    if (typeof value !== 'string' || portOf(value) !== ownPort) return [];
    return [{ pointer: `/${member}`, detail: 'names the port of agent-spawner itself' }];
  });
  if (faults.length > 0) throw invalid(faults);
}

function portOf(url: string): number {
  const { port } = new URL(url);
  return port === '' ? 80 : Number(port);
}
