import type { Diagnosis } from '../kernel';
import type { Signals } from './score';

export interface Explained {
  readonly signals: Signals;
  readonly failing: Diagnosis | null;
  /** Error of the latest check; null if that check did not fail. */
  readonly error: string | null;
  /** Advice for the operator if the latest check is misconfigured. */
  readonly advice?: string | null;
  /** Note about the latest good check that the caller should see. */
  readonly remark?: string | null;
  /** True if the agent has a health URL or has sent a heartbeat. */
  readonly isWatchedInside: boolean;
  /** True if the latest check timed out but the heartbeats show that the agent is working. */
  readonly isBusy: boolean;
}

/** Explains in words what lowers the score, and what is not watched. */
export function explain(explained: Explained): string {
  const { failing, advice = null, error, remark = null, isWatchedInside, isBusy } = explained;
  const isPlainFailure = failing === null && advice === null && error !== null && !isBusy;
  const parts = [
    failing === null ? null : `failing: ${failing.line}`,
    isBusy ? 'the latest check timed out but is not counted: the heartbeats report busy with progress' : null,
    advice === null ? null : explainMisconfiguration(error, advice),
    isPlainFailure ? `the latest check failed: ${error}` : null,
    remark,
    ...explainSignals(explained),
    isWatchedInside ? null : 'only its process is watched: it has no health URL and sends no heartbeats',
  ].filter((part) => part !== null);
  if (parts.length === 0) return 'No problem found.';
  const text = parts.join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function explainSignals({ signals, error }: Explained): (string | null)[] {
  const { errors, availability, latency, progress } = signals;
  return [
    errors < 1 ? `${percent(1 - errors)} of its recent checks failed (newer checks weigh more)` : null,
    availability < 1 ? `it was up ${percent(availability)} of the last ten minutes` : null,
    latency < 1 && error === null ? 'it answers slowly' : null,
    progress < 1 ? 'its heartbeats report a problem, or it is busy without progress' : null,
  ];
}

function explainMisconfiguration(error: string | null, advice: string): string {
  const fault = `its health check is misconfigured (${error ?? ''}), so its health is unknown`;
  return `${fault}: ${advice.replace(/\.$/, '')}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
