import type { ProcessIdentity } from './process-table/process-inspector';

/** Observation of all agents at one moment: the process manager's list plus the process table. */
export interface ProcessSnapshot {
  /** `Clock.now()` before the list was requested. Later changes may be missing. */
  readonly beganAt: number;
  readonly daemon: DaemonIdentity;
  readonly listed: readonly ListedProcess[];
  readonly unlisted: readonly UnlistedProcess[];
}

/** Identifies a daemon. Agents that one daemon launched are orphans under the next. */
export interface DaemonIdentity extends ProcessIdentity {
  readonly version: string;
}

/** An entry of the list that belongs to an agent. */
export interface ListedProcess {
  readonly agentId: string;
  /** Identifier of the entry, valid for one daemon only; see {@link EntryRef}. */
  readonly entryId: number;
  /** New at each launch by the supervisor; kept by a restart in the operator's shell. */
  readonly uniqueId: string;
  readonly state: 'online' | 'launching' | 'stopping' | 'stopped' | 'errored';
  /** Live process of the entry, from the process table. Null if there is no process or it is a zombie. */
  readonly process: ProcessIdentity | null;
  /** Run that the entry was launched as, proven by the agent's token. Null if the supervisor did not launch it. */
  readonly runId: string | null;
  /** Launch time of this incarnation, epoch milliseconds. Every restart changes it, including those in a shell. */
  readonly upSince: number;
  /**
   * For a stopped or errored entry, true if a log record shows that its exit was ordered. Only a scan looks for that
   * record, so without a scan this is always false.
   */
  readonly wasEndOrdered: boolean;
  readonly memoryBytes: number | null;
  readonly cpuPercent: number | null;
}

/** A live process that carries an agent's mark but has no entry in the list. */
export interface UnlistedProcess {
  readonly agentId: string;
  readonly runId: string;
  readonly process: ProcessIdentity;
  /** True if it leads its session. Launched processes do; their descendants do not. */
  readonly leader: boolean;
  /**
   * True if it was not seen before the list was requested. The list may then be older than the process, and the next
   * list will show whether it has an entry.
   */
  readonly isNew: boolean;
}
