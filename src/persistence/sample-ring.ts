import type { Work } from './waiting-writes';

const GROUP = 10;

/** Keeps the latest waiting samples. When it is full, the oldest sample is dropped. */
export class SampleRing {
  private readonly works: Work[] = [];
  /** Number of samples at the front that must be written one at a time. */
  private apart = 0;

  constructor(private readonly max: number) {}

  get size(): number {
    return this.works.length;
  }

  add(work: Work): void {
    this.works.push(work);
    this.trim();
  }

  /** Removes and returns the oldest samples, to be written in one transaction. */
  take(): readonly Work[] {
    const group = this.works.splice(0, this.apart > 0 ? 1 : GROUP);
    this.apart = Math.max(0, this.apart - group.length);
    return group;
  }

  /** Puts back a group from {@link take} that could not be written. */
  putBack(group: readonly Work[]): void {
    this.works.unshift(...group);
    this.trim();
  }

  /** Puts back a group to be written one by one, so that only the sample at fault is lost. */
  putBackApart(group: readonly Work[]): void {
    this.putBack(group);
    this.apart = group.length;
  }

  private trim(): void {
    if (this.works.length > this.max) this.works.splice(0, this.works.length - this.max);
  }
}
