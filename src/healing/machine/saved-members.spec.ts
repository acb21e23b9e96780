import * as fc from 'fast-check';
import { diagnosisOf, FAILURE_CAUSES, type Diagnosis } from '../../kernel';
import type { LaunchIntent } from './launch';
import type { CheckHistory, DownPhase, LaunchFacts, Phase, Run, StoppedPhase, StoppingPhase } from './phase';
import { parseSavedState } from './saved-state';
import { newAgentState, type AgentState } from './state';

const time = fc.nat();
const count = fc.nat(1_000);
const text = fc.constantFrom('a', 'b', 'port 80 is in use');
const cause = fc.constantFrom(...FAILURE_CAUSES);
const isTrue = fc.constant(true as const);
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const keys = <T extends string>(requiredKeys: readonly T[]) => ({ requiredKeys: [...requiredKeys] });

const identity = fc.record({ pid: count, startTime: orNull(time) });
const fileMark = fc.record({ inode: count, size: count });
const facts: fc.Arbitrary<LaunchFacts> = fc.record({
  log: orNull(fc.record({ stdout: fileMark, stderr: fileMark, oomKills: orNull(count) })),
  program: orNull(fc.record({ program: text, folder: text })),
  fingerprint: orNull(text),
});

const run: fc.Arbitrary<Run> = fc
  .record({
    ...{ runId: text, process: identity, entryId: count, uniqueId: text, upSince: time, launchedAt: time },
    daemon: identity,
  })
  .chain((own) => facts.map((launched) => ({ ...own, ...launched })));

const intent = (fallback: fc.Arbitrary<LaunchIntent['fallback']>): fc.Arbitrary<LaunchIntent> =>
  fc.record(
    {
      by: fc.constantFrom('operator', 'routing', 'autostart', 'healing', 'recovery'),
      reason: text,
      kind: fc.constantFrom('spawn', 'restart'),
      pidBefore: orNull(count),
      attempt: orNull(count),
      trial: fc.boolean(),
      mustBeListed: fc.boolean(),
      afterSweeps: fc.boolean(),
      isRetry: isTrue,
      fallback,
    },
    keys(['by', 'reason', 'kind', 'pidBefore', 'attempt', 'trial', 'mustBeListed', 'afterSweeps', 'fallback']),
  );

const stopped: fc.Arbitrary<StoppedPhase> = fc.record(
  { kind: fc.constant('stopped'), since: time, isProven: isTrue },
  keys(['kind', 'since']),
);

const down = (launch: fc.Arbitrary<LaunchIntent>): fc.Arbitrary<DownPhase> =>
  fc.record(
    {
      kind: fc.constant('down'),
      since: time,
      why: fc.constantFrom('backing-off', 'halted', 'restart-delay', 'waiting', 'operator-acting', 'daemon-ended'),
      until: orNull(time),
      isDeleted: isTrue,
      launch: orNull(launch),
    },
    keys(['kind', 'since', 'why', 'until', 'launch']),
  );

const desired = fc.constantFrom('running', 'stopped');
const fallback = fc.record({ desired, phase: fc.oneof(stopped, down(intent(fc.constant(null)))) });
const whole = intent(orNull(fallback));
const launch = fc.tuple(whole, text).map(([planned, runId]) => ({ ...planned, runId }));

const checked: fc.Arbitrary<CheckHistory> = fc.oneof(
  fc.record({ kind: fc.constant('awaited'), problem: orNull(fc.record({ cause, line: text })) }),
  fc.record({ kind: fc.constant('good'), since: time }),
  fc.record({ kind: fc.constant('failed') }),
);

const stopping: fc.Arbitrary<StoppingPhase> = fc.record(
  {
    ...{ kind: fc.constant('stopping'), since: time, runId: text, run: orNull(run), absences: count },
    awaited: fc.constantFrom('pending', 'unknown', null),
    hasExited: isTrue,
    then: fc.oneof(
      fc.record(
        { kind: fc.constant('stopped'), updateUntil: time, by: fc.constant('idle') },
        { requiredKeys: ['kind'] },
      ),
      fc.record({ kind: fc.constant('start'), launch: whole, delayMs: count }),
      fc.record({ kind: fc.constantFrom('halted', 'unregistered') }),
    ),
    againAt: orNull(time),
  },
  keys(['kind', 'since', 'runId', 'run', 'absences', 'awaited', 'then', 'againAt']),
);

const exit = fc.record({ exitCode: orNull(count), signal: orNull(text), ordered: fc.boolean() });

const phase: fc.Arbitrary<Phase> = fc.oneof(
  stopped,
  fc.record({
    ...{ kind: fc.constant('starting'), since: time, launch, revision: count, absences: count, exit: orNull(exit) },
    ...{ outcome: fc.constantFrom('pending', 'unknown'), lookAt: orNull(time), listedUnder: orNull(identity) },
  }),
  fc.record({ kind: fc.constant('verifying'), since: time, run, launch: orNull(launch), checked }),
  fc.record({ kind: fc.constant('running'), since: time, run, stable: fc.boolean(), checked }),
  stopping,
  down(whole),
);

const evidence = fc.record({
  source: fc.constantFrom('exit', 'stderr', 'stdout', 'launch', 'check', 'heartbeat', 'memory', 'system', 'caller'),
  detail: text,
});
const diagnosis: fc.Arbitrary<Diagnosis> = fc
  .record({
    ...{ cause, line: text, certainty: fc.constantFrom('certain', 'likely'), rule: orNull(text) },
    ...{ block: fc.array(text), evidence: fc.array(evidence) },
    ...{ exitCode: orNull(count), signal: orNull(text), memoryBytes: orNull(count) },
  })
  .map(({ cause: of, line, ...found }) => diagnosisOf(of, line, found));
const action = fc.constantFrom('restart', 'halt', 'stop', 'none');

/** Every state that the type allows, in small values. */
const states: fc.Arbitrary<AgentState> = fc.record({
  ...{ phase, revision: count, startAskedAt: time, stopAskedAt: time, ghosts: fc.array(text), restarts: count },
  onDemand: fc.boolean(),
  incident: orNull(fc.record({ id: text, openedAt: time, attempt: count, escalated: fc.boolean() })),
  lastRun: orNull(run),
  unanswered: orNull(fc.tuple(facts, text).map(([launched, runId]) => ({ ...launched, runId }))),
  failedRunId: orNull(text),
  previousCause: orNull(cause),
  lastFailure: orNull(fc.record({ at: time, cause, line: text, action, incidentId: text })),
  diagnosis: orNull(fc.record({ diagnosis, incidentId: text, at: time })),
  unhealthy: orNull(fc.record({ incarnation: text, cause })),
  pausedUntil: orNull(time),
  external: orNull(fc.record({ wasSeen: fc.boolean(), failedChecks: count, goodSince: orNull(time) })),
  misconfigured: orNull(fc.record({ setup: text, count })),
});

describe('a saved state', () => {
  it('is restored unchanged, whatever its type allows', () => {
    fc.assert(
      fc.property(states, (state) => {
        expect(parseSavedState(JSON.parse(JSON.stringify(state)))).toEqual({ value: state, faults: [] });
      }),
      { numRuns: 500 },
    );
  });

  it('without a phase names it', () => {
    const { phase: _phase, ...others } = newAgentState(5);
    expect(parseSavedState(others)).toEqual({
      value: { ...newAgentState(0), phase: { kind: 'stopped', since: 0 } },
      faults: [{ pointer: '/phase', detail: 'is missing' }],
    });
  });

  it.each([-1, 'x', null])('with an invalid time of the last stop (%p) counts as stopped just now', (stopAskedAt) => {
    expect(parseSavedState({ ...newAgentState(5), stopAskedAt }).value.stopAskedAt).toBe(Infinity);
    expect(parseSavedState({ ...newAgentState(5), stopAskedAt: 3, startAskedAt: stopAskedAt }).value.stopAskedAt).toBe(
      3,
    );
  });
});
