import { diagnosisOf, type Diagnosis, type Evidence } from '../kernel';
import type { HealthHistory } from './history';

/** Number of consecutive failed checks that makes a verdict. */
const STREAK = 3;
/** Window for an agent that fails intermittently: 6 failed checks of the last 10 (60 %) make a verdict. */
const WINDOW = 10;
const FAILED_OF_WINDOW = 6;
const EVIDENCE_CHECKS = 3;
/** Number of consecutive measurements over the limit that makes a verdict. A single peak is not a leak. */
const MEASURED_OVER = 3;
const MEGABYTE = 1_048_576;

/** Facts about an agent besides its checks. */
export interface Standing {
  /** Milliseconds since its last heartbeat; null if this process has sent none. */
  readonly heartbeatAgeMs: number | null;
  readonly heartbeatTimeoutMs: number;
  /** Milliseconds for which it has been busy without progress; null if it is not busy. */
  readonly withoutProgressMs: number | null;
  readonly progressTimeoutMs: number | null;
  readonly tokens: { readonly used: number; readonly budget: number } | null;
  /** Measurements of this process in bytes, latest last. */
  readonly memory: { readonly measured: readonly number[]; readonly limitBytes: number } | null;
  /**
   * How long the agent has reported that it is failing, and its message with secrets masked. Null if it does not report
   * so.
   */
  readonly selfFailing: { readonly forMs: number; readonly limitMs: number; readonly message: string | null } | null;
}

/** Returns why an agent is failing; null if it is not. One or two failed checks make no verdict. */
export function verdictOf(history: HealthHistory, standing: Standing): Diagnosis | null {
  return (
    judgeTokens(standing) ??
    judgeMemory(standing) ??
    judgeChecks(history) ??
    judgeSelfReport(standing) ??
    judgeHeartbeatAge(standing) ??
    judgeProgress(standing)
  );
}

function judgeTokens({ tokens }: Standing): Diagnosis | null {
  if (tokens === null || tokens.used <= tokens.budget) return null;
  const line = `used ${tokens.used} tokens; its budget is ${tokens.budget}`;
  return diagnosisOf('over-budget', line, { evidence: [{ source: 'heartbeat', detail: line }] });
}

function judgeMemory({ memory }: Standing): Diagnosis | null {
  if (memory === null) return null;
  const { measured, limitBytes } = memory;
  const latest = measured.slice(-MEASURED_OVER);
  const last = latest.at(-1);
  if (last === undefined || latest.length < MEASURED_OVER || latest.some((bytes) => bytes <= limitBytes)) return null;
  const [used, limit] = [last, limitBytes].map((bytes) => Math.round(bytes / MEGABYTE));
  const line = `uses ${used} MB with its descendants; maxMemoryMb is ${limit}`;
  return diagnosisOf('memory-limit', line, {
    evidence: [{ source: 'memory', detail: line }],
    memoryBytes: last,
  });
}

function judgeChecks({ checks, streak }: HealthHistory): Diagnosis | null {
  const window = checks.slice(-WINDOW);
  const failed = window.filter(({ ok }) => !ok);
  const last = failed.at(-1);
  if (last === undefined || (streak < STREAK && failed.length < FAILED_OF_WINDOW)) return null;
  const count = streak >= STREAK ? `${streak} checks in a row` : `${failed.length} of the last ${window.length} checks`;
  const evidence: Evidence[] = failed
    .slice(-EVIDENCE_CHECKS)
    .map(({ error }) => ({ source: 'check', detail: error ?? '' }));
  // The remedy is a restart whatever the cause. Only an exit can show that the agent waits for another service.
  return diagnosisOf(last.cause ?? 'hung', `${count} failed: ${last.error ?? ''}`, { evidence, remedy: 'restart' });
}

function judgeSelfReport({ selfFailing }: Standing): Diagnosis | null {
  if (selfFailing === null || selfFailing.forMs < selfFailing.limitMs) return null;
  const detail = `reported failing in all heartbeats for ${seconds(selfFailing.forMs)} s`;
  const advice = 'Its heartbeats report that it is failing. Read the message that it sends with them.';
  return diagnosisOf('unhealthy-response', selfFailing.message ?? detail, {
    advice,
    evidence: [{ source: 'heartbeat', detail }],
  });
}

function judgeHeartbeatAge({ heartbeatAgeMs, heartbeatTimeoutMs }: Standing): Diagnosis | null {
  if (heartbeatAgeMs === null || heartbeatAgeMs <= heartbeatTimeoutMs) return null;
  const line = `no heartbeat for ${seconds(heartbeatAgeMs)} s`;
  return diagnosisOf('stale-heartbeat', line, { evidence: [{ source: 'heartbeat', detail: line }] });
}

function judgeProgress({ withoutProgressMs, progressTimeoutMs }: Standing): Diagnosis | null {
  if (withoutProgressMs === null || progressTimeoutMs === null || withoutProgressMs <= progressTimeoutMs) return null;
  const line = `busy without progress for ${seconds(withoutProgressMs)} s`;
  return diagnosisOf('stuck', line, { evidence: [{ source: 'heartbeat', detail: line }] });
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10;
}
