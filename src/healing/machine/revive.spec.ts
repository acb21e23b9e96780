import {
  expectStory,
  HOUR_MS,
  NO_PID,
  online,
  orphan,
  POLICY,
  Story,
  YOUNGER_DAEMON,
  TRIPS_AT_ONCE,
} from '../../../test/support/machine-builders';
import { revivedState } from './revive';
import type { DownPhase } from './state';

const DAY_MS = 24 * HOUR_MS;

function backingOff(): Story {
  return new Story().isUp().exits().launchSucceeds().waits(1).exits();
}

function downPhaseOf(story: Story, now: number): DownPhase {
  const { phase } = revivedState(story.situation.state, now, HOUR_MS);
  if (phase.kind !== 'down') throw new Error(`it is ${phase.kind}`);
  return phase;
}

describe('saved due times', () => {
  it('stay as they are where they lie ahead', () => {
    const story = backingOff();
    const { until } = downPhaseOf(story, story.now + 400);
    expect(until).toBe(story.now + 1_000);
  });

  it('are due at once where they have passed', () => {
    const story = backingOff().supervisorRestarts(DAY_MS);
    expect(story.dueInMs).toBeLessThanOrEqual(0);
    expectStory(story.deadlineComes(), { phase: 'starting', acts: ['launch'] });
  });

  it('are clamped to now + the longest delay, so that a clock that was set back strands no agent', () => {
    const story = backingOff();
    const setBack = story.now - DAY_MS;
    const { until } = downPhaseOf(story, setBack);
    expect(until).toBeLessThanOrEqual(setBack + HOUR_MS);
    expect(until).toBeGreaterThan(setBack);
  });

  it('of the circuit are clamped to now + its cool-down', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits();
    story.supervisorRestarts(-DAY_MS);
    expectStory(story, { phase: 'down, halted', dueInMs: POLICY.circuit.cooldownMs });
    expectStory(story.supervisorRestarts(DAY_MS), { dueInMs: 0 });
  });

  it('of one that is halted for good stay none', () => {
    const story = new Story({ restart: 'never' }).isUp().exits().supervisorRestarts(DAY_MS);
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 1', dueInMs: null });
  });

  it('when a person asked for a start lies in the future: it was before now', () => {
    const story = new Story().isUp();
    const setBack = story.now - DAY_MS;
    expect(revivedState(story.situation.state, setBack, HOUR_MS).startAskedAt).toBe(setBack);
  });
});

describe('what was under way when the supervisor was killed', () => {
  it('a launch: lists decide, and it is not made again before they agree', () => {
    const story = new Story().asksStart().supervisorRestarts();
    expectStory(story, { phase: 'starting, unknown', desired: 'running' });
    expectStory(story.deadlineComes(), { acts: ['scan'] });
    expectStory(story.sees({ scanned: true, boot: true }), { phase: 'starting, unknown', acts: [] });
    expectStory(story.waits(1_000).sees(), { phase: 'starting', acts: ['launch'] });
  });

  it("a launch for a person: nobody waits for its answer, and when it fails it is healing's matter", () => {
    const story = new Story().asksStart().supervisorRestarts();
    story.waits(1_000).sees().waits(1_000).sees();
    expectStory(story.launchFails(NO_PID), { phase: 'starting', desired: 'running', circuit: 'CLOSED 1' });
  });

  it('the pause of a restart: what was asked for is meant, also when its launch fails', () => {
    const story = new Story().isUp().asksRestart(5_000).killEnds().supervisorRestarts();
    expectStory(story, { phase: 'down, restart-delay', dueInMs: 4_000 });
    expectStory(story.deadlineComes().launchFails(NO_PID), { desired: 'running', circuit: 'CLOSED 1' });
  });

  it('a kill: it is done again at once', () => {
    const story = new Story().isUp().asksStop().supervisorRestarts();
    expectStory(story, { phase: 'stopping, then stopped' });
    expectStory(story.deadlineComes(), { acts: ['kill agent 1001'] });
  });

  it('a stop of a launch without an answer: lists decide', () => {
    const story = new Story().asksStart().asksStop().supervisorRestarts();
    expectStory(story.deadlineComes(), { phase: 'stopping, then stopped', acts: ['scan'] });
  });

  it('up: it is not taken for up before a list shows it, and no list from before counts', () => {
    const story = new Story().isUp().supervisorRestarts();
    expectStory(story, { phase: 'verifying', dueInMs: POLICY.verifyMs - 1 });
    const { process } = story.run;
    story.sees({ boot: true, scanned: true, listed: [online(story.run)] });
    expect(story.run.process).toEqual(process);
    expectStory(story, { records: ['agent.adopted'], dueInMs: POLICY.verifyMs });
  });

  it('attempt, count and incident survive', () => {
    const story = backingOff();
    const incident = story.situation.state.incident;
    story.supervisorRestarts();
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 2', attempt: 1 });
    expect(story.situation.state.incident).toEqual(incident);
  });

  it('that a failure of the run is counted survives: it is counted once', () => {
    const story = backingOff().supervisorRestarts();
    const { failedRunId, lastRun } = story.situation.state;
    expect(failedRunId).toBe(lastRun?.runId);
  });

  it('what has been given up survives: it is ended when it appears', () => {
    const story = new Story().asksStart().launchIsUnknown().asksStop();
    const late = story.runFor(story.runId);
    story.waits(1_000).sees().waits(1_000).sees().supervisorRestarts();
    expectStory(story.sees({ boot: true, scanned: true, listed: [online(late)] }), {
      phase: 'stopped',
      desired: 'stopped',
      acts: ['end given-up 1001'],
    });
  });

  it('the end of an orphan: ended again, and then started', () => {
    const story = new Story().isUp();
    story.sees({ daemon: YOUNGER_DAEMON, scanned: true, unlisted: [orphan(story.run)] }).supervisorRestarts();
    expectStory(story, { phase: 'stopping, then start', desired: 'running' });
    expectStory(story.deadlineComes(), { acts: ['kill run 1001'] });
    expectStory(story.killEnds(), { phase: 'starting', acts: ['launch'] });
  });
});
