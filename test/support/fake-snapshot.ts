import type { ListedProcess, UnlistedProcess } from '../../src/processes';
import type { FakeDaemon, FakeEntry } from './fake-daemon';
import type { FakeProcess } from './fake-process';

type ProcessTable = ReadonlyMap<number, FakeProcess>;

/** Returns a daemon's list. Without a daemon it is empty. */
export function listEntries(daemon: FakeDaemon | null, processes: ProcessTable, isScan: boolean): ListedProcess[] {
  return entriesOf(daemon).map((entry) => {
    const { agentId, entryId, uniqueId, state, runId, upSince, wasEndOrdered } = entry;
    const process = entry.pid === null ? undefined : processes.get(entry.pid);
    return {
      ...{ agentId, entryId, uniqueId, state, runId, upSince, memoryBytes: null, cpuPercent: null },
      // The real adapter reads this in the daemon's log, which only a scan does.
      wasEndOrdered: isScan && (state === 'stopped' || state === 'errored') && wasEndOrdered,
      process: process === undefined ? null : { pid: process.pid, startTime: process.startTime },
    };
  });
}

/** Returns the processes behind no entry: those of the whole process table in a scan, else the daemon's children. */
export function listUnlisted(
  daemon: FakeDaemon | null,
  processes: ProcessTable,
  { isScan, before }: { readonly isScan: boolean; readonly before: ReadonlySet<FakeProcess> },
): UnlistedProcess[] {
  const behindEntries = new Set(entriesOf(daemon).map((entry) => entry.pid));
  return [...processes.values()]
    .filter((process) => !behindEntries.has(process.pid))
    .filter((process) => isScan || process.daemonPid === daemon?.identity.pid)
    .map((process) => {
      const { agentId, runId, pid, startTime, leader } = process;
      return { agentId, runId, process: { pid, startTime }, leader, isNew: !before.has(process) };
    });
}

function entriesOf(daemon: FakeDaemon | null): FakeEntry[] {
  return [...(daemon?.entries.values() ?? [])];
}
