import * as fc from 'fast-check';
import { ALPHABET } from '../../../test/support/machine-alphabet';
import {
  ended,
  HOUR_MS,
  LIKELY_KEY,
  makeRun,
  online,
  orphan,
  POLICY,
  TRIPS_AT_ONCE,
  YOUNGER_DAEMON,
} from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';
import { isoTime } from '../../kernel';
import { rehydrateState } from './rehydrate';
import { parseSavedState } from './saved-state';
import { newAgentState, type AgentState } from './state';

const boot = { boot: true, scanned: true } as const;
const saved = (state: AgentState): unknown => JSON.parse(JSON.stringify(state));

/** States that random histories of events lead to. */
const states: fc.Arbitrary<AgentState> = fc
  .tuple(
    fc.constantFrom(1, 5),
    fc.array(fc.tuple(fc.constantFrom(...ALPHABET), fc.constantFrom(0, 1, 11_000, 61_000)), { maxLength: 25 }),
  )
  .map(([failureThreshold, steps]) => {
    const story = new Story({ circuit: { ...POLICY.circuit, failureThreshold } });
    for (const [word, waitMs] of steps) word.say(story.waits(waitMs), story.runId);
    return story.machineState.state;
  });

/** Returns the path of every place in a JSON value. */
function placesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, member]) => placesOf(member, [...path, name]))];
}

function withValueAt(value: unknown, [name, ...rest]: readonly string[], put: unknown): unknown {
  if (name === undefined) return put;
  if (typeof value !== 'object' || value === null) return value;
  const member: unknown = Object.entries(value).find(([each]) => each === name)?.[1];
  const changed = withValueAt(member, rest, put);
  if (Array.isArray(value)) return value.map((each: unknown, index) => (String(index) === name ? changed : each));
  return Object.fromEntries([...Object.entries(value).filter(([each]) => each !== name), [name, changed]]);
}

/** Restarts the supervisor with a saved state whose phase is invalid. */
function withoutPhase(story: Story): Story {
  const { state } = story.machineState;
  const { value } = parseSavedState({ ...state, phase: { kind: 'from a newer program' } });
  story.machineState = { ...story.machineState, state: value };
  return story.supervisorRestarts();
}

const up = () => new Story().isUp().becomesStable();

describe('a saved state', () => {
  it('is restored unchanged, whatever led to it', () => {
    fc.assert(
      fc.property(states, (state) => {
        const { value, faults } = parseSavedState(saved(state));
        expect(faults).toEqual([]);
        expect(saved(state)).toMatchObject(value);
        // A waiting launch may carry the run id of the failed one. The next launch gets its own.
        const kept = new Set(placesOf(value).map((place) => place.join('/')));
        const lost = placesOf(saved(state)).map((place) => place.join('/'));
        expect(lost.filter((place) => !kept.has(place) && !place.endsWith('launch/runId'))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is valid or names its fault for any changed member, and never throws', () => {
    const anything = fc.oneof(fc.jsonValue(), fc.constantFrom(undefined, -1, 'x', null, {}, []));
    fc.assert(
      fc.property(states, fc.nat(), anything, (state, pick, put) => {
        const json = saved(state);
        const places = placesOf(json);
        const changed = withValueAt(json, places[pick % places.length] ?? [], put);
        const { value } = parseSavedState(changed);
        const again = parseSavedState(saved({ ...value, stopAskedAt: Math.min(value.stopAskedAt, 1) }));
        expect(again.faults).toEqual([]);
        rehydrateState(value, 1_000, HOUR_MS);
      }),
      { numRuns: 2_000 },
    );
  });

  it('has no time that a date cannot represent', () => {
    const failure = { cause: 'unknown', line: 'ended', action: 'restart', incidentId: 'i' };
    const { value, faults } = parseSavedState({ ...newAgentState(0), lastFailure: { ...failure, at: 1e18 } });
    expect([value.lastFailure, faults.map(({ pointer }) => pointer)]).toEqual([null, ['/lastFailure/at']]);
    const latest = { ...failure, at: 8.64e15 };
    expect(parseSavedState({ ...newAgentState(0), lastFailure: latest }).value.lastFailure).toEqual(latest);
    expect(() => isoTime(latest.at)).not.toThrow();
  });

  it('of an older version gets the defaults of the missing members', () => {
    const { pausedUntil: _paused, external: _external, ...older } = newAgentState(5);
    expect(parseSavedState(older)).toEqual({ value: newAgentState(5), faults: [] });
  });

  it('of an older version names the entry of a run pmId', () => {
    const { state } = up().machineState;
    const older: unknown = JSON.parse(JSON.stringify(state).replaceAll('"entryId"', '"pmId"'));
    expect(parseSavedState(older)).toEqual({ value: state, faults: [] });
  });

  it('of an older version has a certain diagnosis without a rule, and no cause of the previous run', () => {
    const diagnosis = { diagnosis: LIKELY_KEY, incidentId: 'i', at: 5 };
    const { certainty: _certainty, rule: _rule, block: _block, ...olderDiagnosis } = LIKELY_KEY;
    const { previousCause: _cause, ...older } = { ...newAgentState(5), diagnosis };
    expect(parseSavedState({ ...older, diagnosis: { ...diagnosis, diagnosis: olderDiagnosis } })).toEqual({
      value: {
        ...newAgentState(5),
        diagnosis: { ...diagnosis, diagnosis: { ...LIKELY_KEY, certainty: 'certain', rule: null, block: [] } },
      },
      faults: [],
    });
  });

  it('has no diagnosis of an unknown certainty', () => {
    const diagnosis = { diagnosis: { ...LIKELY_KEY, certainty: 'perhaps' }, incidentId: 'i', at: 5 };
    const { value, faults } = parseSavedState({ ...newAgentState(5), diagnosis });
    expect([value.diagnosis, faults.map(({ pointer }) => pointer)]).toEqual([null, ['/diagnosis/diagnosis/certainty']]);
  });

  it('has no program for a run that an older version saved', () => {
    const { state } = up().machineState;
    const { program: _program, ...older } = state.lastRun ?? makeRun();
    const { value, faults } = parseSavedState({ ...state, lastRun: older });
    expect([value.lastRun?.program, faults]).toEqual([null, []]);
  });

  it('has no path of a program that is longer than the system allows', () => {
    const run = makeRun({ program: { program: `/${'x'.repeat(4_096)}`, folder: '/agents' } });
    const { value, faults } = parseSavedState({ ...newAgentState(0), lastRun: run });
    expect([value.lastRun, faults.map(({ pointer }) => pointer)]).toEqual([null, ['/lastRun/program/program']]);
  });

  it('loses unknown members', () => {
    expect(parseSavedState({ ...newAgentState(5), mood: 'good' })).toEqual({ value: newAgentState(5), faults: [] });
  });

  it.each([
    ['a phase of an unknown kind', { phase: { kind: 'dreaming', since: 1 } }, '/phase/kind'],
    ['a negative time', { pausedUntil: -1 }, '/pausedUntil'],
    ['a number as text', { restarts: '3' }, '/restarts'],
    ['an unknown cause', { unhealthy: { incarnation: 'a', cause: 'bad luck' } }, '/unhealthy/cause'],
    ['a run without its process', { lastRun: { runId: 'a' } }, '/lastRun/process'],
  ])('with %s names the place', (_, changes, pointer) => {
    const { value, faults } = parseSavedState({ ...newAgentState(5), ...changes });
    expect(faults.map((fault) => fault.pointer)).toContain(pointer);
    expect(JSON.stringify(faults)).not.toContain('dreaming');
    expect(parseSavedState(saved(value)).faults).toEqual([]);
  });

  it('keeps the valid members beside an invalid one', () => {
    const { machineState } = up();
    const { value } = parseSavedState({ ...machineState.state, diagnosis: 'broken' });
    expect(value).toEqual({ ...machineState.state, diagnosis: null });
  });

  it.each([null, 'text', [], 7])('that is no object becomes a new one and names its fault: %p', (json) => {
    const { value, faults } = parseSavedState(json);
    expect(value).toEqual({ ...newAgentState(0), phase: { kind: 'stopped', since: 0 }, stopAskedAt: Infinity });
    expect(faults).toHaveLength(1);
  });
});

describe('an agent whose saved phase cannot be read', () => {
  it('is adopted, not restarted, if it runs', () => {
    const story = withoutPhase(up());
    story.sees({ ...boot, listed: [online(story.run)] });
    expectStory(story, { phase: 'verifying', desired: 'running', acts: [], records: ['agent.adopted'] });
  });

  it('is started after a scan if it does not run', () => {
    const story = withoutPhase(up());
    expectStory(story.sees({ daemon: YOUNGER_DAEMON }), { phase: 'stopped', acts: ['scan'] });
    story.sees({ ...boot, daemon: YOUNGER_DAEMON });
    expectStory(story, { phase: 'starting', acts: ['launch'] });
  });

  it('is started only after its orphan is killed', () => {
    const story = withoutPhase(up());
    story.sees({ ...boot, daemon: YOUNGER_DAEMON, unlisted: [orphan(story.run)] });
    expectStory(story, { phase: 'stopped', acts: ['end orphan 1001'] });
    expectStory(story.sees({ ...boot, daemon: YOUNGER_DAEMON }), { phase: 'starting' });
  });

  it('stays stopped if the operator stopped it in a shell', () => {
    const story = withoutPhase(up());
    story.sees({ ...boot, listed: [ended(story.run, { wasEndOrdered: true })] });
    expectStory(story, { phase: 'stopped', desired: 'stopped', acts: [] });
  });

  it('stays stopped if the operator deleted it in a shell', () => {
    expectStory(withoutPhase(up()).sees(boot), { phase: 'stopped', desired: 'stopped', acts: [] });
  });

  it('stays halted until its trial is due', () => {
    const story = withoutPhase(new Story(TRIPS_AT_ONCE).isUp().exits());
    story.sees({ ...boot, listed: [ended(story.run)] });
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 1', acts: [] });
    expectStory(story.deadlineComes(), { phase: 'starting' });
  });

  it('is stopped if it runs and should not', () => {
    const story = up().asksStop();
    const { run } = story;
    story.machineState = { ...story.machineState, state: parseSavedState('nothing of it').value };
    story.supervisorRestarts().sees({ ...boot, listed: [online(run)] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 1001'] });
  });
});
