import { z } from 'zod';
import { readSaved, type Saved } from '../kernel';
import { CLOSED_CIRCUIT, type Circuit } from './transitions';

const time = z.number().min(0);

const members = {
  state: z.enum(['CLOSED', 'OPEN', 'HALF_OPEN']),
  failureCount: z.number().int().min(0),
  recentFailures: z.array(time).readonly(),
  lastFailureAt: time.nullable(),
  trippedAt: time.nullable(),
  dueAt: time.nullable(),
  cooldownMs: z.number().min(0),
  trialBy: z.enum(['healing', 'operator']).nullable(),
} satisfies Record<keyof Circuit, z.ZodType>;

/**
 * Reads a saved circuit; never throws. An invalid member gets its default. If the state is invalid, the circuit is
 * CLOSED. If the due time is invalid, a trial is due after the whole cool-down.
 */
export function parseSavedCircuit(saved: unknown): Saved<Circuit> {
  const { value, faults } = readSaved(members, CLOSED_CIRCUIT, saved);
  const isBroken = (name: keyof Circuit) => faults.some(({ pointer }) => pointer.split('/')[1] === name);
  if (isBroken('state')) return { value: CLOSED_CIRCUIT, faults };
  // `rehydrateCircuit` limits it to the present plus the cool-down.
  return { value: isBroken('dueAt') ? { ...value, dueAt: Infinity } : value, faults };
}
