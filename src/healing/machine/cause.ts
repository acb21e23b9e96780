/** The closed set of causes that a diagnosis can name. */
export const FAILURE_CAUSES = [
  'killed-by-signal',
  'out-of-memory',
  'memory-limit',
  'missing-dependency',
  'port-in-use',
  'entry-point-missing',
  'interpreter-missing',
  'configuration',
  'credentials',
  'rate-limited',
  'network',
  'unhandled-exception',
  'clean-exit',
  'hung',
  'unhealthy-response',
  'stuck',
  'over-budget',
  'stale-heartbeat',
  'unknown',
  'none',
] as const;

export type FailureCause = (typeof FAILURE_CAUSES)[number];

/** What is known of one failure when healing decides about it. */
export interface Failure {
  readonly cause: FailureCause;
  /** One line for people: what happened. */
  readonly line: string;
  /** False: no restart can cure it. */
  readonly restartable: boolean;
}
