import type { FailureCause } from '../kernel';

/** What one check of an agent showed. */
export interface CheckResult {
  readonly ok: boolean;
  /** Until the answer was complete, or given up on; null: nothing was asked, for there is no health URL. */
  readonly responseMs: number | null;
  readonly statusCode: number | null;
  /** What was wrong, in one line; null: nothing. */
  readonly error: string | null;
  /** null exactly where nothing was wrong. */
  readonly cause: Extract<FailureCause, 'hung' | 'unhealthy-response' | 'network'> | null;
}

/** There is no health URL: the process alone is watched. */
export const NOTHING_ASKED: CheckResult = { ok: true, responseMs: null, statusCode: null, error: null, cause: null };
