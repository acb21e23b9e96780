import type { Outage } from './outage';
import type { OutboxState } from './outbox';

/** Waiting changes above which the mirror is degraded and logs a warning. */
export const MANY = 50_000;
/** Lag above which the mirror is degraded. */
const LATE_SECONDS = 300;

export interface MirrorStatus extends OutboxState {
  readonly configured: boolean;
  /** Age of the oldest waiting change, in seconds; 0: Supabase has everything. */
  readonly lagSeconds: number;
  /** `waiting` until Supabase answers again; `paused` until the operator acts. */
  readonly state: 'off' | 'working' | 'waiting' | 'paused';
  /** Error of the last pass; null if it succeeded. */
  readonly lastError: string | null;
  /** Reason why Supabase does not have, or will not get, everything, and what to do; null if nothing is wrong. */
  readonly degraded: string | null;
}

/** Returns the status of a mirror without a complete configuration. @param missing the one setting that is missing */
export function statusWithoutMirror(outbox: OutboxState, missing: string | null, wallMs: number): MirrorStatus {
  return {
    ...outbox,
    configured: false,
    lagSeconds: lagSecondsOf(outbox, wallMs),
    state: 'off',
    lastError: null,
    degraded: missing === null ? null : `The mirror is off: set ${missing} too`,
  };
}

/** Returns the status of a configured mirror. @param outage why its last pass failed; null if it succeeded */
export function statusOf(outbox: OutboxState, outage: Outage | null, wallMs: number): MirrorStatus {
  return {
    ...outbox,
    configured: true,
    lagSeconds: lagSecondsOf(outbox, wallMs),
    state: outage?.state ?? 'working',
    lastError: outage?.error ?? null,
    degraded: degradedBy(outbox, outage, wallMs),
  };
}

function degradedBy(outbox: OutboxState, outage: Outage | null, wallMs: number): string | null {
  if (outage !== null) return [outage.error, outage.advice].filter((text) => text !== '').join('. ');
  const { setAside, waiting } = outbox;
  if (setAside > 0)
    return `Supabase refused ${setAside} rows because of their content: GET /api/mirror lists them, POST /api/mirror/retry retries them`;
  const lagSeconds = lagSecondsOf(outbox, wallMs);
  const isLate = waiting >= MANY || lagSeconds >= LATE_SECONDS;
  return isLate ? `${waiting} changes wait for Supabase, the oldest for ${lagSeconds} s` : null;
}

function lagSecondsOf({ oldestAt }: OutboxState, wallMs: number): number {
  return oldestAt === null ? 0 : Math.max(0, Math.round((wallMs - oldestAt.getTime()) / 1_000));
}
