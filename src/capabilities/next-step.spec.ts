import * as fc from 'fast-check';
import { anyCandidates, makeCandidate } from '../../test/support/route-candidates';
import { isStartingOnDemand, nextStep, retryAfterSeconds } from './next-step';
import { rankCandidates, type Candidate } from './select';

const SPAWN = { spawn: true };

/** Gives the candidates the ids a, b, c. */
const ranked = (...changes: readonly Partial<Candidate>[]) =>
  rankCandidates(changes.map((each, index) => makeCandidate({ agentId: 'abc'.charAt(index), ...each })));

/** Returns the step in one word, with the agent it names. */
function stepOf(changes: readonly Partial<Candidate>[], options = SPAWN): string {
  const step = nextStep(ranked(...changes), options);
  if (step.kind === 'use') return `use ${step.candidate.agentId}`;
  return step.kind === 'start' ? `start ${step.agentId}` : step.kind;
}

const USABLE = {};
const STOPPED = { status: 'stopped', score: null } as const;
const STARTING = { status: 'starting', score: null } as const;
const RECOVERING = { status: 'recovering', score: 0 } as const;
const BACKING_OFF = { status: 'backing-off', score: 0 } as const;
const HALTED = { status: 'halted', circuit: 'OPEN', score: 0 } as const;
const IN_TRIAL = { status: 'running', circuit: 'HALF_OPEN' } as const;
const UNHEALTHY = { status: 'unhealthy', score: 20 } as const;
const UNSEEN = { status: 'unknown', score: null, isExternal: true } as const;
const PAUSED = { ...STOPPED, isPaused: true };
const TRIPPED = { ...STOPPED, circuit: 'OPEN' } as const;
const FAILED = { ...STOPPED, hindrance: 'its start failed: why' };
const EXCLUDED = { ...STOPPED, isExcluded: true };
const BEGUN = { ...STOPPED, isBeingStarted: true };

describe('the next step of a route', () => {
  it.each<readonly [string, readonly Partial<Candidate>[], string]>([
    ['without an agent that has the capability', [], 'unknown'],
    ['with a usable agent', [STOPPED, USABLE], 'use b'],
    ['with a usable agent beside one that is starting', [STARTING, USABLE], 'use b'],
    ['with a stopped agent', [STOPPED], 'start a'],
    ['with two stopped agents that had no task', [STOPPED, STOPPED], 'start a'],
    [
      'with two stopped agents',
      [
        { ...STOPPED, turn: 7 },
        { ...STOPPED, turn: 3 },
      ],
      'start b',
    ],
    ['with a stopped agent that had no task', [{ ...STOPPED, turn: 7 }, STOPPED], 'start b'],
    ['with a stopped agent beside one whose start failed', [FAILED, { ...STOPPED, turn: 9 }], 'start b'],
    ['with a stopped agent beside a halted one', [HALTED, STOPPED], 'start b'],
    ['with a stopped agent beside one that fails again and again', [BACKING_OFF, STOPPED], 'start b'],
    ['with a stopped agent beside one in its trial', [{ ...RECOVERING, circuit: 'HALF_OPEN' }, STOPPED], 'start b'],
    ['with a stopped agent beside an unhealthy one', [UNHEALTHY, STOPPED], 'start b'],
    [
      'with a stopped agent beside an excluded one that is starting',
      [{ ...STARTING, isExcluded: true }, STOPPED],
      'start b',
    ],
    ['with a stopped agent beside one that is being started', [BEGUN, STOPPED], 'wait'],
    ['with a stopped agent beside one that is starting', [STARTING, STOPPED], 'wait'],
    ['with a stopped agent beside one that is recovering', [RECOVERING, STOPPED], 'wait'],
    ['with an agent that is starting', [STARTING], 'wait'],
    ['with an agent that is recovering', [RECOVERING], 'wait'],
    ['with an agent in a back-off', [BACKING_OFF], 'wait'],
    ['with an agent in its trial', [IN_TRIAL], 'wait'],
    ['with a halted agent', [HALTED], 'refuse'],
    ['with an unhealthy agent', [UNHEALTHY], 'refuse'],
    ['with an external agent that was never seen', [UNSEEN], 'refuse'],
    ['with a stopped and paused agent', [PAUSED], 'refuse'],
    ['with a stopped agent whose circuit is open', [TRIPPED], 'refuse'],
    ['with an agent whose start failed', [FAILED], 'refuse'],
    ['with a stopped agent that is excluded', [EXCLUDED], 'refuse'],
    ['with a usable agent that is excluded', [{ isExcluded: true }], 'refuse'],
    ['with an excluded agent that is starting', [{ ...STARTING, isExcluded: true }], 'refuse'],
  ])('%s', (_, changes, expected) => {
    expect(stepOf(changes)).toBe(expected);
  });

  it('without spawn starts nothing', () => {
    expect(stepOf([STOPPED, HALTED], { spawn: false })).toBe('refuse');
    expect(stepOf([STOPPED, BACKING_OFF], { spawn: false })).toBe('wait');
  });

  it('never uses a sick agent, and never starts one against the operator', () => {
    fc.assert(
      fc.property(anyCandidates, fc.boolean(), (candidates, spawn) => {
        const step = nextStep(rankCandidates(candidates), { spawn });
        const usable = candidates.filter(
          ({ isExcluded, circuit, status, score }) =>
            !isExcluded && circuit === 'CLOSED' && status === 'running' && (score ?? 50) >= 50,
        );
        if (step.kind === 'use') expect(usable.map(({ agentId }) => agentId)).toContain(step.candidate.agentId);
        else expect(usable).toEqual([]);
        if (step.kind !== 'start') return;
        expect(spawn).toBe(true);
        expect(candidates.find(({ agentId }) => agentId === step.agentId)).toMatchObject({
          ...{ status: 'stopped', circuit: 'CLOSED', isExcluded: false, isExternal: false, isPaused: false },
          ...{ hindrance: null, isBeingStarted: false },
        });
        expect(candidates.filter(({ isBeingStarted, isExcluded }) => isBeingStarted && !isExcluded)).toEqual([]);
      }),
    );
  });

  it('starts each stopped agent at most once while every start fails, and refuses then', () => {
    fc.assert(
      fc.property(anyCandidates, (candidates) => {
        let left: readonly Candidate[] = candidates.map((each) => ({
          ...each,
          status: 'stopped',
          isBeingStarted: false,
        }));
        const tried: string[] = [];
        for (;;) {
          const step = nextStep(rankCandidates(left), SPAWN);
          if (step.kind !== 'start') break;
          tried.push(step.agentId);
          left = left.map((each) => (each.agentId === step.agentId ? { ...each, hindrance: 'failed' } : each));
        }
        expect(new Set(tried).size).toBe(tried.length);
      }),
    );
  });
});

describe('a start on demand', () => {
  it.each<readonly [string, Partial<Candidate>, boolean]>([
    ['is in progress while it is not answered', BEGUN, true],
    ['is in progress until the agent is verified', { ...STARTING, isOnDemand: true }, true],
    ['is over once the agent runs', { isOnDemand: true }, false],
    ['is no start of an operator', STARTING, false],
    ['of an excluded agent does not count', { ...BEGUN, isExcluded: true }, false],
  ])('%s', (_, changes, expected) => {
    expect(ranked(changes).map(isStartingOnDemand)).toEqual([expected]);
  });
});

describe('the time after which to try again', () => {
  it.each<readonly [string, readonly Partial<Candidate>[], number]>([
    ['is short while an agent is on its way up', [STARTING, { ...BACKING_OFF, dueInMs: 30_000 }], 5],
    ['is short if nothing is due', [HALTED], 5],
    [
      'is the next restart',
      [
        { ...BACKING_OFF, dueInMs: 7_200 },
        { ...HALTED, dueInMs: 20_000 },
      ],
      8,
    ],
    ['is at least a second', [{ ...BACKING_OFF, dueInMs: 0 }], 1],
    ['is at most a minute', [{ ...HALTED, dueInMs: 600_000 }], 60],
    ['ignores excluded agents', [{ ...BACKING_OFF, dueInMs: 9_000, isExcluded: true }], 5],
  ])('%s', (_, changes, expected) => {
    expect(retryAfterSeconds(ranked(...changes))).toBe(expected);
  });
});
