import { HEALTHY_FROM, type Heartbeat } from '../kernel';
import type { HealthHistory } from './history';

const WEIGHTS = { errors: 0.4, availability: 0.25, latency: 0.2, progress: 0.15 } as const;
/** Weight of each check relative to the next newer one. */
const FADING = 0.9;
/** Answers within this time get the full latency signal. */
const PROMPT_MS = 200;
/** Maximum score while the verdict is failing. Without that verdict the score is at least `HEALTHY_FROM`. */
const FAILING_CAP = 40;
/** Maximum score while the check is misconfigured, because little is known. */
const MISCONFIGURED_CAP = 60;

/** Each signal ranges from 0 (bad) to 1 (good). */
export interface Signals {
  readonly availability: number;
  readonly latency: number;
  readonly errors: number;
  readonly progress: number;
}

/**
 * Computes the score of a running agent, an integer from 0 to 100: 100 x (0.40 errors + 0.25 availability + 0.20
 * latency + 0.15 progress). It is at least 50 unless the verdict is failing, at most 40 if it is, and at most 60 while
 * the check is misconfigured. Source: `docs/health.md`, "Verdict and score".
 */
export function scoreOf(signals: Signals, isFailing: boolean, isMisconfigured = false): number {
  const sum =
    WEIGHTS.errors * signals.errors +
    WEIGHTS.availability * signals.availability +
    WEIGHTS.latency * signals.latency +
    WEIGHTS.progress * signals.progress;
  const score = Math.round(100 * sum);
  if (isFailing) return Math.min(FAILING_CAP, score);
  return Math.max(HEALTHY_FROM, Math.min(score, isMisconfigured ? MISCONFIGURED_CAP : 100));
}

/**
 * Returns 1 minus the error rate of the counted checks. Each check weighs 0.9 of the next newer one. Returns 1 without
 * checks.
 */
export function errorsSignal({ checks }: HealthHistory): number {
  let weight = 1;
  let good = 0;
  let all = 0;
  for (const { ok } of [...checks].reverse()) {
    all += weight;
    if (ok) good += weight;
    weight *= FADING;
  }
  return all === 0 ? 1 : good / all;
}

/**
 * Returns the latency signal of the latest check: 1 up to 200 ms, then falling with the logarithm to 0 at the timeout.
 * Returns 0 if there was no answer, and 1 if the agent was not probed.
 */
export function latencySignal({ checks }: HealthHistory, timeoutMs: number): number {
  const last = checks.at(-1);
  if (last === undefined || last.responseMs === null) return 1;
  if (last.statusCode === null) return 0;
  if (last.responseMs <= PROMPT_MS) return 1;
  if (last.responseMs >= timeoutMs) return 0;
  return Math.log(timeoutMs / last.responseMs) / Math.log(timeoutMs / PROMPT_MS);
}

/**
 * Returns the progress signal from the status that the agent reports: 1 for ok or none, 0.5 for degraded, 0 for
 * failing. Returns 0 if the agent is stuck.
 */
export function progressSignal(status: Heartbeat['status'] | null, isStuck: boolean): number {
  if (isStuck || status === 'failing') return 0;
  return status === 'degraded' ? 0.5 : 1;
}
