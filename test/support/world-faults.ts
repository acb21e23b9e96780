import type { LaunchPlan, ProcessManagerSignal } from '../../src/processes';
import type { FakeEntry } from './fake-daemon';
import type { FakeProcess } from './fake-process';

/** Faults of a fake world. Its creator chooses them. */
export interface WorldFaults {
  /** Returns the delays with which a signal arrives, one entry per delivery. An empty list loses the signal. */
  signal(signal: ProcessManagerSignal): readonly number[];
  /** Returns the outcome of a launch that reached the daemon. */
  launch(plan: LaunchPlan): LaunchFate;
}

export type LaunchFate = 'works' | 'refused' | 'resources' | 'exits-at-once' | 'answer-lost' | 'request-lost';

/** Answer of the daemon to a launch. `silence`: no answer arrives. */
export type LaunchAnswer =
  | { readonly kind: 'launched'; readonly process: FakeProcess; readonly entry: FakeEntry }
  | { readonly kind: 'failed'; readonly reason: 'refused' | 'resources'; readonly entry: FakeEntry }
  | { readonly kind: 'not-asked' }
  | { readonly kind: 'silence' };

/** Delivers every signal once and at once. A launch fails only for a program whose name says so. */
export const NO_FAULTS: WorldFaults = {
  signal: () => [0],
  launch: (plan) =>
    plan.program.endsWith('/refused') ? 'refused' : plan.program.endsWith('/exits') ? 'exits-at-once' : 'works',
};
