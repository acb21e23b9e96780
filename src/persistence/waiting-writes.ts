import type { Tx } from './database/database';

export type Work = (tx: Tx) => Promise<void> | void;

/** Change that was already decided. Its parts are committed in one transaction. */
export interface DecidedChange {
  /** Written exactly once, after earlier appended work of the same subject. */
  readonly append?: Work;
  /** Supersedes a waiting state of the same subject and key. */
  readonly state?: { readonly key: string; readonly work: Work };
}

interface Step {
  /** null: an appended work, which is never superseded. */
  readonly key: string | null;
  readonly work: Work;
}

/** Unit of commit: one command, or the waiting changes of one subject. */
export interface Entry {
  readonly steps: Step[];
  /** null: no caller waits, and the entry is retried until it is written. */
  readonly caller: { resolve: () => void; reject: (error: unknown) => void } | null;
  readonly label: string;
  /**
   * true: its effect happens whether or not it is saved. After a commit in doubt the entry is kept until the outcome is
   * known.
   */
  readonly isKeptInDoubt: boolean;
  /** Subject of the entry. Entries of different subjects may be reordered. null: several subjects. */
  readonly subject: string | null;
  readonly whenSettled: (() => void)[];
}

/**
 * Small enough that a transaction stays far below its time limit on a slow machine, even when hundreds of agents exit
 * at once.
 */
const GROUP = 10;
const STEPS = 20;

/**
 * Holds the waiting writes, in order. A change joins the waiting change of its subject: the latest state and every
 * appended work are kept, and they are committed together. The number of waiting states is therefore bounded by the
 * number of subjects.
 */
export class WaitingWrites {
  private entries: Entry[] = [];
  /** Last waiting change of each subject, unless a caller's work follows it. */
  private joinable = new Map<string, Entry>();
  /** Number of entries at the front that are being written. */
  private inFlight = 0;
  private appended = 0;

  constructor(private readonly maxAppended: number) {}

  get size(): number {
    return this.entries.length;
  }

  addCommand(entry: Entry): void {
    this.entries.splice(this.placeOf(entry), 0, entry);
    if (entry.subject === null) this.joinable.clear();
    else this.joinable.delete(entry.subject);
  }

  /** Adds a change. Returns false if too much work waits. The appended part is then lost, but never the state. */
  addChange({ append, state }: DecidedChange, label: string, subject: string | null, whenSettled: () => void): boolean {
    const isFull = append !== undefined && this.appended >= this.maxAppended;
    const steps: Step[] = [];
    if (append !== undefined && !isFull) steps.push({ key: null, work: append });
    if (state !== undefined) steps.push(state);
    if (steps.length === 0) whenSettled();
    else this.append({ steps, caller: null, label, isKeptInDoubt: true, subject, whenSettled: [whenSettled] });
    return !isFull;
  }

  /** Returns the entries to write next, at least one if any waits. No change joins them from here on. */
  begin(): readonly Entry[] {
    const group: Entry[] = [];
    let steps = 0;
    for (const entry of this.entries.slice(0, GROUP)) {
      steps += entry.steps.length;
      if (steps > STEPS && group.length > 0) break;
      group.push(entry);
    }
    this.hold(group);
    return group;
  }

  /** Removes the first `count` entries. The rest of the group is still being written. */
  removeFirst(count: number): void {
    this.appended -= appendedIn(this.entries.splice(0, count));
    this.inFlight = Math.max(0, this.inFlight - count);
  }

  /** Replaces the first `count` entries, and holds the new ones until the next group begins. */
  replaceFirst(count: number, entries: readonly Entry[]): void {
    const gone = this.entries.splice(0, count, ...entries);
    this.appended += appendedIn(entries) - appendedIn(gone);
    this.hold(entries);
  }

  /**
   * Splits a failed change into single steps, so that only the step at fault is lost. Returns false for a single step.
   */
  splitFirst(): boolean {
    const [first] = this.entries;
    if (first === undefined || first.steps.length < 2) return false;
    const last = first.steps.length - 1;
    const parts = first.steps.map((step, index) => ({
      ...first,
      steps: [step],
      whenSettled: index === last ? first.whenSettled : [],
    }));
    this.replaceFirst(1, parts);
    return true;
  }

  /** Removes and returns the callers' entries. Changes that waited before and after one are joined. */
  removeCallers(): readonly Entry[] {
    const callers = this.entries.filter((entry) => entry.caller !== null);
    const [held, rest] = [this.entries.slice(0, this.inFlight), this.entries.slice(this.inFlight)];
    this.entries = held.filter((entry) => entry.caller === null);
    this.hold([...this.entries]);
    this.joinable.clear();
    this.appended = appendedIn(this.entries);
    for (const entry of rest) if (entry.caller === null) this.append(entry);
    return callers;
  }

  /** Releases the group: none of its entries is being written any more. */
  release(): void {
    this.hold([]);
  }

  private hold(first: readonly Entry[]): void {
    this.inFlight = first.length;
    for (const { subject } of first) {
      const joinable = subject === null ? undefined : this.joinable.get(subject);
      if (subject !== null && joinable !== undefined && first.includes(joinable)) this.joinable.delete(subject);
    }
  }

  private append(entry: Entry): void {
    this.appended += appendedIn([entry]);
    const { subject } = entry;
    const earlier = subject === null ? undefined : this.joinable.get(subject);
    if (earlier !== undefined && earlier.steps.length + entry.steps.length <= STEPS) {
      join(earlier, entry);
      return;
    }
    this.entries.push(entry);
    if (subject !== null) this.joinable.set(subject, entry);
  }

  /**
   * Returns the index for a command. A command about one subject is written before the changes of other subjects, so
   * that its caller does not wait for a mass restart.
   */
  private placeOf({ subject }: Entry): number {
    if (subject === null) return this.entries.length;
    const before = this.entries.findLastIndex(
      (other) => other.caller !== null || other.subject === null || other.subject === subject,
    );
    return Math.max(before + 1, this.inFlight);
  }
}

function join(earlier: Entry, { steps, whenSettled }: Entry): void {
  for (const step of steps) {
    const superseded = step.key === null ? -1 : earlier.steps.findIndex(({ key }) => key === step.key);
    if (superseded !== -1) earlier.steps.splice(superseded, 1);
    earlier.steps.push(step);
  }
  earlier.whenSettled.push(...whenSettled);
}

function appendedIn(entries: readonly Entry[]): number {
  let count = 0;
  for (const { caller, steps } of entries)
    if (caller === null) for (const { key } of steps) if (key === null) count += 1;
  return count;
}
