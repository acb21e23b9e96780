import { z } from 'zod';
import { invalidMembers, type InvalidMember } from '../../kernel';
import { CANARY_AFTER_MS, type FleetIncident } from './fleet';

const time = z.number().min(0);

const fleetIncident: z.ZodType<FleetIncident> = z.object({
  id: z.string(),
  reason: z.enum(['health', 'outside', 'own-lag']),
  openedAt: time,
  evidence: z.string(),
  affected: z.array(z.string()).readonly(),
  calmSince: time.nullable(),
  // An older version saved none.
  canary: z.object({ agentId: z.string(), askedAt: time, helped: z.boolean(), signalMs: time.default(0) }).nullable(),
  canaryAt: time,
});

/** Parses the saved fleet incident; never throws. An invalid one is dropped, and opens again if its cause persists. */
export function parseSavedFleetIncident(json: unknown): {
  readonly value: FleetIncident | null;
  readonly faults: readonly InvalidMember[];
} {
  const { success, data, error } = fleetIncident.nullable().safeParse(json);
  return success ? { value: data, faults: [] } : { value: null, faults: invalidMembers(error) };
}

/**
 * Returns a saved incident made usable after a start of the supervisor, whose clock may be far from the saved times. No
 * check has been made yet, so nothing is calm, and a canary has its full time again.
 */
export function rehydrateFleetIncident(incident: FleetIncident, now: number): FleetIncident {
  const { openedAt, canary, canaryAt } = incident;
  return {
    ...incident,
    openedAt: Math.min(openedAt, now),
    calmSince: null,
    canary: canary === null || canary.helped ? canary : { ...canary, askedAt: now },
    canaryAt: Math.min(Math.max(canaryAt, now), now + CANARY_AFTER_MS),
  };
}
