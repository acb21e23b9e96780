import type { Heartbeat } from '../kernel';
import type { HealthHistory } from './history';

const WEIGHTS = { errors: 0.4, availability: 0.25, latency: 0.2, progress: 0.15 } as const;
/** Each check weighs this much of the next newer one. */
const FADING = 0.9;
/** An answer within this is as good as any. */
const PROMPT_MS = 200;
/** A verdict of failing caps the score here; without one it is held above the line. */
const FAILING_CAP = 40;
export const HEALTHY_FROM = 50;

/** Each 0 (bad) to 1 (good). */
export interface Signals {
  readonly availability: number;
  readonly latency: number;
  readonly errors: number;
  readonly progress: number;
}

/**
 * The health of an agent that runs, an integer of 0 to 100: 100 x (0.40 errors + 0.25 availability + 0.20 latency + 0.15
 * progress), held at 50 or more until the verdict is failing, and at 40 or less from then on (the design of this product,
 * `DESIGN.md`, "Score").
 */
export function scoreOf(signals: Signals, isFailing: boolean): number {
  const sum =
    WEIGHTS.errors * signals.errors +
    WEIGHTS.availability * signals.availability +
    WEIGHTS.latency * signals.latency +
    WEIGHTS.progress * signals.progress;
  const score = Math.round(100 * sum);
  return isFailing ? Math.min(FAILING_CAP, score) : Math.max(HEALTHY_FROM, score);
}

/** 1 less the error rate of the counted checks, where each weighs 0.9 of the next newer one; 1 without any. */
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

/** Of the latest check: 1 up to 200 ms, then falling with the logarithm, to 0 at the time limit; 0 for no answer. */
export function latencySignal({ checks }: HealthHistory, timeoutMs: number): number {
  const last = checks.at(-1);
  if (last === undefined || last.responseMs === null) return 1;
  if (last.statusCode === null) return 0;
  if (last.responseMs <= PROMPT_MS) return 1;
  if (last.responseMs >= timeoutMs) return 0;
  return Math.log(timeoutMs / last.responseMs) / Math.log(timeoutMs / PROMPT_MS);
}

/** By its own word: 1 ok (or none), 0.5 degraded, 0 failing; 0 too where it is stuck. */
export function progressSignal(status: Heartbeat['status'] | null, isStuck: boolean): number {
  if (isStuck || status === 'failing') return 0;
  return status === 'degraded' ? 0.5 : 1;
}
