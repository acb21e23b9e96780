import { CLEAN_EXIT, NO_PID, PM2_AWAY, POLICY, TRIPS_AT_ONCE } from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';
import { hasDueTime } from './timers';

describe('the deadline of a phase', () => {
  it.each<readonly [string, number | null, () => Story]>([
    ['stopped', null, () => new Story()],
    ['a pending launch', null, () => new Story().asksStart()],
    ['an unanswered launch', 1_000, () => new Story().asksStart().launchIsUnknown()],
    ['verifying', POLICY.verifyMs, () => new Story().isUp()],
    ['verifying, by the policy of the agent', 500, () => new Story({ verifyMs: 500 }).isUp()],
    ['verified', POLICY.stableMs, () => new Story().isUp().deadlineComes()],
    ['stable', null, () => new Story().isUp().becomesStable()],
    ['a kill in progress', null, () => new Story().isUp().asksStop()],
    ['a kill that failed', 5_000, () => new Story().isUp().asksStop().killEnds(false)],
    ['a stop that waits for a pending launch', null, () => new Story().asksStart().asksStop()],
    ['a stop of an unanswered launch', 0, () => new Story().asksStart().launchIsUnknown().asksStop()],
    ['a stop whose pending launch is not answered', 1_000, () => new Story().asksStart().asksStop().launchIsUnknown()],
    ['back-off', 1_000, () => new Story().isUp().exits().launchFails(NO_PID)],
    ['PM2 not answering', 2_000, () => new Story().isUp().exits().launchFails(PM2_AWAY)],
    ['the delay of a restart', 7_000, () => new Story().isUp().asksRestart(7_000).killEnds()],
    ['halted, with a trial to come', 60_000, () => new Story(TRIPS_AT_ONCE).isUp().exits()],
    ['halted for good', null, () => new Story({ restart: 'never' }).isUp().exits()],
    ['an operator acting in a shell', 2_000, () => new Story().isUp().exits(CLEAN_EXIT, true)],
    ['a daemon killed on purpose', 30_000, () => new Story().isUp().daemonIsEnded()],
  ])('of %s is in %p ms', (_, dueInMs, play) => {
    expectStory(play(), { dueInMs });
  });

  it('is that of the circuit while the agent is halted', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits();
    expect(story.deadline).toBe(story.machineState.circuit.dueAt);
  });
});

describe('a due time on disk', () => {
  const paused = () => new Story().isUp().send({ type: 'pause-asked', until: Infinity });

  it.each<readonly [boolean, string, () => Story]>([
    [true, 'of a back-off', () => new Story().isUp().exits().launchFails(NO_PID)],
    [true, 'of a trial', () => new Story(TRIPS_AT_ONCE).isUp().exits()],
    [true, 'of a trial, beside a stop', () => new Story(TRIPS_AT_ONCE).isUp().exits().asksStop().killEnds()],
    [true, 'of the end of a pause', paused],
    [false, 'while it is stopped', () => new Story()],
    [false, 'while it is halted for good', () => new Story({ restart: 'never' }).isUp().exits()],
    [false, 'while it is up', () => new Story().isUp()],
    [false, 'after a pause', () => paused().send({ type: 'resume-asked' })],
  ])('exists (%s) %s', (isKept, _, play) => {
    expect(hasDueTime(play().machineState)).toBe(isKept);
  });
});
