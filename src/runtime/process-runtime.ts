/** A process for as long as it lives: pids are recycled, a pid together with its start time is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in the system's own unit (Linux: clock ticks since boot, macOS: seconds since the epoch); null: it had ended before we could look. */
  readonly startTime: number | null;
}

/** One entry of the process manager's list that belongs to an agent. */
export interface ListedProcess {
  readonly agentId: string;
  /** The process manager's handle: acted by, never by name. */
  readonly pmId: number;
  /** New at each launch by us, kept by a restart in the operator's shell. */
  readonly uniqueId: string;
  readonly state: 'online' | 'launching' | 'stopping' | 'stopped' | 'errored';
  /** The live process behind the entry, looked up in the process table; null: none, or it is a zombie. */
  readonly process: ProcessIdentity | null;
  /** AGENT_RUN_ID that the entry was launched with; null where somebody else made the entry. */
  readonly runId: string | null;
  /** When this incarnation was launched, epoch milliseconds: it changes with every restart, ours or anybody's. */
  readonly upSince: number;
  /** A stopped or errored entry: whether its end was ordered, as far as there is a record of it; false too where nobody looked (only a scan looks). */
  readonly wasEndOrdered: boolean;
  readonly memoryBytes: number | null;
  readonly cpuPercent: number | null;
}

/** A live process that carries our mark for an agent, but stands behind no entry of the list. */
export interface UnlistedProcess {
  readonly agentId: string;
  readonly runId: string;
  readonly process: ProcessIdentity;
  /** True when it leads its session, as what the process manager launches does; its descendants do not. */
  readonly leader: boolean;
  /** It was not seen before the list was asked for, so that the list may be older than it: the next one tells whose it is. */
  readonly isNew: boolean;
}

/** Which daemon: agents that one launched are orphans under the next. */
export interface DaemonIdentity extends ProcessIdentity {
  readonly version: string;
}

/** What was seen of all agents at one time. */
export interface RuntimeSnapshot {
  /** `Clock.now()` before the list was asked for: what happened after it may be missing. */
  readonly beganAt: number;
  readonly daemon: DaemonIdentity;
  readonly listed: readonly ListedProcess[];
  readonly unlisted: readonly UnlistedProcess[];
}

/** Everything a launch needs, checked and resolved; nothing in it is looked up again. */
export interface LaunchPlan {
  readonly agentId: string;
  readonly runId: string;
  /** Absolute path of an executable. */
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The exact environment, but for the process manager's own bookkeeping variables. */
  readonly env: Readonly<Record<string, string>>;
  /** For a stop in the operator's shell: SIGTERM to SIGKILL, milliseconds. */
  readonly killTimeoutMs: number;
}

export type LaunchOutcome =
  /** There is a pid; the process may have ended since (`startTime` null). */
  | {
      readonly kind: 'launched';
      readonly process: ProcessIdentity;
      readonly pmId: number;
      readonly uniqueId: string;
      readonly upSince: number;
    }
  /**
   * There is certainly no process. `resources`: the machine is short of something, nothing is wrong with the agent.
   * `not-asked`: the process manager was not reached; its list is as it was.
   */
  | { readonly kind: 'failed'; readonly reason: 'refused' | 'resources' | 'not-asked'; readonly evidence: string }
  /** Nobody can say: it may exist now or appear later. Observe; never launch again on this alone. */
  | { readonly kind: 'unknown'; readonly detail: string };

export type TerminateOutcome =
  | { readonly kind: 'gone' }
  /** Signalled to the end and still there (uninterruptible, or not ours to signal). */
  | { readonly kind: 'alive'; readonly pids: readonly number[] };

/** What is to be ended: a leader if one is known, and everything that carries the mark of the agent, or of one run of it. */
export interface TerminateTarget {
  readonly agentId: string;
  /** null: whatever run it belongs to. */
  readonly runId: string | null;
  readonly process: ProcessIdentity | null;
}

/** What the process manager tells by itself. Signals are lost while the connection is down: a list follows each one. */
export type RuntimeSignal =
  | {
      readonly kind: 'exited';
      readonly agentId: string;
      readonly runId: string | null;
      readonly pmId: number;
      /** `upSince` of the incarnation that ended. */
      readonly upSince: number;
      readonly exitCode: number | null;
      /** Evidence from the daemon's log: `SIGKILL`; null where it died by itself or nobody can say. */
      readonly signal: string | null;
      /** True when somebody ordered it through the process manager; we ourselves never stop a process through it. */
      readonly ordered: boolean;
    }
  | {
      readonly kind: 'operator-stopped';
      readonly agentId: string;
      readonly pmId: number;
      /** Of the incarnation that was stopped, or had ended before. */
      readonly upSince: number;
      /** When it happened, epoch milliseconds by the daemon's clock, which is ours. */
      readonly at: number;
    }
  /** A start or a restart in the operator's shell. */
  | { readonly kind: 'operator-started'; readonly agentId: string; readonly pmId: number; readonly upSince: number }
  /** A process of an agent has begun, whoever started it. */
  | { readonly kind: 'came-online'; readonly agentId: string; readonly pmId: number; readonly upSince: number }
  /** The daemon says that it is being ended on purpose (`pm2 kill`, `pm2 update`, SIGTERM). */
  | { readonly kind: 'daemon-ending'; readonly daemon: ProcessIdentity }
  | { readonly kind: 'connection-lost'; readonly detail: string };

/** What everybody but healing gets: looking, no acting. */
export interface RuntimeReader {
  /**
   * Asks for a fresh list. A request made while another waits to begin shares its answer; one that began before the
   * request does not serve it.
   *
   * Somebody may still be filling the list of a daemon that was started a moment ago (`pm2 resurrect`): its first list is
   * given only once two agree.
   *
   * @param scan look through the whole process table for unlisted processes of ours, not only among the daemon's
   * children, and for the record of ordered ends: needed at boot and after a daemon was lost
   * @throws Problem `process-manager-unavailable` when it does not answer in time or is not connected
   */
  snapshot(scan: boolean): Promise<RuntimeSnapshot>;
  isConnected(): boolean;
  /** Whether this very process lives, by the process table, hence also while the process manager does not answer. */
  isAlive(process: ProcessIdentity): boolean;
}

/** The port over the process manager. Only healing acts through it. */
export interface ProcessRuntime extends RuntimeReader {
  /**
   * Connects, and starts a daemon with a minimal environment where none runs and `startDaemon` is true.
   *
   * @throws Problem `process-manager-unavailable`, with what to do
   */
  connect(startDaemon: boolean): Promise<DaemonIdentity>;
  /**
   * Launches, never twice for one call: an answer that does not come in time is `unknown`.
   *
   * @param replaces the stopped entry that the new process takes over, so that the agent is listed at every moment;
   * null where it has none. The caller has made sure that no process stands behind it.
   */
  launch(plan: LaunchPlan, replaces: number | null): Promise<LaunchOutcome>;
  /**
   * Ends an agent, or one run of it, with all descendants: SIGTERM, then SIGKILL after `killTimeoutMs`. Works by the process table
   * alone, hence also while the process manager hangs. Verifies each pid by its start time just before each signal.
   */
  terminate(target: TerminateTarget, killTimeoutMs: number): Promise<TerminateOutcome>;
  /** Ends one process that must not live (an orphan, a second holder of a run) and what descends from it. */
  endProcess(process: ProcessIdentity, killTimeoutMs: number): Promise<TerminateOutcome>;
  /** Removes a stopped entry from the list; one that is gone already is fine. */
  forget(pmId: number): Promise<void>;
  /** @returns a function that takes the listener away */
  onSignal(listener: (signal: RuntimeSignal) => void): () => void;
  close(): Promise<void>;
}

/** Nest's injection token of the port. */
export const PROCESS_RUNTIME = Symbol('ProcessRuntime');
