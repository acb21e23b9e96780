import type { Clock } from '../../src/kernel';
import type { ProcessManagerSignal } from '../../src/processes';

interface Subscriber {
  readonly onSignal: (signal: ProcessManagerSignal) => void;
  readonly onClosed: () => void;
}

/** Delivers the signals of a fake daemon to its subscribers: late, twice or never, as the faults of the world demand. */
export class FakeSignals {
  private readonly subscribers = new Set<Subscriber>();

  /** @param delaysOf returns the delays of a signal in milliseconds, one for each delivery */
  constructor(
    private readonly clock: Clock,
    private readonly delaysOf: (signal: ProcessManagerSignal) => readonly number[],
  ) {}

  /** @returns a function that ends the subscription */
  subscribe(onSignal: Subscriber['onSignal'], onClosed: Subscriber['onClosed']): () => void {
    const subscriber = { onSignal, onClosed };
    this.subscribers.add(subscriber);
    return () => this.subscribers.delete(subscriber);
  }

  send(signal: ProcessManagerSignal): void {
    for (const delayMs of this.delaysOf(signal)) {
      for (const subscriber of [...this.subscribers]) {
        const deliver = () => {
          if (this.subscribers.has(subscriber)) subscriber.onSignal(signal);
        };
        if (delayMs === 0) deliver();
        else this.clock.after(delayMs, deliver);
      }
    }
  }

  /** Tells each subscriber that the daemon is gone. */
  close(): void {
    for (const { onClosed } of [...this.subscribers]) onClosed();
  }
}
