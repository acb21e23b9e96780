import type { Diagnosis } from '../kernel';
import type { Signals } from './score';

export interface Explained {
  readonly signals: Signals;
  readonly failing: Diagnosis | null;
  /** What the latest failed check said, where the latest one failed. */
  readonly error: string | null;
  /** There is a health URL, or a heartbeat came. */
  readonly isWatchedInside: boolean;
}

/** In words: what costs the score its points, and what is not watched. */
export function explanationOf({ signals, failing, error, isWatchedInside }: Explained): string {
  const costs = [
    failing === null ? null : `failing: ${failing.line}`,
    failing === null && error !== null ? `the latest check failed: ${error}` : null,
    signals.errors < 1 ? `${percent(1 - signals.errors)} of its recent checks failed (newer ones weigh more)` : null,
    signals.availability < 1 ? `it was up ${percent(signals.availability)} of the last ten minutes` : null,
    signals.latency < 1 && error === null ? 'it answers slowly' : null,
    signals.progress < 1 ? 'by its own word, or for lack of progress, not all is well' : null,
  ].filter((each) => each !== null);
  const watched = isWatchedInside ? [] : ['only its process is watched: it has no health URL and sends no heartbeat'];
  const all = [...costs, ...watched];
  if (all.length === 0) return 'All is well.';
  const text = all.join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
