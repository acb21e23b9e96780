import type { Random } from '../../src/kernel';
import type { FakeClock } from '../support/fake-clock';
import type { FakeWorld } from '../support/fake-world';
import type { Referee } from './referee/referee';

const FEW = ['a', 'b', 'c'];
/** Enough agents for one cause to show in many of them. */
const MANY = [...FEW, 'd', 'e', 'f'];

/** Objects that all parts of one simulation share. */
export interface SimulationContext {
  readonly seed: number;
  readonly agents: readonly string[];
  /** Clock of the world. It goes on while the service is frozen. */
  readonly clock: FakeClock;
  /** Counts the time in which the service was not frozen. Limits on what the service has to do are measured in it. */
  readonly activeTime: { now(): number };
  readonly world: FakeWorld;
  readonly referee: Referee;
  /** Main random stream of the seed. */
  readonly random: Random;
  /** Draws a number from 0 to less than `below` from the main stream. */
  readonly draw: (below: number) => number;
  /** Appends a line to the trace. */
  readonly say: (line: string) => void;
  readonly trace: readonly string[];
}

/** Returns true for the seeds that play an outage of many agents in the end. */
export function hasOutage(seed: number): boolean {
  return seed % 5 === 0;
}

/** Returns true for the seeds that also play an outage long enough for healing to try a restart. */
export function hasLongOutage(seed: number): boolean {
  return seed % 20 === 0;
}

export function agentsOf(seed: number): readonly string[] {
  return hasOutage(seed) ? MANY : FEW;
}
