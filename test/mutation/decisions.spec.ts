import { readdirSync } from 'node:fs';
import path from 'node:path';
import type * as FastCheck from 'fast-check';

/** Random cases per property. Each of thousands of mutants runs them all, so they are fewer than in the unit tests. */
const CASES = 50;

const SRC = path.join(__dirname, '../../src');

/** Modules whose specs decide if a mutant survives. */
const MODULES = ['healing/machine', 'healing/fleet', 'circuit', 'health/verdict'];

/** Explores the whole machine while it loads, to compare it with a document. */
const LEFT_OUT = 'healing/machine/diagram.spec.ts';

const SPECS = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.spec.ts') && file !== LEFT_OUT)
  .filter((file) => MODULES.some((module) => file.startsWith(`${module}/`) || file === `${module}.spec.ts`))
  .sort();

jest.mock('fast-check', () => {
  const actual = jest.requireActual<typeof FastCheck>('fast-check');
  const assert = <Ts>(property: FastCheck.IRawProperty<Ts>, parameters: FastCheck.Parameters<Ts> = {}) =>
    actual.assert(property, { ...parameters, seed: 1, numRuns: Math.min(parameters.numRuns ?? CASES, CASES) });
  return { ...actual, __esModule: true, assert, default: { ...actual.default, assert } };
});

/**
 * Runs the specs of the mutated modules as one file, for `npm run mutation` only. A mutant then loads the modules once
 * instead of once per spec. The properties use one seed, so that the score is repeatable.
 */
describe.each(SPECS)('%s', (spec) => {
  jest.requireActual(path.join(SRC, spec));
});
