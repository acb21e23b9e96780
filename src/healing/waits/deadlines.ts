/** Item of {@link Deadlines}. Its holder passes it to {@link Deadlines.remove}. */
export interface Deadline<T> {
  readonly dueAt: number;
  readonly item: T;
}

interface Slot<T> extends Deadline<T> {
  /** Index in the heap; -1: it was removed. */
  index: number;
}

/** Orders items by their due times in a binary heap. Adding and removing cost O(log n). Pure: it reads no clock. */
export class Deadlines<T> {
  private readonly heap: Slot<T>[] = [];

  get size(): number {
    return this.heap.length;
  }

  /** Returns the earliest due time; null: there are no items. */
  get next(): number | null {
    return this.heap[0]?.dueAt ?? null;
  }

  add(dueAt: number, item: T): Deadline<T> {
    const slot: Slot<T> = { dueAt, item, index: this.heap.length };
    this.heap.push(slot);
    this.rise(slot);
    return slot;
  }

  /** Removes a deadline that {@link add} returned. Does nothing if it was removed before. */
  remove(deadline: Deadline<T>): void {
    const slot = deadline as Slot<T>;
    if (this.heap[slot.index] !== slot) return;
    const last = this.heap.pop();
    const { index } = slot;
    slot.index = -1;
    if (last === undefined || last === slot) return;
    this.place(last, index);
    this.rise(last);
    this.sink(last);
  }

  /** Removes and returns the items that are due at `now`, the earliest first. */
  takeDue(now: number): T[] {
    const due: T[] = [];
    for (let first = this.heap[0]; first !== undefined && first.dueAt <= now; first = this.heap[0]) {
      due.push(first.item);
      this.remove(first);
    }
    return due;
  }

  private rise(slot: Slot<T>): void {
    while (slot.index > 0) {
      const parent = this.heap[(slot.index - 1) >> 1];
      if (parent === undefined || parent.dueAt <= slot.dueAt) return;
      this.swap(parent, slot);
    }
  }

  private sink(slot: Slot<T>): void {
    for (;;) {
      const left = this.heap[2 * slot.index + 1];
      const right = this.heap[2 * slot.index + 2];
      const child = left !== undefined && right !== undefined && right.dueAt < left.dueAt ? right : left;
      if (child === undefined || child.dueAt >= slot.dueAt) return;
      this.swap(slot, child);
    }
  }

  private swap(upper: Slot<T>, lower: Slot<T>): void {
    const { index } = upper;
    this.place(upper, lower.index);
    this.place(lower, index);
  }

  private place(slot: Slot<T>, index: number): void {
    slot.index = index;
    this.heap[index] = slot;
  }
}
