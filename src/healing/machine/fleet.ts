import type { FailureCause } from '../../kernel';
import { EXTERNAL_CAUSES } from './failure-policy';

/** A fleet incident needs at least this many failing agents, and at least this share of the running ones. */
const LEAST_AGENTS = 5;
const LEAST_SHARE = 0.2;
/** Time within which they must turn failing. */
const WINDOW_MS = 60_000;
/** Time for which fewer than half must be failing before the incident is over. */
const CALM_MS = 60_000;
/** Delay before one affected agent is restarted as a canary. */
export const CANARY_AFTER_MS = 15 * 60_000;
/** Time within which the canary must recover, besides the time that its fault needs to show again. */
const CANARY_TIME_MS = 5 * 60_000;

export function isOutside(cause: FailureCause): boolean {
  return EXTERNAL_CAUSES.has(cause);
}

/** Health and latest exit of one agent. Times are on the scale of `Clock.now()`. */
export interface FleetMember {
  /** Time since which its checks fail, or its heartbeats report `failing`; null: neither. */
  readonly failedSince: number | null;
  /** First and latest check of the unbroken series by which its present process is well; null: the latest was not. */
  readonly well: { readonly since: number; readonly until: number } | null;
  /**
   * The failing verdict, with its start, its line, and the time that a new process must run before the fault can show
   * again; null: it is not failing.
   */
  readonly failing: { readonly since: number; readonly line: string; readonly signalMs: number } | null;
  /** The external cause of its latest diagnosed exit; null: that exit had none. */
  readonly outside: { readonly cause: FailureCause; readonly at: number; readonly line: string } | null;
}

/** Affected agent that is restarted to see if a restart helps. */
export interface Canary {
  readonly agentId: string;
  readonly askedAt: number;
  readonly helped: boolean;
  /** Time that its new process must run before its fault can show again. */
  readonly signalMs: number;
}

export type FleetReason = 'health' | 'outside' | 'own-lag';

/** Failure of many agents with one cause. */
export interface FleetIncident {
  readonly id: string;
  readonly reason: FleetReason;
  readonly openedAt: number;
  /** The evidence they share, in one line. */
  readonly evidence: string;
  readonly affected: readonly string[];
  /** Time since which fewer than half of the affected agents fail; null: at least half do. */
  readonly calmSince: number | null;
  readonly canary: Canary | null;
  /** When the next canary may be started. */
  readonly canaryAt: number;
}

export interface FleetView {
  readonly members: ReadonlyMap<string, FleetMember>;
  /** Number of agents that are up: those with a process, and external ones that were seen healthy. */
  readonly running: number;
  readonly incident: FleetIncident | null;
  /**
   * Latest time within the last minute when the supervisor's event loop lagged, so that checks cannot be trusted; null:
   * none.
   */
  readonly laggedAt: number | null;
  /** Returns when the agent's present process was verified; null: it is not. */
  readonly verifiedAt: (agentId: string) => number | null;
  /** Returns true if healing restarts the agent when it is failing. */
  readonly canRestart: (agentId: string) => boolean;
}

/** Returns how many failing agents make a fleet incident. */
export function fleetBound(running: number): number {
  return Math.max(LEAST_AGENTS, Math.ceil(running * LEAST_SHARE));
}

/** Returns a new incident if its conditions are met; null if not, or while one is open. */
export function openFleetIncident(view: FleetView, now: number, newId: () => string): FleetIncident | null {
  if (view.incident !== null) return null;
  const opened = (reason: FleetReason, evidence: string, affected: readonly string[]): FleetIncident => ({
    ...{ id: newId(), reason, openedAt: now, evidence, affected },
    ...{ calmSince: null, canary: null, canaryAt: now + CANARY_AFTER_MS },
  });
  const bound = fleetBound(view.running);
  const turned = [...view.members].filter(([, { failing }]) => failing !== null && failing.since > now - WINDOW_MS);
  if (turned.length >= bound) {
    const lines = turned.map(([, { failing }]) => failing?.line ?? '');
    return opened('health', commonest(lines), idsOf(turned));
  }
  for (const cause of EXTERNAL_CAUSES) {
    const same = [...view.members].filter(
      ([, { outside }]) => outside?.cause === cause && outside.at > now - WINDOW_MS,
    );
    if (same.length < bound) continue;
    return opened('outside', `${cause}: ${commonest(same.map(([, { outside }]) => outside?.line ?? ''))}`, idsOf(same));
  }
  if (view.laggedAt === null) return null;
  return opened('own-lag', 'the event loop of agent-spawner lagged, so checks were unreliable', []);
}

/**
 * Returns true if a failing verdict of the agent may be acted on. Returns false also while so many others have started
 * to fail that an incident is likely; the next check decides again.
 */
export function mayActOn(view: FleetView, agentId: string, now: number): boolean {
  const { incident } = view;
  if (incident !== null) return incident.canary?.helped === true || incident.canary?.agentId === agentId;
  // Agents may report `failing` for minutes before that becomes a verdict: look back as far for the others.
  const suspectMs = 2 * WINDOW_MS + (view.members.get(agentId)?.failing?.signalMs ?? 0);
  const suspects = [...view.members.values()].filter(
    ({ failedSince, failing }) =>
      (failedSince !== null && failedSince > now - suspectMs) || (failing !== null && failing.since > now - WINDOW_MS),
  );
  return suspects.length < fleetBound(view.running);
}

export type FleetProgress =
  | { readonly kind: 'over' }
  | { readonly kind: 'goes-on'; readonly incident: FleetIncident; readonly canaryAsked: string | null };

/** Returns the progress of an incident. */
export function progressOf(view: FleetView, incident: FleetIncident, now: number): FleetProgress {
  const affected = affectedBy(view, incident);
  const remaining = affected.filter((agentId) => isAffectedStill(view, incident, agentId, now));
  if (incident.reason === 'own-lag' && view.laggedAt === null) return { kind: 'over' };
  const isCalm = incident.reason !== 'own-lag' && remaining.length * 2 < affected.length;
  const calmSince = isCalm ? (incident.calmSince ?? now) : null;
  if (calmSince !== null && now - calmSince >= CALM_MS) return { kind: 'over' };
  const canary = canaryOf(view, incident, remaining, now);
  const asked = canary !== null && canary.agentId !== incident.canary?.agentId ? canary.agentId : null;
  const canaryAt = asked === null ? incident.canaryAt : now + CANARY_AFTER_MS;
  return { kind: 'goes-on', incident: { ...incident, affected, calmSince, canary, canaryAt }, canaryAsked: asked };
}

/** Adds agents that turned failing during a health incident. */
function affectedBy({ members }: FleetView, { affected, reason }: FleetIncident): readonly string[] {
  if (reason !== 'health') return affected;
  const more = [...members].filter(([agentId, { failing }]) => failing !== null && !affected.includes(agentId));
  return more.length === 0 ? affected : [...affected, ...idsOf(more)];
}

function isAffectedStill(view: FleetView, { reason }: FleetIncident, agentId: string, now: number): boolean {
  const member = view.members.get(agentId);
  if (member === undefined) return false;
  return reason === 'health' ? member.failing !== null : (member.outside?.at ?? -Infinity) > now - CALM_MS;
}

function canaryOf(
  view: FleetView,
  { canary, canaryAt, reason }: FleetIncident,
  remaining: readonly string[],
  now: number,
): Canary | null {
  if (reason !== 'health') return null;
  if (canary !== null) {
    if (canary.helped) return canary;
    if (hasHelped(view, canary)) return { ...canary, helped: true };
    return now - canary.askedAt > CANARY_TIME_MS + canary.signalMs ? null : canary;
  }
  const agentId = remaining.find((each) => view.canRestart(each));
  if (agentId === undefined || now < canaryAt) return null;
  return { agentId, askedAt: now, helped: false, signalMs: view.members.get(agentId)?.failing?.signalMs ?? 0 };
}

/**
 * Returns true once the canary is verified and has been well for as long as its fault needs to show again. The absence
 * of a failing verdict proves nothing before that.
 */
function hasHelped(view: FleetView, { agentId, askedAt, signalMs }: Canary): boolean {
  const { failing, well } = view.members.get(agentId) ?? { failing: null, well: null };
  if (failing !== null || well === null || well.since <= askedAt) return false;
  return well.until - well.since >= signalMs && (view.verifiedAt(agentId) ?? -Infinity) > askedAt;
}

function idsOf(entries: readonly (readonly [string, FleetMember])[]): string[] {
  return entries.map(([agentId]) => agentId);
}

/** Returns the most frequent line. */
function commonest(lines: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return [...counts].sort(([, left], [, right]) => right - left)[0]?.[0] ?? '';
}
