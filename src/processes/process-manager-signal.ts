import type { ProcessIdentity } from './process-table/process-inspector';

/** How the operator stops an agent in a shell: stops it, deletes its entry, or kills the daemon. */
export type ShellStop = 'stop' | 'delete' | 'kill';

/**
 * A report that the process manager's daemon sends unprompted. Reports are lost while the connection is down, so a list
 * must follow each connection.
 */
export type ProcessManagerSignal =
  | {
      readonly kind: 'exited';
      readonly agentId: string;
      readonly runId: string | null;
      /** `upSince` of the incarnation that exited. */
      readonly upSince: number;
      readonly exitCode: number | null;
      /**
       * Signal that killed the process, according to the daemon's log, for example `SIGKILL`. Null if it exited by
       * itself or the signal is unknown.
       */
      readonly signal: string | null;
      /**
       * True if the exit was ordered through the daemon. The supervisor itself never stops a process that way, so the
       * operator did.
       */
      readonly ordered: boolean;
    }
  | {
      readonly kind: 'operator-stopped';
      readonly agentId: string;
      /** `upSince` of the incarnation that was stopped, or that had already exited. */
      readonly upSince: number;
      /**
       * Time of the stop, epoch milliseconds. The daemon runs on the same machine, so its clock equals the
       * supervisor's.
       */
      readonly at: number;
    }
  /** The operator started or restarted the agent in a shell. */
  | { readonly kind: 'operator-started'; readonly agentId: string; readonly upSince: number }
  /** A process of an agent has started, no matter what started it. */
  | {
      readonly kind: 'came-online';
      readonly agentId: string;
      readonly uniqueId: string;
      readonly upSince: number;
    }
  /** The daemon reports that it is being terminated on purpose (`pm2 kill`, `pm2 update`, SIGTERM). */
  | { readonly kind: 'daemon-ending'; readonly daemon: ProcessIdentity }
  | { readonly kind: 'connection-lost'; readonly detail: string };
