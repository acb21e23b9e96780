import type { FailureCause } from '../../kernel';

/** At least so many agents, and at least this share of those that run, make a fleet incident. */
const LEAST_AGENTS = 5;
const LEAST_SHARE = 0.2;
/** They turn failing within this long. */
const WINDOW_MS = 60_000;
/** It is over once under half of them have been failing for this long. */
const CALM_MS = 60_000;
/** After this long one of them is restarted, to see whether that helps. */
const CANARY_AFTER_MS = 15 * 60_000;
/** A restart that has not helped by then has not helped. */
const CANARY_TIME_MS = 5 * 60_000;

/** Causes outside of the agents: the same in many is one fault, not many. */
const OUTSIDE: ReadonlySet<FailureCause> = new Set(['network', 'rate-limited', 'credentials']);

export function isOutside(cause: FailureCause): boolean {
  return OUTSIDE.has(cause);
}

/** What is known of one agent's health and exits. Times are `Clock.now()`. */
export interface FleetMember {
  /** Since when its checks fail; null: the latest was good. */
  readonly failedSince: number | null;
  /** Since when its verdict is failing, and what it says; null: it is not. */
  readonly failing: { readonly since: number; readonly line: string } | null;
  /** The latest cause outside of it that an exit was diagnosed with. */
  readonly outside: { readonly cause: FailureCause; readonly at: number; readonly line: string } | null;
}

export type FleetReason = 'health' | 'outside' | 'own-lag';

/** One cause, many agents. */
export interface FleetIncident {
  readonly id: string;
  readonly reason: FleetReason;
  readonly openedAt: number;
  /** What they have in common, in one line. */
  readonly evidence: string;
  readonly affected: readonly string[];
  /** Since when under half of the affected remain; null: they do not. */
  readonly calmSince: number | null;
  readonly canary: { readonly agentId: string; readonly askedAt: number; readonly helped: boolean } | null;
  /** When the next canary may be asked. */
  readonly canaryAt: number;
}

export interface FleetView {
  readonly members: ReadonlyMap<string, FleetMember>;
  /** Agents that have a process now. */
  readonly running: number;
  readonly incident: FleetIncident | null;
  /** When our own loop last lagged, within the last minute, so that checks could not be trusted; null: it did not. */
  readonly laggedAt: number | null;
}

/** How many agents make a fleet incident, of so many that run. */
export function fleetBound(running: number): number {
  return Math.max(LEAST_AGENTS, Math.ceil(running * LEAST_SHARE));
}

/** An incident that begins now; null: there is none. */
export function openedIncident(view: FleetView, now: number, newId: () => string): FleetIncident | null {
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
  for (const cause of OUTSIDE) {
    const same = [...view.members].filter(
      ([, { outside }]) => outside?.cause === cause && outside.at > now - WINDOW_MS,
    );
    if (same.length < bound) continue;
    return opened('outside', `${cause}: ${commonest(same.map(([, { outside }]) => outside?.line ?? ''))}`, idsOf(same));
  }
  if (view.laggedAt === null) return null;
  return opened('own-lag', 'agent-spawner itself was held up; checks made then say nothing', []);
}

/**
 * Whether a failing verdict of one agent may be acted on. Held back too while so many others have begun to fail that an
 * incident is likely: the next check asks again.
 */
export function mayActOn(view: FleetView, agentId: string, now: number): boolean {
  const { incident } = view;
  if (incident !== null) return incident.canary?.helped === true || incident.canary?.agentId === agentId;
  const suspects = [...view.members.values()].filter(
    ({ failedSince, failing }) =>
      (failedSince !== null && failedSince > now - 2 * WINDOW_MS) ||
      (failing !== null && failing.since > now - WINDOW_MS),
  );
  return suspects.length < fleetBound(view.running);
}

export type FleetProgress =
  | { readonly kind: 'over' }
  | { readonly kind: 'goes-on'; readonly incident: FleetIncident; readonly canaryAsked: string | null };

/** What has become of an incident by now. */
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

/** Whoever fails meanwhile belongs to it. */
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
): FleetIncident['canary'] {
  if (reason !== 'health') return null;
  if (canary !== null) {
    if (canary.helped) return canary;
    const isWell = view.members.get(canary.agentId)?.failing === null && now > canary.askedAt;
    if (isWell) return { ...canary, helped: true };
    return now - canary.askedAt > CANARY_TIME_MS ? null : canary;
  }
  const [first] = remaining;
  return first === undefined || now < canaryAt ? null : { agentId: first, askedAt: now, helped: false };
}

function idsOf(entries: readonly (readonly [string, FleetMember])[]): string[] {
  return entries.map(([agentId]) => agentId);
}

/** The line that most of them share. */
function commonest(lines: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return [...counts].sort(([, left], [, right]) => right - left)[0]?.[0] ?? '';
}
