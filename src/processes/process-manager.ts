import type { EntryRef } from './entry-ref';
import type { LaunchOutcome, LaunchPlan } from './launch/launch-plan';
import type { ProcessManagerSignal } from './process-manager-signal';
import type { DaemonIdentity, ProcessSnapshot } from './process-snapshot';
import type { ProcessIdentity } from './process-table/process-inspector';

/** Read-only view of the process manager for all modules except healing. */
export interface ProcessReader {
  /**
   * Requests a fresh list. Concurrent requests share one that has not started yet. A list that was requested earlier is
   * never reused.
   *
   * A shell may still be filling the list of a daemon that was just started (`pm2 resurrect`). For such a daemon, a
   * list is returned only once two consecutive lists agree.
   *
   * @param scan true to search the whole process table for unlisted processes (otherwise only the daemon's children),
   * and to search the daemon's log for ordered exits. Needed after the supervisor's start and after a daemon was lost.
   * @throws Problem `process-manager-unavailable` if the daemon does not answer in time or is not connected
   */
  snapshot(scan: boolean): Promise<ProcessSnapshot>;
  isConnected(): boolean;
  /**
   * Returns true if exactly this process is alive. It reads the process table, so it works while the daemon does not
   * answer.
   */
  isAlive(process: ProcessIdentity): boolean;
}

/** The port to the process manager, whose daemon is the parent of the agents. Only healing acts through it. */
export interface ProcessManager extends ProcessReader {
  /**
   * Connects to the daemon. If none runs and `startDaemon` is true, starts one with a minimal environment.
   *
   * @throws Problem `process-manager-unavailable`, with advice
   */
  connect(startDaemon: boolean): Promise<DaemonIdentity>;
  /**
   * Launches a process, at most once per call. If no answer comes in time, the outcome is `unknown`.
   *
   * @param replaces stopped entry that the new process replaces, so that the agent is listed at every moment; null if
   * it has none. If the list no longer shows exactly this entry, or shows a process behind it, the launch fails with
   * `not-asked`.
   */
  launch(plan: LaunchPlan, replaces: EntryRef | null): Promise<LaunchOutcome>;
  /**
   * Terminates an agent, or one run of it, with all descendants: SIGTERM, then SIGKILL after `killTimeoutMs`. It uses
   * the process table only, so it works while the daemon hangs. Each pid is verified by its start time just before each
   * signal.
   */
  terminate(target: TerminateTarget, killTimeoutMs: number): Promise<TerminateOutcome>;
  /** Terminates one process that must not live (an orphan, or a second process of a run) and its descendants. */
  terminateProcess(process: ProcessIdentity, killTimeoutMs: number): Promise<TerminateOutcome>;
  /**
   * Deletes exactly this entry from the list if it has no process. It succeeds if the entry is already gone. A
   * different entry with the same identifier is kept.
   *
   * @throws Problem `process-manager-unavailable` if it is unknown whether the entry is still listed
   */
  deleteEntry(entry: EntryRef): Promise<void>;
  /** Returns the file to which one output stream of an agent is appended. It may not exist, and may be rotated. */
  outputFileOf(agentId: string, stream: 'stdout' | 'stderr'): string;
  /** @returns a function that removes the listener */
  onSignal(listener: (signal: ProcessManagerSignal) => void): () => void;
  close(): Promise<void>;
}

/**
 * Processes to terminate: the leader if one is known, and everything that carries the mark of the agent or of one of
 * its runs.
 */
export interface TerminateTarget {
  readonly agentId: string;
  /** Null to terminate every run. */
  readonly runId: string | null;
  readonly process: ProcessIdentity | null;
}

export type TerminateOutcome =
  | { readonly kind: 'gone' }
  /** Still alive after all signals (uninterruptible, or not permitted to signal). */
  | { readonly kind: 'alive'; readonly pids: readonly number[] };

/** Nest injection token of the port. */
export const PROCESS_MANAGER = Symbol('ProcessManager');
