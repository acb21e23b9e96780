import type { Heartbeat } from '../../kernel';

/** Holds what the present process of an agent reported about itself, in memory only. Times are `Clock.now()`. */
export interface Liveness {
  readonly incarnation: string | null;
  /** Time of its latest heartbeat. */
  readonly at: number;
  readonly status: Heartbeat['status'] | null;
  readonly busy: boolean;
  /** Time of its latest heartbeat that said busy; null: none did. */
  readonly busyAt: number | null;
  readonly task: string | null;
  readonly progress: number | null;
  /** Time at which task or progress last changed, or at which it became busy. */
  readonly progressAt: number;
  /** Start of the unbroken series of heartbeats that report `failing`; null if the latest does not. */
  readonly failingSince: number | null;
  /** Latest message that it sent with this status; null if none. */
  readonly message: string | null;
}

/** Describes for how long a process has reported that it is failing. */
export interface SelfFailing {
  /** Milliseconds from the first to the latest heartbeat of the series. */
  readonly forMs: number;
  readonly message: string | null;
}

/** Facts that the present process of an agent reported about itself, as of one moment. */
export interface Vitals {
  /** Milliseconds since its latest heartbeat. */
  readonly ageMs: number;
  readonly status: Heartbeat['status'] | null;
  /** Milliseconds for which it has been busy without progress; null if it is not busy. */
  readonly withoutProgressMs: number | null;
  /** Null if its latest heartbeat does not report `failing`. */
  readonly selfFailing: SelfFailing | null;
}

/** Creates the state of a process that has sent no heartbeat yet. Its heartbeat timeout runs from `now`. */
export function livenessFrom(incarnation: string | null, now: number): Liveness {
  return {
    ...{ incarnation, at: now, status: null, message: null, failingSince: null },
    ...{ busy: false, busyAt: null, task: null, progress: null, progressAt: now },
  };
}

/** Applies a heartbeat. An omitted member is unchanged, except `busy`, which defaults to false. */
export function withHeartbeat(
  known: Liveness | null,
  incarnation: string | null,
  heartbeat: Heartbeat,
  now: number,
): Liveness {
  const before = known?.incarnation === incarnation ? known : livenessFrom(incarnation, now);
  const busy = heartbeat.busy ?? false;
  const task = heartbeat.task === undefined ? before.task : heartbeat.task;
  const progress = heartbeat.progress ?? before.progress;
  const status = heartbeat.status ?? before.status;
  const isSameStatus = status === before.status;
  const isOngoing = task === before.task && progress === before.progress && (before.busy || !busy);
  return {
    incarnation,
    at: now,
    status,
    message: heartbeat.message ?? (isSameStatus ? before.message : null),
    failingSince: status === 'failing' ? (isSameStatus ? before.failingSince : now) : null,
    busy,
    busyAt: busy ? now : before.busyAt,
    task,
    progress,
    progressAt: isOngoing ? before.progressAt : now,
  };
}

/** Resets all times after a suspend: no agent was late meanwhile. */
export function resumeLiveness(known: Liveness, now: number): Liveness {
  const busyAt = known.busy ? now : known.busyAt;
  return { ...known, at: now, busyAt, progressAt: now, failingSince: known.failingSince === null ? null : now };
}

/** Returns for how long all heartbeats have reported `failing`; null if the latest does not. */
export function selfFailingOf({ at, failingSince, message }: Liveness): SelfFailing | null {
  return failingSince === null ? null : { forMs: at - failingSince, message };
}

/** Returns the vitals at `now`. */
export function vitalsFrom(liveness: Liveness, now: number): Vitals {
  const { at, status, busy, progressAt } = liveness;
  const withoutProgressMs = busy ? now - progressAt : null;
  return { ageMs: now - at, status, withoutProgressMs, selfFailing: selfFailingOf(liveness) };
}
