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
  /** Task that it reported, as one line with secrets masked; null if none. */
  readonly task: string | null;
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
  const line = describeOverBudget(tokens);
  return diagnosisOf('over-budget', line, { evidence: [{ source: 'heartbeat', detail: line }] });
}

/** Describes in one line that an agent is over its token budget. */
export function describeOverBudget({ used, budget }: NonNullable<Standing['tokens']>): string {
  return `used ${used} tokens; its budget is ${budget}`;
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

function judgeProgress({ withoutProgressMs, progressTimeoutMs, heartbeatAgeMs, task }: Standing): Diagnosis | null {
  if (withoutProgressMs === null || progressTimeoutMs === null || withoutProgressMs <= progressTimeoutMs) return null;
  const line = `no progress for ${seconds(withoutProgressMs)} s while busy${task === null ? '' : ` with "${task}"`}`;
  const evidence: Evidence[] = [{ source: 'heartbeat', detail: line }];
  // Its heartbeats may have stopped too. The heartbeat timeout is longer, so they are not stale yet.
  if (heartbeatAgeMs !== null && heartbeatAgeMs > withoutProgressMs / 2)
    evidence.push({ source: 'heartbeat', detail: `its latest heartbeat is ${seconds(heartbeatAgeMs)} s old` });
  return diagnosisOf('stuck', line, { evidence });
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10;
}
