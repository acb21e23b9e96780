import type { ProcessIdentity } from './process-runtime';

/** What is known of one process of the machine. */
export interface ProcessFacts extends ProcessIdentity {
  readonly startTime: number;
  readonly parentPid: number;
  /** Session id: a process whose pid it is leads its session. macOS: of the others it is the process group, or 0. */
  readonly sessionId: number;
}

/** The system's own names of the sockets of one path. */
export interface SocketsAt {
  /** Somebody listens on them: where a path was unlinked and bound again, on more than the one that is reached by it. */
  readonly listening: readonly string[];
  /** The server's ends of connections. */
  readonly accepted: readonly string[];
}

/**
 * Looks at the process table. Answers are of the moment: `all`, `children` and `isAlive` always look anew, and nothing is
 * kept beyond the step of the event loop in which it was asked for. Where the table cannot be read it throws: that a
 * process is not seen means that it is gone.
 */
export interface ProcessInspector {
  /** The sockets at this path; none where nobody listens there, and where the system does not say. */
  socketsAt(path: string): SocketsAt;
  /** Who holds a socket of that name; null: nobody any more, somebody else's process, or the system does not say. */
  holderOf(socket: string): number | null;
  /** New at each start of the machine. */
  bootId(): string;
  /** null: there is no such process, or it is a zombie. */
  facts(pid: number): ProcessFacts | null;
  /** True while this very process lives: same pid and same start time, and not a zombie. */
  isAlive(identity: ProcessIdentity): boolean;
  /** Every process that can be seen. */
  all(): ProcessFacts[];
  /** Children of one process, by pid. */
  children(pid: number): number[];
  /** null: it is gone, or belongs to somebody else. */
  environment(pid: number): ReadonlyMap<string, string> | null;
  /** Resident memory, bytes; null: it is gone, or belongs to somebody else. */
  residentBytes(pid: number): number | null;
  /**
   * What a variable without spaces may hold: its value, and on macOS also what looks like it among the arguments and in
   * other variables. Whoever asks must be able to tell which is true.
   */
  valuesOf(pid: number, variable: string): readonly string[];
}

export const PROCESS_INSPECTOR = Symbol('ProcessInspector');
