import type { AgentStatus } from '../kernel';
import type { ProcessIdentity } from '../processes/read-only';
import type { Presence } from './history';

/** Describes what to watch of one agent. The module above provides it. */
export interface WatchTarget {
  /** True if the supervisor does not launch the agent. */
  readonly isExternal: boolean;
  readonly shouldRun: boolean;
  /** Status without regard to health: never `unhealthy` for what only health knows. */
  readonly status: AgentStatus;
  /** True from its launch until its first good check. Meanwhile it is checked soon and often. */
  readonly isFresh: boolean;
  /** Identifies its process; differs for every process. Null if it has no process or is external. */
  readonly incarnation: string | null;
  readonly process: ProcessIdentity | null;
  /**
   * `Clock.now()` from which it may be probed: its launch, or the supervisor's first snapshot of it. Null if it has no
   * process.
   */
  readonly upSince: number | null;
}

/** Returns true if the agent can be probed: it is external, or it has a process. */
export function canBeProbed({ isExternal, process }: WatchTarget): boolean {
  return isExternal || process !== null;
}

/**
 * Returns the presence of the agent for its availability. A first start counts as `off`: otherwise the time that PM2
 * needs to launch an agent would lower its score, and tasks would go to the agents that were launched quickly.
 */
export function presenceOf(target: WatchTarget): Presence {
  if (!target.shouldRun) return 'off';
  if (canBeProbed(target)) return 'up';
  return target.status === 'starting' ? 'off' : 'down';
}

/** Returns the ID of the run that a process belongs to. */
export function runIdOf(incarnation: string): string {
  return incarnation.slice(0, incarnation.lastIndexOf(':'));
}

/**
 * Returns true if a process that was known as `earlier` is the one now known as `later`. Until PM2 answers its launch,
 * its incarnation lacks the pid after the colon.
 */
export function isSameProcess(earlier: string | null, later: string | null): boolean {
  if (earlier === later) return true;
  return earlier !== null && later !== null && earlier.endsWith(':') && later.startsWith(earlier);
}
