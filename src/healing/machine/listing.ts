import type { ListedProcess, ProcessIdentity } from '../../runtime';
import type { Observation } from './event';
import type { Run } from './state';
import type { Turn } from './turn';

/** An entry behind which there is a live process. */
export type LiveEntry = ListedProcess & { readonly process: NonNullable<ListedProcess['process']> };

export function isGhost(turn: Turn, runId: string | null): boolean {
  return runId !== null && turn.state.ghosts.includes(runId);
}

export function isSameProcess(one: ProcessIdentity | null, other: ProcessIdentity | null): boolean {
  return one !== null && one.pid === other?.pid && one.startTime === other.startTime;
}

export function isSame(run: Run, seen: { readonly process: ProcessIdentity | null }): boolean {
  return isSameProcess(run.process, seen.process);
}

export function isSameDaemon(run: Run, observation: Observation): boolean {
  return isSameProcess(run.daemon, observation.daemon);
}

export function toRun(turn: Turn, entry: LiveEntry, daemon: Run['daemon']): Run {
  return {
    runId: entry.runId ?? turn.context.newId(),
    process: entry.process,
    pmId: entry.pmId,
    upSince: entry.upSince,
    launchedAt: turn.now,
    log: null,
    daemon: { pid: daemon.pid, startTime: daemon.startTime },
  };
}

/** When an entry's process was started, on our own scale. */
export function startedAt(turn: Turn, entry: LiveEntry): number {
  return turn.now - Math.max(0, turn.context.wall - entry.upSince);
}
