import fc from 'fast-check';
import { CLOSED_CIRCUIT } from '../../circuit';
import { makeRun } from '../../../test/support/machine-builders';
import { externalStatusOf, newAgentState, statusOf, type AgentState, type Launch, type MachineState } from '../machine';
import type { DesiredState } from '../../kernel';
import { isMet, WAIT_CONDITIONS, type WaitCondition, type WaitSubject } from './wait-condition';

const NOT_CHECKED = { kind: 'awaited', problem: null } as const;
const LAUNCH: Launch = {
  ...{ runId: 'run', by: 'operator', reason: 'asked', kind: 'spawn', pidBefore: null, attempt: null },
  ...{ trial: false, mustBeListed: false, afterSweeps: false, fallback: null },
};
const INCIDENT = { id: 'incident', openedAt: 0, attempt: 1, escalated: false };

const STOPPED = { kind: 'stopped', since: 0 } as const;
const DOWN = { kind: 'down', since: 0, until: null, launch: null } as const;
const AWAITED = { revision: 0, outcome: 'pending', absences: 0, lookAt: null, listedUnder: null, exit: null } as const;
const PHASES = {
  stopped: { ...STOPPED, isProven: true },
  'stopped in a shell': STOPPED,
  starting: { kind: 'starting', since: 0, launch: LAUNCH, ...AWAITED },
  verifying: { kind: 'verifying', since: 0, run: makeRun(), launch: LAUNCH, checked: NOT_CHECKED },
  running: { kind: 'running', since: 0, run: makeRun(), stable: false, checked: NOT_CHECKED },
  stable: { kind: 'running', since: 0, run: makeRun(), stable: true, checked: NOT_CHECKED },
  stopping: {
    ...{ kind: 'stopping', since: 0, runId: 'run', run: makeRun(), awaited: null, absences: 0, againAt: null },
    then: { kind: 'stopped' },
  },
  'backing off': { ...DOWN, why: 'backing-off' },
  halted: { ...DOWN, why: 'halted' },
  'ended with its daemon': { ...DOWN, why: 'daemon-ended' },
} as const satisfies Record<string, AgentState['phase']>;

interface Given {
  readonly phase: keyof typeof PHASES;
  readonly desired?: DesiredState;
  readonly incident?: boolean;
  readonly score?: number | null;
  readonly isWatchedInside?: boolean;
  readonly isOpen?: boolean;
  readonly isUnhealthy?: boolean;
}

/** Builds the subject of an agent that the supervisor launches; its status follows from its state. */
function subjectOf(given: Given): WaitSubject {
  const { phase, desired = 'running', incident = false, score = 100, isWatchedInside = true } = given;
  const circuit = { ...CLOSED_CIRCUIT, state: given.isOpen === true ? 'OPEN' : 'CLOSED' } as const;
  const state = { ...newAgentState(0), phase: PHASES[phase], incident: incident ? INCIDENT : null };
  const machine: MachineState = { state, desired, circuit };
  const status = given.isUnhealthy === true ? 'unhealthy' : statusOf(machine);
  return { view: viewOf('agent.py', status, score, circuit.state), machine, isWatchedInside };
}

function viewOf(
  entryPoint: string | null,
  status: WaitSubject['view']['status'],
  healthScore: number | null,
  state: WaitSubject['view']['circuit']['state'],
): WaitSubject['view'] {
  const circuit = { state, failureCount: 0, lastFailureAt: null, trippedAt: null };
  return { agentId: 'a', entryPoint, status, healthScore, circuit };
}

const metBy = (subject: WaitSubject): WaitCondition[] => WAIT_CONDITIONS.filter((each) => isMet(each, subject));

describe('the conditions of an agent', () => {
  it.each<[string, Given, WaitCondition[]]>([
    ['is stopped', { phase: 'stopped', desired: 'stopped', score: null }, ['stopped']],
    ['was stopped in a shell', { phase: 'stopped in a shell', desired: 'stopped', score: null }, ['stopped']],
    ['is being stopped', { phase: 'stopping', desired: 'stopped', score: null }, []],
    ['lost its daemon to pm2 kill', { phase: 'ended with its daemon', desired: 'stopped', score: null }, ['stopped']],
    ['is down before a restart', { phase: 'stopped', score: 0 }, []],
    ['is starting', { phase: 'starting', score: 0 }, []],
    ['is being verified', { phase: 'verifying', score: null }, ['running']],
    ['is being verified with a good score', { phase: 'verifying' }, ['running']],
    ['is verified', { phase: 'running' }, ['healthy', 'verified', 'running', 'recovered']],
    ['is stable', { phase: 'stable' }, ['healthy', 'verified', 'running', 'recovered']],
    ['is verified after a failure', { phase: 'running', incident: true }, ['healthy', 'verified', 'running']],
    ['scores 50', { phase: 'stable', score: 50 }, ['healthy', 'verified', 'running', 'recovered']],
    ['scores 49', { phase: 'stable', score: 49 }, ['verified', 'running', 'recovered']],
    ['is unhealthy', { phase: 'stable', score: 40, isUnhealthy: true }, ['verified', 'running', 'recovered']],
    ['has an open circuit', { phase: 'running', isOpen: true }, ['verified', 'running', 'recovered']],
    ['awaits its first check', { phase: 'running', score: null }, ['verified', 'running', 'recovered']],
    [
      'is not watched from inside',
      { phase: 'running', score: null, isWatchedInside: false },
      ['healthy', 'verified', 'running', 'recovered'],
    ],
    [
      'is not watched from inside, nor verified',
      { phase: 'verifying', score: null, isWatchedInside: false },
      ['running'],
    ],
    ['waits for a restart', { phase: 'backing off', incident: true, score: 0 }, []],
    ['is halted', { phase: 'halted', incident: true, isOpen: true, score: 0 }, []],
    ['is being killed for a restart', { phase: 'stopping', incident: true, score: 0 }, []],
  ])('that %s', (_, given, expected) => {
    expect(metBy(subjectOf(given))).toEqual(expected);
  });

  const given = fc.record({
    phase: fc.constantFrom(...(Object.keys(PHASES) as (keyof typeof PHASES)[])),
    desired: fc.constantFrom<DesiredState>('running', 'stopped'),
    incident: fc.boolean(),
    score: fc.option(fc.nat(100)),
    isWatchedInside: fc.boolean(),
    isOpen: fc.boolean(),
    isUnhealthy: fc.boolean(),
  });

  it('never contradict each other', () => {
    fc.assert(
      fc.property(given, (each) => {
        const met = metBy(subjectOf(each));
        if (met.includes('stopped')) expect(met).toEqual(['stopped']);
        if (met.includes('healthy') || met.includes('verified')) expect(met).toContain('running');
        if (met.includes('recovered')) expect(met).toContain('verified');
      }),
    );
  });
});

describe('the conditions of an external agent', () => {
  const externalOf = (wasSeen: boolean, goodSince: number | null, changes: { isOpen?: true; incident?: true } = {}) => {
    const circuit = { ...CLOSED_CIRCUIT, state: changes.isOpen === true ? 'OPEN' : 'CLOSED' } as const;
    const external = { wasSeen, goodSince, failedChecks: 0 };
    const state = { ...newAgentState(0), external, incident: changes.incident === true ? INCIDENT : null };
    const machine: MachineState = { state, desired: 'running', circuit };
    const score = wasSeen ? 90 : null;
    return { view: viewOf(null, externalStatusOf(machine), score, circuit.state), machine, isWatchedInside: true };
  };
  const conditions = WAIT_CONDITIONS.filter((each) => each !== 'stopped');

  it.each<[string, WaitSubject, WaitCondition[]]>([
    ['was never seen', externalOf(false, null), []],
    ['answers its checks', externalOf(true, 5), ['healthy', 'verified', 'running', 'recovered']],
    ['failed its latest check', externalOf(true, null), []],
    ['answers after a failure', externalOf(true, 5, { incident: true }), ['healthy', 'verified', 'running']],
    ['has an open circuit', externalOf(true, null, { isOpen: true, incident: true }), []],
  ])('that %s', (_, subject, expected) => {
    expect(conditions.filter((each) => isMet(each, subject))).toEqual(expected);
  });

  it('refuse a wait for `stopped`, which could never end', () => {
    expect(() => isMet('stopped', externalOf(true, 5))).toThrow(/^external-agent: /);
  });
});
