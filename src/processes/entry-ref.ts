import type { ProcessIdentity } from './process-table/process-inspector';

/**
 * Identifies one entry of the process manager's list. Compare it by {@link isSameEntry}; read nothing from its members.
 * An identifier alone is not enough: a daemon may give it again once its list was empty (PM2-FACTS, 12).
 */
export interface EntryRef {
  readonly daemon: ProcessIdentity;
  /** Given by the daemon; valid for that daemon only. */
  readonly entryId: number;
  /** New at each launch by the supervisor; kept by a restart in the operator's shell. */
  readonly uniqueId: string;
}

/** Returns the reference to an entry that `daemon` has listed or launched. */
export function entryRefOf(daemon: ProcessIdentity, { entryId, uniqueId }: Omit<EntryRef, 'daemon'>): EntryRef {
  return { daemon: { pid: daemon.pid, startTime: daemon.startTime }, entryId, uniqueId };
}

/** Returns true only on proof: an unknown start time or unique ID equals nothing. */
export function isSameEntry(one: EntryRef, other: EntryRef): boolean {
  return (
    one.daemon.startTime !== null &&
    one.daemon.startTime === other.daemon.startTime &&
    one.daemon.pid === other.daemon.pid &&
    one.entryId === other.entryId &&
    one.uniqueId !== '' &&
    one.uniqueId === other.uniqueId
  );
}
