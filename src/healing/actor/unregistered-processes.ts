import { entryRefOf, type EntryRef, type ProcessIdentity, type ProcessSnapshot } from '../../processes';

/** Live process with the supervisor's marker. */
export interface UnregisteredProcess {
  readonly agentId: string;
  readonly runId: string;
  readonly process: ProcessIdentity;
}

export interface UnregisteredProcesses {
  readonly processes: readonly UnregisteredProcess[];
  /** Entries without a process. */
  readonly entries: readonly EntryRef[];
}

/**
 * Finds processes and entries that carry the marker but belong to no registered agent, so that no request could kill
 * them. One source is a launch that PM2 carries out after its agent was unregistered.
 */
export function findUnregistered(
  { daemon, listed, unlisted }: ProcessSnapshot,
  isRegistered: (id: string) => boolean,
): UnregisteredProcesses {
  const processes: UnregisteredProcess[] = [];
  const entries: EntryRef[] = [];
  for (const entry of listed) {
    const { agentId, runId, process, state } = entry;
    // Without the marker it is the operator's own program.
    if (runId === null || isRegistered(agentId)) continue;
    if (process !== null) processes.push({ agentId, runId, process });
    else if (state === 'stopped' || state === 'errored') entries.push(entryRefOf(daemon, entry));
  }
  for (const { agentId, runId, process, isNew } of unlisted)
    if (!isNew && !isRegistered(agentId)) processes.push({ agentId, runId, process });
  return { processes, entries };
}
