import { messageOf } from '../kernel';

/**
 * Counts the changes that were lost, and logs what callers cannot see: the begin and the end of an outage of the
 * database, and each kind of loss.
 */
export class OutageLog {
  /** Number of events, notifications and changes of healing that were lost. */
  dropped = 0;
  private isUnavailable = false;
  private isFull = false;

  /** @param countWaiting returns the number of waiting writes */
  constructor(
    private readonly log: (fields: Readonly<Record<string, unknown>>, message: string) => void,
    private readonly countWaiting: () => number,
  ) {}

  onUnavailable(error: unknown): void {
    if (!this.isUnavailable) this.log({ error: messageOf(error) }, 'database unavailable');
    this.isUnavailable = true;
  }

  onAnswered(): void {
    if (this.isUnavailable)
      this.log({ waiting: this.countWaiting(), dropped: this.dropped }, 'database available again');
    this.isUnavailable = false;
    this.isFull = false;
  }

  /** Logs the first event that is lost because too many wait. The count shows the others of the same outage. */
  onFull(label: string): void {
    this.dropped += 1;
    if (!this.isFull) this.log({ label, dropped: this.dropped }, 'write queue full; events are dropped');
    this.isFull = true;
  }

  /** Logs a change that the database would refuse at every try. */
  onInvalid(label: string, error: unknown): void {
    this.dropped += 1;
    this.log({ label, error: messageOf(error) }, 'change dropped');
  }

  onInvalidSample(error: unknown): void {
    this.log({ error: messageOf(error) }, 'sample dropped');
  }
}
