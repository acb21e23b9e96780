import {
  HOUR_MS,
  NO_PID,
  online,
  orphan,
  POLICY,
  START,
  YOUNGER_DAEMON,
  TRIPS_AT_ONCE,
} from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';
import type { DownPhase } from './phase';
import { rehydrateState } from './rehydrate';
import { newAgentState } from './state';

const DAY_MS = 24 * HOUR_MS;

function backingOff(): Story {
  return new Story().isUp().exits().launchSucceeds().waits(1).exits();
}

function downPhaseOf(story: Story, now: number): DownPhase {
  const { phase } = rehydrateState(story.machineState.state, now, HOUR_MS);
  if (phase.kind !== 'down') throw new Error(`it is ${phase.kind}`);
  return phase;
}

describe('saved due times', () => {
  it('stay unchanged if they lie ahead', () => {
    const story = backingOff();
    const { until } = downPhaseOf(story, story.now + 400);
    expect(until).toBe(story.now + 1_000);
  });

  it('are due at once if they have passed', () => {
    const story = backingOff().supervisorRestarts(DAY_MS);
    expect(story.dueInMs).toBeLessThanOrEqual(0);
    expectStory(story.deadlineComes(), { phase: 'starting', acts: ['launch'] });
  });

  it('are clamped to now + the longest delay, so that a clock set back strands no agent', () => {
    const story = backingOff();
    const setBack = story.now - DAY_MS;
    const { until } = downPhaseOf(story, setBack);
    expect(until).toBeLessThanOrEqual(setBack + HOUR_MS);
    expect(until).toBeGreaterThan(setBack);
  });

  it('of what follows a stop are clamped too', () => {
    const story = new Story().isUp();
    const { state } = story.asksRestart(1_000).machineState;
    const { phase } = state;
    if (phase.kind !== 'stopping' || phase.then.kind !== 'start') throw new Error(`it is ${phase.kind}`);
    const later = { ...state, phase: { ...phase, then: { ...phase.then, delayMs: 1e15 } } };
    expect(rehydrateState(later, story.now, HOUR_MS).phase).toMatchObject({ then: { delayMs: HOUR_MS } });
    const then = { kind: 'stopped', updateUntil: story.now + 10_000 } as const;
    const stopped = { ...state, phase: { ...phase, then } };
    expect(rehydrateState(stopped, story.now, HOUR_MS, 5_000).phase).toMatchObject({
      then: { updateUntil: story.now + 15_000 },
    });
  });

  it('of the circuit are clamped to now + its cool-down', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits();
    story.supervisorRestarts(-DAY_MS);
    expectStory(story, { phase: 'down, halted', dueInMs: POLICY.circuit.cooldownMs });
    expectStory(story.supervisorRestarts(DAY_MS), { dueInMs: 0 });
  });

  it('of an agent that is halted for good stay unset', () => {
    const story = new Story({ restart: 'never' }).isUp().exits().supervisorRestarts(DAY_MS);
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 1', dueInMs: null });
  });

  it('of a requested start are clamped to now', () => {
    const story = new Story().isUp();
    const setBack = story.now - DAY_MS;
    expect(rehydrateState(story.machineState.state, setBack, HOUR_MS).startAskedAt).toBe(setBack);
  });
});

describe('after a start of the supervisor with the clock set back', () => {
  const OFFSET_MS = 2_000;

  it('the launch of a run lies before now, so that the next snapshot can show its exit', () => {
    const story = new Story().isUp().becomesStable();
    const { state } = story.machineState;
    const setBack = story.now - DAY_MS;
    const revived = rehydrateState(state, setBack, HOUR_MS, OFFSET_MS);
    expect(revived.phase).toMatchObject({ kind: 'running', run: { launchedAt: setBack - 1 } });
    expect(revived.lastRun).toMatchObject({ launchedAt: setBack - 1 });
    const kept = rehydrateState(state, story.now + DAY_MS, HOUR_MS, OFFSET_MS);
    expect(kept.lastRun?.launchedAt).toBe(story.run.launchedAt + OFFSET_MS);
  });

  it('good checks of an external agent from before it do not count as recent', () => {
    const external = { wasSeen: true, failedChecks: 2, goodSince: START + DAY_MS };
    const revived = rehydrateState({ ...newAgentState(START), external }, START, HOUR_MS);
    expect(revived.external).toEqual({ ...external, goodSince: null });
  });
});

describe('after a kill of the supervisor', () => {
  it('a launch in progress is not repeated before snapshots agree', () => {
    const story = new Story().asksStart().supervisorRestarts();
    expectStory(story, { phase: 'starting, unknown', desired: 'running' });
    expectStory(story.deadlineComes(), { acts: ['scan'] });
    expectStory(story.sees({ scanned: true, boot: true }), { phase: 'starting, unknown', acts: [] });
    expectStory(story.waits(1_000).sees(), { phase: 'starting', acts: ['launch'] });
  });

  it('a failed launch for an operator is handled by healing', () => {
    const story = new Story().asksStart().supervisorRestarts();
    story.waits(1_000).sees().waits(1_000).sees();
    expectStory(story.launchFails(NO_PID), { phase: 'starting', desired: 'running', circuit: 'CLOSED 1' });
  });

  it('a delayed restart stands, even if its launch fails', () => {
    const story = new Story().isUp().asksRestart(5_000).killEnds().supervisorRestarts();
    expectStory(story, { phase: 'down, restart-delay', dueInMs: 4_000 });
    expectStory(story.deadlineComes().launchFails(NO_PID), { desired: 'running', circuit: 'CLOSED 1' });
  });

  it('a kill in progress is repeated at once', () => {
    const story = new Story().isUp().asksStop().supervisorRestarts();
    expectStory(story, { phase: 'stopping, then stopped' });
    expectStory(story.deadlineComes(), { acts: ['kill agent 1001'] });
  });

  it('a stop of an unanswered launch is decided by snapshots', () => {
    const story = new Story().asksStart().asksStop().supervisorRestarts();
    expectStory(story.deadlineComes(), { phase: 'stopping, then stopped', acts: ['scan'] });
  });

  it('a running agent is not adopted before a new snapshot shows it', () => {
    const story = new Story().isUp().supervisorRestarts();
    expectStory(story, { phase: 'verifying', dueInMs: POLICY.verifyMs - 1 });
    const { process } = story.run;
    story.sees({ boot: true, scanned: true, listed: [online(story.run)] });
    expect(story.run.process).toEqual(process);
    expectStory(story, { records: ['agent.adopted'], dueInMs: POLICY.verifyMs });
  });

  it('attempt, count and incident survive', () => {
    const story = backingOff();
    const incident = story.machineState.state.incident;
    story.supervisorRestarts();
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 2', attempt: 1 });
    expect(story.machineState.state.incident).toEqual(incident);
  });

  it('a counted failure survives, and is counted once', () => {
    const story = backingOff().supervisorRestarts();
    const { failedRunId, lastRun } = story.machineState.state;
    expect(failedRunId).toBe(lastRun?.runId);
  });

  it('a launch that was given up survives, and its process is killed', () => {
    const story = new Story().asksStart().launchIsUnknown().asksStop();
    const late = story.runFor(story.runId);
    story.waits(1_000).sees().waits(1_000).sees().killEnds().supervisorRestarts();
    expectStory(story.sees({ boot: true, scanned: true, listed: [online(late)] }), {
      phase: 'stopped',
      desired: 'stopped',
      acts: ['end given-up 1001'],
    });
  });

  it('the kill of an orphan is repeated before the launch', () => {
    const story = new Story().isUp();
    story.sees({ daemon: YOUNGER_DAEMON, scanned: true, unlisted: [orphan(story.run)] }).supervisorRestarts();
    expectStory(story, { phase: 'stopping, then start', desired: 'running' });
    expectStory(story.deadlineComes(), { acts: ['kill run 1001'] });
    expectStory(story.killEnds(), { phase: 'starting', acts: ['launch'] });
  });
});
