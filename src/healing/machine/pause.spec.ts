import { CRASH, expectStory, HUNG, POLICY, Story, TRIPS_AT_ONCE, again } from '../../../test/support/machine-builders';

const MINUTE = 60_000;
const pauses = (story: Story, ms = MINUTE) => story.send({ type: 'pause-asked', until: story.now + ms });
const resumes = (story: Story) => story.send({ type: 'resume-asked' });

describe('while it is paused', () => {
  it('a death is recorded, nothing is started and nothing is counted', () => {
    const story = pauses(new Story().isUp()).exits(CRASH);
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 0', acts: [`sweep ${story.run.runId}`] });
    expect(story.records).toContain('agent.exited');
    expectStory(story, { dueInMs: MINUTE });
  });

  it('a failing verdict is recorded only', () => {
    const story = pauses(new Story({ isChecked: true }).isUp()).isChecked({ failing: HUNG });
    expectStory(story, { phase: 'verifying', acts: [], records: ['agent.unhealthy'] });
  });

  it('a restart that comes due waits', () => {
    const story = new Story().isUp().exits().launchSucceeds().exits();
    expectStory(pauses(story), { phase: 'down, backing-off', dueInMs: MINUTE });
    expectStory(story.waits(MINUTE / 2).send({ type: 'timer' }), { phase: 'down, backing-off', acts: [] });
  });

  it('a trial that comes due waits', () => {
    const story = pauses(new Story(TRIPS_AT_ONCE).isUp().exits(), 10 * MINUTE);
    expectStory(story, { phase: 'down, halted', dueInMs: 10 * MINUTE });
    expectStory(story.deadlineComes(), { phase: 'starting', circuit: 'HALF_OPEN 1' });
  });

  it.each([
    ['spawn', (story: Story) => story.asksStart(), 'starting'],
    ['restart', (story: Story) => story.asksRestart(), 'starting'],
    ['terminate', (story: Story) => story.asksStop(), 'stopped'],
  ] as const)('a person may %s it', (_, command, phase) => {
    expectStory(command(pauses(new Story().isUp()).exits()), { phase });
  });

  it('a start in a shell is followed', () => {
    const story = pauses(new Story().isUp()).exits();
    story.sees({ listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', desired: 'running' });
  });
});

describe('at the end of a pause', () => {
  it('healing takes over at once, when its time is over', () => {
    const story = pauses(new Story().isUp()).exits();
    expectStory(story.deadlineComes(), { phase: 'starting', acts: ['launch'] });
    expect(story.records).toContain('agent.resumed');
  });

  it('and when a person ends it', () => {
    const story = pauses(new Story().isUp()).exits();
    expectStory(resumes(story), { records: ['agent.resumed'] });
    expectStory(story.deadlineComes(), { phase: 'starting' });
  });

  it('nothing happens to one that runs', () => {
    const story = pauses(new Story().isUp().becomesStable());
    expectStory(story.deadlineComes(), { phase: 'running, stable', acts: [], records: ['agent.resumed'] });
    expectStory(story, { dueInMs: null });
  });

  it('one that is not paused stays as it is', () => {
    expectStory(resumes(new Story().isUp()), { records: [], answers: ['decided: done'] });
  });
});

describe('a pause', () => {
  it('outlives us, but never a week', () => {
    const story = pauses(new Story().isUp().becomesStable(), 5 * MINUTE).supervisorRestarts();
    expectStory(story, { dueInMs: 5 * MINUTE - 1_000 });
    const far = pauses(new Story().isUp(), 1e12).supervisorRestarts();
    expect((far.situation.state.pausedUntil ?? 0) - far.now).toBeLessThanOrEqual(7 * 24 * 60 * MINUTE);
  });

  it('puts off no deadline of what runs', () => {
    expectStory(pauses(new Story().isUp(), 10 * MINUTE), { dueInMs: POLICY.verifyMs });
  });
});
