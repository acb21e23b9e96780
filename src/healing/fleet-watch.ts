import type { Clock, Diagnosis, NewId } from '../kernel';
import {
  isOutside,
  mayActOn,
  openedIncident,
  progressOf,
  type FleetIncident,
  type FleetMember,
  type FleetView,
} from './machine';

/** Told when an incident begins, changes and ends; it keeps and tells it. */
export interface FleetEvents {
  degraded(incident: FleetIncident, running: number): void;
  changed(incident: FleetIncident): void;
  canary(incident: FleetIncident, agentId: string): void;
  restored(incident: FleetIncident): void;
}

const WELL: FleetMember = { failedSince: null, failing: null, outside: null };
/** While our own loop lags, nothing that was seen within this long before is trusted. */
const LAG_MS = 60_000;

/** Keeps an eye on all agents at once: many that fail by one cause are not each at fault. */
export class FleetWatch {
  private readonly members = new Map<string, FleetMember>();
  private incident: FleetIncident | null = null;
  private laggedAt: number | null = null;
  private upAgents: () => readonly string[] = () => [];

  constructor(
    private readonly clock: Clock,
    private readonly newId: NewId,
    private readonly events: FleetEvents,
  ) {}

  /** Which agents have a process now: healing says it. */
  attach(upAgents: () => readonly string[]): void {
    this.upAgents = upAgents;
  }

  /** Goes on with an incident that was open when we ended. */
  load(incident: FleetIncident | null): void {
    this.incident = incident;
  }

  /** True while one cause makes many fail. */
  isIncident(): boolean {
    return this.incident !== null;
  }

  current(): FleetIncident | null {
    return this.incident;
  }

  /**
   * A check of an agent counted.
   *
   * @param failing its verdict; null: not failing
   * @returns whether a failing verdict may be acted on
   */
  noteCheck(agentId: string, isGood: boolean, failing: Diagnosis | null): boolean {
    const now = this.clock.now();
    const before = this.members.get(agentId) ?? WELL;
    this.members.set(agentId, {
      ...before,
      failedSince: isGood ? null : (before.failedSince ?? now),
      failing: failing === null ? null : { since: before.failing?.since ?? now, line: failing.line },
    });
    if (failing === null) return true;
    this.open();
    return mayActOn(this.view(), agentId, now);
  }

  /** An exit, or a launch that failed, was diagnosed. */
  noteDiagnosis(agentId: string, { cause, line }: Diagnosis): void {
    const before = this.members.get(agentId) ?? WELL;
    const outside = isOutside(cause) ? { cause, line, at: this.clock.now() } : null;
    this.members.set(agentId, { ...before, failedSince: null, failing: null, outside });
    if (outside !== null) this.open();
  }

  forget(agentId: string): void {
    this.members.delete(agentId);
  }

  /** Our own loop was held up while checks were under way. */
  noteLag(): void {
    this.laggedAt = this.clock.now();
    this.open();
  }

  /** What has become of the incident; called with each pass. */
  pass(): void {
    const { incident } = this;
    if (incident === null) return;
    const progress = progressOf(this.view(), incident, this.clock.now());
    if (progress.kind === 'over') {
      this.incident = null;
      this.events.restored(incident);
      return;
    }
    const isNews = JSON.stringify(progress.incident) !== JSON.stringify(incident);
    this.incident = progress.incident;
    if (progress.canaryAsked !== null) this.events.canary(progress.incident, progress.canaryAsked);
    else if (isNews) this.events.changed(progress.incident);
  }

  private open(): void {
    const opened = openedIncident(this.view(), this.clock.now(), this.newId);
    if (opened === null) return;
    this.incident = opened;
    this.events.degraded(opened, this.upAgents().length);
  }

  private view(): FleetView {
    const { members, incident, laggedAt } = this;
    const up = new Set(this.upAgents());
    // What has no process does not fail by its health: it is down, and healing has it.
    for (const [agentId, member] of members)
      if (member.failing !== null && !up.has(agentId))
        members.set(agentId, { ...member, failedSince: null, failing: null });
    const isLagOver = laggedAt === null || this.clock.now() - laggedAt > LAG_MS;
    return { members, running: up.size, incident, laggedAt: isLagOver ? null : laggedAt };
  }
}
