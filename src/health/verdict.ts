import { diagnosisOf, type Diagnosis, type Evidence } from '../kernel';
import type { HealthHistory } from './history';

/** Failed checks in a row that make a verdict. */
const STREAK = 3;
/** The same of a longer row, for what fails now and then for ever: 60 % of the last ten. */
const WINDOW = 10;
const FAILED_OF_WINDOW = 6;
const EVIDENCE_CHECKS = 3;
const MEGABYTE = 1_048_576;

/** What is known of an agent besides its checks. */
export interface Standing {
  /** Since its last heartbeat, milliseconds; null: this process has sent none. */
  readonly heartbeatAgeMs: number | null;
  readonly heartbeatTimeoutMs: number;
  /** For how long it has been busy without progress, milliseconds; null: it is not busy, or that is no fault. */
  readonly withoutProgressMs: number | null;
  readonly progressTimeoutMs: number | null;
  readonly tokens: { readonly used: number; readonly budget: number } | null;
  readonly memory: { readonly bytes: number; readonly limitBytes: number } | null;
}

/** Why an agent is failing; null: it is not. A failed check or two make no verdict. */
export function verdictOf(history: HealthHistory, standing: Standing): Diagnosis | null {
  return (
    overBudget(standing) ??
    memoryLimit(standing) ??
    failedChecks(history) ??
    staleHeartbeat(standing) ??
    stuck(standing)
  );
}

function overBudget({ tokens }: Standing): Diagnosis | null {
  if (tokens === null || tokens.used <= tokens.budget) return null;
  const line = `used ${tokens.used} tokens, and its budget is ${tokens.budget}`;
  return diagnosisOf('over-budget', line, { evidence: [{ source: 'heartbeat', detail: line }] });
}

function memoryLimit({ memory }: Standing): Diagnosis | null {
  if (memory === null || memory.bytes <= memory.limitBytes) return null;
  const [is, limit] = [memory.bytes, memory.limitBytes].map((bytes) => Math.round(bytes / MEGABYTE));
  const line = `uses ${is} MB with its children, and maxMemoryMb is ${limit}`;
  return diagnosisOf('memory-limit', line, {
    evidence: [{ source: 'memory', detail: line }],
    memoryBytes: memory.bytes,
  });
}

function failedChecks({ checks, streak }: HealthHistory): Diagnosis | null {
  const window = checks.slice(-WINDOW);
  const failed = window.filter(({ ok }) => !ok);
  const last = failed.at(-1);
  if (last === undefined || (streak < STREAK && failed.length < FAILED_OF_WINDOW)) return null;
  const how = streak >= STREAK ? `${streak} checks in a row` : `${failed.length} of the last ${window.length} checks`;
  const evidence: Evidence[] = failed
    .slice(-EVIDENCE_CHECKS)
    .map(({ error }) => ({ source: 'check', detail: error ?? '' }));
  // It is restarted whatever the cause: only its own exit says that it waits for somebody else.
  return diagnosisOf(last.cause ?? 'hung', `${how} failed: ${last.error ?? ''}`, { evidence, remedy: 'restart' });
}

function staleHeartbeat({ heartbeatAgeMs, heartbeatTimeoutMs }: Standing): Diagnosis | null {
  if (heartbeatAgeMs === null || heartbeatAgeMs <= heartbeatTimeoutMs) return null;
  const line = `no heartbeat for ${seconds(heartbeatAgeMs)} s`;
  return diagnosisOf('stale-heartbeat', line, { evidence: [{ source: 'heartbeat', detail: line }] });
}

function stuck({ withoutProgressMs, progressTimeoutMs }: Standing): Diagnosis | null {
  if (withoutProgressMs === null || progressTimeoutMs === null || withoutProgressMs <= progressTimeoutMs) return null;
  const line = `busy without progress for ${seconds(withoutProgressMs)} s`;
  return diagnosisOf('stuck', line, { evidence: [{ source: 'heartbeat', detail: line }] });
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10;
}
