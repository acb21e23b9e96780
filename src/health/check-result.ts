import type { FailureCause } from '../kernel';

/**
 * Result of one check of an agent: good, failed, or misconfigured. A misconfigured check says nothing about the agent.
 */
export interface CheckResult {
  readonly ok: boolean;
  /**
   * Milliseconds until the answer was complete or the probe gave up. Null if the agent has no health URL and was not
   * probed.
   */
  readonly responseMs: number | null;
  readonly statusCode: number | null;
  /** One line that says what was wrong; null if nothing was. */
  readonly error: string | null;
  /** Null exactly if the check did not fail, that is, if it was good or misconfigured. */
  readonly cause: Extract<FailureCause, 'hung' | 'unhealthy-response' | 'network'> | null;
  /** Set if the check, not the agent, is at fault. The agent answered, and `ok` is false. */
  readonly misconfigured?: Misconfiguration;
  /** Note about a good check that the caller should see. */
  readonly remark?: string;
}

/** Explains why a check says nothing about the agent, and how the operator can fix it. */
export interface Misconfiguration {
  /** One sentence that says what the operator should change. */
  readonly advice: string;
  /** Identifies the `healthUrl` and `healthHeaders` of the definition that was used for the probe. */
  readonly setup: string;
}

/** Result for an agent without a health URL: only the process is watched. */
export const NOT_PROBED: CheckResult = { ok: true, responseMs: null, statusCode: null, error: null, cause: null };

export const NO_PROCESS: CheckResult = {
  ...NOT_PROBED,
  ok: false,
  error: 'it has no process',
  cause: 'unhealthy-response',
};

/** Returns true if the check counts as a failure of the agent. A misconfigured check does not. */
export function hasFailed({ ok, misconfigured }: CheckResult): boolean {
  return !ok && misconfigured === undefined;
}
