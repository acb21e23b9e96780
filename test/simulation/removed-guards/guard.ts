import type * as Simulate from '../simulate';
import { simulate, type Outcome, type Variant } from '../simulate';

export type Play = (seed: number) => Promise<Outcome>;

/** A guard of the production code that a test removes, to prove that a seed then fails. */
export interface Guard {
  /** Name in the test: without NAME a seed fails that passes with it. */
  readonly name: string;
  /** Seed at which the search begins, 1 by default. An earlier search found no failing seed below it. */
  readonly firstSeed?: number;
  /** Loads the simulation without the guard. */
  readonly load: () => Play;
}

/**
 * Returns a loader of the simulation over production code in which parts of one module are replaced.
 *
 * @param path of the module, relative to this folder
 * @param replace returns the exports that replace the actual ones
 */
export function without(path: string, replace: (actual: never) => object): () => Play {
  return () => {
    let simulation: typeof Simulate | undefined;
    jest.isolateModules(() => {
      const actual = jest.requireActual<object>(path);
      jest.doMock(path, () => ({ ...actual, ...replace(actual as never) }));
      simulation = jest.requireActual<typeof Simulate>('../simulate');
    });
    jest.dontMock(path);
    if (simulation === undefined) throw new Error('the simulation was not loaded');
    return simulation.simulate;
  };
}

/** Returns a loader of the simulation in a variant. */
export function inVariant(variant: Partial<Variant>): () => Play {
  return () => (seed) => simulate(seed, variant);
}
