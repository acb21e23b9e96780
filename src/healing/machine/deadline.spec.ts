import {
  CLEAN_EXIT,
  expectStory,
  NO_PID,
  PM2_AWAY,
  POLICY,
  Story,
  TRIPS_AT_ONCE,
} from '../../../test/support/machine-builders';

describe('when a phase wants to be looked at again', () => {
  it.each<readonly [string, number | null, () => Story]>([
    ['stopped', null, () => new Story()],
    ['a launch whose answer is awaited', null, () => new Story().asksStart()],
    ['a launch that was not answered', 1_000, () => new Story().asksStart().launchIsUnknown()],
    ['verifying', POLICY.verifyMs, () => new Story().isUp()],
    ['verifying, by the policy of the agent', 500, () => new Story({ verifyMs: 500 }).isUp()],
    ['verified', POLICY.stableMs, () => new Story().isUp().deadlineComes()],
    ['stable', null, () => new Story().isUp().becomesStable()],
    ['a kill under way', null, () => new Story().isUp().asksStop()],
    ['a kill that failed', 5_000, () => new Story().isUp().asksStop().killEnds(false)],
    ['a stop that waits for the answer of a launch', null, () => new Story().asksStart().asksStop()],
    ['a stop of a launch that was not answered', 0, () => new Story().asksStart().launchIsUnknown().asksStop()],
    ['a stop whose launch is then not answered', 1_000, () => new Story().asksStart().asksStop().launchIsUnknown()],
    ['back-off', 1_000, () => new Story().isUp().exits().launchFails(NO_PID)],
    ['PM2 not answering', 2_000, () => new Story().isUp().exits().launchFails(PM2_AWAY)],
    ['the pause of a restart', 7_000, () => new Story().isUp().asksRestart(7_000).killEnds()],
    ['halted, with a trial to come', 60_000, () => new Story(TRIPS_AT_ONCE).isUp().exits()],
    ['halted for good', null, () => new Story({ restart: 'never' }).isUp().exits()],
    ['somebody acting in a shell', 2_000, () => new Story().isUp().exits(CLEAN_EXIT, true)],
    ['its daemon ended on purpose', 30_000, () => new Story().isUp().daemonIsEnded()],
  ])('%s: in %p ms', (_, dueInMs, play) => {
    expectStory(play(), { dueInMs });
  });

  it('belongs to the circuit while it is halted', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits();
    expect(story.deadline).toBe(story.situation.circuit.dueAt);
  });
});
