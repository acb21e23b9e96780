/** Identifies a process. Pids are recycled, but the pair of pid and start time is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /**
   * Start time in the system's own unit (Linux: clock ticks since boot, macOS: seconds since the epoch). Null if the
   * process exited before it could be read.
   */
  readonly startTime: number | null;
}

/** Facts about one process of the machine. */
export interface ProcessFacts extends ProcessIdentity {
  readonly startTime: number;
  readonly parentPid: number;
  /** Session ID; equals the pid of the session's leader. On macOS it is the process group of other members, or 0. */
  readonly sessionId: number;
}

/** Sockets at one path, by the system's own names. */
export interface SocketsAt {
  /**
   * Sockets that a process listens on. If the path was unlinked and bound again, unreachable listeners are included.
   */
  readonly listening: readonly string[];
  /** The server's ends of connections. */
  readonly accepted: readonly string[];
}

/**
 * Reads the process table. `all`, `children` and `isAlive` always read it again, and nothing is cached beyond one step
 * of the event loop. It throws if the table cannot be read, because a process that is missing from the table counts as
 * gone.
 */
export interface ProcessInspector {
  /** Returns the sockets at this path; none if no process listens there or the system does not report it. */
  socketsAt(path: string): SocketsAt;
  /**
   * Returns the pid that holds a socket. Null if no process does, if another user's process does, or if the system does
   * not report it.
   */
  holderOf(socket: string): number | null;
  /** Returns an ID that is different after each boot of the machine. */
  bootId(): string;
  /** Returns null if the process does not exist or is a zombie. */
  facts(pid: number): ProcessFacts | null;
  /** Returns true if exactly this process is alive: same pid, same start time, and not a zombie. */
  isAlive(identity: ProcessIdentity): boolean;
  /** Returns every visible process. */
  all(): ProcessFacts[];
  /** Returns the pids of a process's children. */
  children(pid: number): number[];
  /** Returns null if the process is gone or belongs to another user. */
  environment(pid: number): ReadonlyMap<string, string> | null;
  /** Returns the resident memory in bytes; null if the process is gone or belongs to another user. */
  residentBytes(pid: number): number | null;
  /**
   * Returns the memory in bytes with shared pages divided among the processes that share them (PSS). Null if the
   * process is gone, belongs to another user, or the system does not report it. It costs the kernel milliseconds per
   * gigabyte.
   */
  proportionalBytes(pid: number): number | null;
  /**
   * Returns candidates for the value of a variable that contains no spaces. On macOS this includes lookalikes among the
   * arguments and in other variables. The caller must be able to verify which one is genuine.
   */
  valuesOf(pid: number, variable: string): readonly string[];
}

export const PROCESS_INSPECTOR = Symbol('ProcessInspector');
