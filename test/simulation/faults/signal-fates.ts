import type { Random } from '../../../src/kernel';
import type { ProcessManagerSignal } from '../../../src/processes';

const LONGEST_DELAY_MS = 3_000;
/** Upper bounds of a draw below 1: lost, delivered twice, late. Other signals arrive at once. */
const LOST = 0.05;
const TWICE = 0.1;
const LATE = 0.25;

/** Decides how often and when the daemon's signals arrive. */
export class SignalFates {
  /** False: each signal arrives once, and at once. */
  isLossy = true;

  /** @param onLost called for each signal that is lost */
  constructor(
    private readonly random: Random,
    private readonly onLost: () => void,
  ) {}

  /** Returns the delays with which a signal arrives in milliseconds, one for each delivery. */
  delaysOf({ kind }: ProcessManagerSignal): readonly number[] {
    if (!this.isLossy) return [0];
    const draw = this.random();
    if (draw < LOST) {
      this.onLost();
      return [];
    }
    // The last signal of a daemon arrives at once or, with its death, never.
    if (kind === 'daemon-ending') return [0];
    if (draw < TWICE) return [0, this.random() * LONGEST_DELAY_MS];
    if (draw < LATE) return [this.random() * LONGEST_DELAY_MS];
    return [0];
  }
}
