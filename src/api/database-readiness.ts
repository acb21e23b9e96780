import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, messageOf, type Clock } from '../kernel';
import { WriteQueue } from '../persistence';
import { degraded, down, up, type Part } from './readiness-part';

/** Time for which the result of a write probe is reused, so that polling does not wear out the disk. */
const PROBE_MS = 1_000;

/** Reports whether the database accepts changes. */
@Injectable()
export class DatabaseReadiness {
  private probe: { readonly at: number; readonly error: Promise<string | null> } | null = null;

  constructor(
    private readonly queue: WriteQueue,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @returns the part `database`; `down` if a write fails now */
  async part(): Promise<Part> {
    const error = await this.writeError();
    const facts = { waitingWrites: this.queue.size, droppedWrites: this.queue.dropped };
    if (error !== null) return down('database', 'database does not answer', error, facts);
    if (this.queue.dropped === 0) return up('database', facts);
    return degraded(
      'database',
      'changes were lost',
      'Events or notifications could not be saved and were dropped. The log shows the first one.',
      facts,
    );
  }

  /** Probes with a write, because a full disk still answers reads. */
  private writeError(): Promise<string | null> {
    const now = this.clock.now();
    if (this.probe === null || now - this.probe.at >= PROBE_MS) {
      const error = this.queue.probe().then(
        () => null,
        (failure: unknown) => messageOf(failure),
      );
      this.probe = { at: now, error };
    }
    return this.probe.error;
  }
}
