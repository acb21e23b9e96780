import type { ProcessIdentity } from './process-runtime';

/** What is known of one process of the machine. */
export interface ProcessFacts extends ProcessIdentity {
  readonly startTime: number;
  readonly parentPid: number;
  /** Session id: a process whose pid it is leads its session. */
  readonly sessionId: number;
}

/** Looks at the process table. Answers are of the moment; nothing is cached. */
export interface ProcessInspector {
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
}

export const PROCESS_INSPECTOR = Symbol('ProcessInspector');
