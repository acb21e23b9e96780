import type { Clock, Diagnosis, NewId } from '../../kernel';
import type { HealthOutcome } from '../../health';
import {
  isOutside,
  mayActOn,
  openFleetIncident,
  progressOf,
  rehydrateFleetIncident,
  type FleetIncident,
  type FleetMember,
  type FleetView,
} from '../machine';

/** Receives the start, the changes and the end of each fleet incident. */
export interface FleetEvents {
  onDegraded(incident: FleetIncident, running: number): void;
  onChanged(incident: FleetIncident): void;
  onCanary(incident: FleetIncident, agentId: string): void;
  onRestored(incident: FleetIncident): void;
}

/** Facts about agents that healing provides. */
export interface FleetFacts {
  /** Returns the agents that are up: those with a process, and external ones that were seen healthy. */
  upAgents(): readonly string[];
  /** Returns when the agent's present process was verified; null: it is not. */
  verifiedAt(agentId: string): number | null;
  /** Returns true if healing restarts the agent when it is failing. */
  canRestart(agentId: string): boolean;
}

/** The parts of a check's outcome that concern the fleet. */
export type FleetCheck = Pick<HealthOutcome, 'problem' | 'isWell' | 'saysFailing' | 'failing' | 'signalMs'>;

const NO_FACTS: FleetMember = { failedSince: null, well: null, failing: null, outside: null };
/** Time after a lag of the supervisor's event loop during which checks are not trusted. */
const LAG_MS = 60_000;

/** Watches all agents together. If many fail at once from the same cause, the agents are probably not at fault. */
export class FleetWatch {
  private readonly members = new Map<string, FleetMember>();
  private incident: FleetIncident | null = null;
  private laggedAt: number | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly newId: NewId,
    private readonly events: FleetEvents,
    private readonly facts: FleetFacts,
  ) {}

  /** Restores an incident that was open when the supervisor last exited. */
  load(incident: FleetIncident | null): void {
    this.incident = incident === null ? null : rehydrateFleetIncident(incident, this.clock.now());
  }

  /** Returns true while a fleet incident is open. */
  isIncident(): boolean {
    return this.incident !== null;
  }

  current(): FleetIncident | null {
    return this.incident;
  }

  /**
   * Notes a check of an agent.
   *
   * @returns true if a failing verdict may be acted on
   */
  noteCheck(agentId: string, { problem, isWell, saysFailing, failing, signalMs }: FleetCheck): boolean {
    const now = this.clock.now();
    const before = this.members.get(agentId) ?? NO_FACTS;
    this.members.set(agentId, {
      ...before,
      failedSince: problem === null && !saysFailing ? null : (before.failedSince ?? now),
      well: isWell ? { since: before.well?.since ?? now, until: now } : null,
      failing: failing === null ? null : { since: before.failing?.since ?? now, line: failing.line, signalMs },
    });
    if (failing === null) return true;
    this.open();
    return mayActOn(this.view(), agentId, now);
  }

  /** Notes the diagnosis of an exit. */
  noteDiagnosis(agentId: string, { cause, line }: Diagnosis): void {
    const outside = isOutside(cause) ? { cause, line, at: this.clock.now() } : null;
    this.members.set(agentId, { ...NO_FACTS, outside });
    if (outside !== null) this.open();
  }

  forget(agentId: string): void {
    this.members.delete(agentId);
  }

  /** Notes that the supervisor's event loop lagged while checks were in progress. */
  noteLag(): void {
    this.laggedAt = this.clock.now();
    this.open();
  }

  /** Updates the open incident. Called with each pass. */
  pass(): void {
    const { incident } = this;
    if (incident === null) return;
    const progress = progressOf(this.view(), incident, this.clock.now());
    if (progress.kind === 'over') {
      this.incident = null;
      this.events.onRestored(incident);
      return;
    }
    const isNews = JSON.stringify(progress.incident) !== JSON.stringify(incident);
    this.incident = progress.incident;
    if (progress.canaryAsked !== null) this.events.onCanary(progress.incident, progress.canaryAsked);
    else if (isNews) this.events.onChanged(progress.incident);
  }

  private open(): void {
    const opened = openFleetIncident(this.view(), this.clock.now(), this.newId);
    if (opened === null) return;
    this.incident = opened;
    this.events.onDegraded(opened, this.facts.upAgents().length);
  }

  private view(): FleetView {
    const { members, incident, laggedAt } = this;
    const up = new Set(this.facts.upAgents());
    // An agent without a process is down, not unhealthy. Healing handles it.
    for (const [agentId, member] of members)
      if ((member.failing !== null || member.well !== null) && !up.has(agentId))
        members.set(agentId, { ...NO_FACTS, outside: member.outside });
    const isLagOver = laggedAt === null || this.clock.now() - laggedAt > LAG_MS;
    return {
      members,
      running: up.size,
      incident,
      laggedAt: isLagOver ? null : laggedAt,
      verifiedAt: (agentId) => this.facts.verifiedAt(agentId),
      canRestart: (agentId) => this.facts.canRestart(agentId),
    };
  }
}
