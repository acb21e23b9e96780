import type { ProcessIdentity } from '../process-table/process-inspector';

/** Everything that a launch needs, checked and resolved. */
export interface LaunchPlan {
  readonly agentId: string;
  readonly runId: string;
  /** Absolute path of an executable. */
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Complete environment, except for the variables that the process manager adds for its own bookkeeping. */
  readonly env: Readonly<Record<string, string>>;
  /** Time from SIGTERM to SIGKILL for a stop in the operator's shell, milliseconds. */
  readonly killTimeoutMs: number;
}

export type LaunchOutcome =
  /** There is a pid. The process may have exited since (`startTime` is null). */
  | {
      readonly kind: 'launched';
      readonly process: ProcessIdentity;
      readonly entryId: number;
      readonly uniqueId: string;
      readonly upSince: number;
    }
  /**
   * There is certainly no process. `resources`: the machine lacks a resource, and the agent is not at fault.
   * `not-asked`: the daemon was not called, and its list is unchanged.
   */
  | { readonly kind: 'failed'; readonly reason: 'refused' | 'resources' | 'not-asked'; readonly evidence: string }
  /**
   * The outcome is unknown: the process may exist now or appear later. Take a snapshot; never launch again based on
   * this result alone.
   */
  | { readonly kind: 'unknown'; readonly detail: string };
