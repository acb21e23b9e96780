import type { Random } from '../../../src/kernel';
import type { FakeClock } from '../../support/fake-clock';
import type { ServiceProcess } from '../service/service-process';

const SHORTEST_MS = 200;
const LONGEST_MS = 120_000;

/** Freezes the service while the world goes on, and counts the time in which the service was not frozen. */
export class Freezes {
  private frozen: { readonly service: ServiceProcess; readonly since: number } | null = null;
  private lostMs = 0;

  constructor(
    private readonly clock: FakeClock,
    private readonly say: (line: string) => void,
  ) {}

  /** Returns the time in which the service was not frozen, in milliseconds. */
  now(): number {
    return (this.frozen?.since ?? this.clock.now()) - this.lostMs;
  }

  get isFrozen(): boolean {
    return this.frozen !== null;
  }

  /** Freezes the service for 0.2 s to 120 s. Each order of magnitude is equally likely. */
  freeze(service: ServiceProcess, random: Random): void {
    if (!service.isAlive || this.frozen !== null) return;
    const forMs = SHORTEST_MS * (LONGEST_MS / SHORTEST_MS) ** random();
    const timersFirst = random() < 0.5;
    this.say(`the service is frozen for ${Math.round(forMs)} ms`);
    service.clock.freeze();
    const frozen = { service, since: this.clock.now() };
    this.frozen = frozen;
    this.clock.after(forMs, () => {
      if (this.frozen === frozen) this.thaw(timersFirst);
    });
  }

  /** @param timersFirst true: the timers that fell due during the freeze fire before the service reads its messages */
  thaw(timersFirst = true): void {
    if (this.frozen === null) return;
    const { service } = this.frozen;
    this.end();
    this.say('the service is thawed');
    service.clock.thaw(timersFirst);
  }

  /** Ends the freeze without a thaw, because the frozen process was killed. */
  end(): void {
    if (this.frozen === null) return;
    this.lostMs += this.clock.now() - this.frozen.since;
    this.frozen = null;
  }
}
