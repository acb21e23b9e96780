import type { ProcessIdentity } from '../../src/processes';

/** A process of the fake world. */
export interface FakeProcess {
  readonly pid: number;
  readonly startTime: number;
  readonly agentId: string;
  readonly runId: string;
  readonly startedBy: 'us' | 'operator';
  readonly startedAt: number;
  /** False for a process that a run started, in a session of its own. */
  readonly leader: boolean;
  /** Pid of the daemon that is its parent. Once that daemon is dead, the exit of this process is not reported. */
  readonly daemonPid: number;
  readonly entryId: number;
  /** Launched program, so that a restart by the operator runs the same one. */
  readonly program: string;
  readonly args: readonly string[];
}

/** How a process exited: an exit code, or the signal that killed it. */
export interface FakeExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export function isSameProcess(process: FakeProcess, { pid, startTime }: ProcessIdentity): boolean {
  return process.pid === pid && process.startTime === startTime;
}
