import * as fc from 'fast-check';
import { AGENT_STATUSES } from '../../src/kernel';
import type { Candidate } from '../../src/capabilities/select';

/** Builds a candidate that is usable, with changes. */
export const makeCandidate = (changes: Partial<Candidate> = {}): Candidate => ({
  ...{ agentId: 'a', score: 90, status: 'running', circuit: 'CLOSED', turn: null, isExcluded: false },
  ...{ isExternal: false, isPaused: false, isOnDemand: false, isBeingStarted: false, hindrance: null, dueInMs: null },
  ...changes,
});

/** Candidates in any combination of facts, each with an id of its own. */
export const anyCandidates: fc.Arbitrary<Candidate[]> = fc.uniqueArray(
  fc.record({
    agentId: fc.stringMatching(/^[a-z]{1,3}$/),
    score: fc.option(fc.integer({ min: 0, max: 100 })),
    status: fc.constantFrom(...AGENT_STATUSES),
    circuit: fc.constantFrom('CLOSED', 'OPEN', 'HALF_OPEN'),
    turn: fc.option(fc.integer({ min: 1, max: 1_000 })),
    isExcluded: fc.boolean(),
    isExternal: fc.boolean(),
    isPaused: fc.boolean(),
    isOnDemand: fc.boolean(),
    isBeingStarted: fc.boolean(),
    hindrance: fc.option(fc.constant('its start failed: why')),
    dueInMs: fc.option(fc.nat(600_000)),
  }),
  { selector: ({ agentId }) => agentId },
);
