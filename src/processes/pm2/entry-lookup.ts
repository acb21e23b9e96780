import { entryRefOf, isSameEntry, type EntryRef } from '../entry-ref';
import type { Connection } from './connection';
import { readEntries, type EntrySources, type Pm2Entry } from './entries';

interface HeldList {
  readonly connection: Connection;
  readonly entries: readonly Pm2Entry[];
}

/** Looks up an entry before it is replaced or deleted. */
export class EntryLookup {
  /** List that was received in the current turn of the event loop. */
  private held: HeldList | null = null;

  constructor(private readonly sources: EntrySources) {}

  /**
   * Returns exactly this entry. Null if it is not listed, or if a process may be behind it.
   *
   * PM2's calls take only a number, so a race remains. Between this list and the next call on the same connection,
   * another client may delete the entry. Once the list is empty, it may start a new entry with the same number. Nothing
   * may be awaited between this list and that call.
   *
   * @throws Problem `process-manager-unavailable` if no list can be received
   */
  async findDead(connection: Connection, ref: EntryRef): Promise<Pm2Entry | null> {
    const { daemon } = connection;
    if (!isSameEntry({ ...ref, daemon }, ref)) return null;
    const entries = await this.listEntries(connection);
    const entry = entries.find((each) => isSameEntry(entryRefOf(daemon, each), ref));
    return entry?.process !== null || entry.state === 'launching' ? null : entry;
  }

  /**
   * Keeps a list for the current turn of the event loop. No newer list can arrive before the next turn, so a caller
   * that acts on a snapshot at once can reuse it.
   */
  holdForThisTurn(connection: Connection, entries: readonly Pm2Entry[]): void {
    const list = { connection, entries };
    this.held = list;
    setImmediate(() => {
      if (this.held === list) this.held = null;
    });
  }

  /** Drops the list that is held. Call it whenever a process may have exited since. */
  drop(): void {
    this.held = null;
  }

  private async listEntries(connection: Connection): Promise<readonly Pm2Entry[]> {
    if (this.held?.connection === connection) return this.held.entries;
    return readEntries((await connection.list()).rows, this.sources);
  }
}
