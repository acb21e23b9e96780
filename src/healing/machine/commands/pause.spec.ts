import {
  CRASH,
  HUNG,
  KILLED,
  NO_PID,
  PM2_AWAY,
  POLICY,
  TRIPS_AT_ONCE,
  again,
} from '../../../../test/support/machine-builders';
import { expectStory, Story } from '../../../../test/support/machine-story';

const MINUTE = 60_000;
const pauses = (story: Story, ms = MINUTE) => story.send({ type: 'pause-asked', until: story.now + ms });
const resumes = (story: Story) => story.send({ type: 'resume-asked' });

describe('while the agent is paused', () => {
  it('an exit is recorded, but nothing is launched or counted', () => {
    const story = pauses(new Story().isUp()).exits(CRASH);
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 0', acts: [`sweep ${story.run.runId}`] });
    expect(story.records).toContain('agent.exited');
    expectStory(story, { dueInMs: MINUTE });
  });

  it('a failing verdict is only recorded', () => {
    const story = pauses(new Story({ isChecked: true }).isUp()).isChecked({ failing: HUNG });
    expectStory(story, { phase: 'verifying', acts: [], records: ['agent.unhealthy'] });
  });

  it('a due restart waits', () => {
    const story = new Story().isUp().exits().launchSucceeds().exits();
    expectStory(pauses(story), { phase: 'down, backing-off', dueInMs: MINUTE });
    expectStory(story.waits(MINUTE / 2).send({ type: 'timer' }), { phase: 'down, backing-off', acts: [] });
  });

  it('a due trial waits', () => {
    const story = pauses(new Story(TRIPS_AT_ONCE).isUp().exits(), 10 * MINUTE);
    expectStory(story, { phase: 'down, halted', dueInMs: 10 * MINUTE });
    expectStory(story.deadlineComes(), { phase: 'starting', circuit: 'HALF_OPEN 1' });
  });

  it.each([
    ['spawn', (story: Story) => story.asksStart(), 'starting'],
    ['restart', (story: Story) => story.asksRestart(), 'starting'],
    ['terminate', (story: Story) => story.asksStop().killEnds(), 'stopped'],
  ] as const)('an operator can %s it', (_, command, phase) => {
    expectStory(command(pauses(new Story().isUp()).exits()), { phase });
  });

  it('a process that the operator starts in a shell is adopted', () => {
    const story = pauses(new Story().isUp()).exits();
    story.sees({ listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', desired: 'running' });
  });
});

describe('at the end of a pause', () => {
  it('healing continues at once if its time is over', () => {
    const story = pauses(new Story().isUp()).exits();
    expectStory(story.deadlineComes(), { phase: 'starting', acts: ['launch'] });
    expect(story.records).toContain('agent.resumed');
  });

  it('healing continues at once if an operator resumes it', () => {
    const story = pauses(new Story().isUp()).exits();
    expectStory(resumes(story), { records: ['agent.resumed'] });
    expectStory(story.deadlineComes(), { phase: 'starting' });
  });

  it('a running agent is left alone', () => {
    const story = pauses(new Story().isUp().becomesStable());
    expectStory(story.deadlineComes(), { phase: 'running, stable', acts: [], records: ['agent.resumed'] });
    expectStory(story, { dueInMs: null });
  });

  it('an agent that is not paused is left alone', () => {
    expectStory(resumes(new Story().isUp()), { records: [], answers: ['decided: done'] });
  });
});

describe('a pause', () => {
  it('survives a supervisor restart, up to a week', () => {
    const story = pauses(new Story().isUp().becomesStable(), 5 * MINUTE).supervisorRestarts();
    expectStory(story, { dueInMs: 5 * MINUTE - 1_000 });
    const far = pauses(new Story().isUp(), 1e12).supervisorRestarts();
    expect((far.machineState.state.pausedUntil ?? 0) - far.now).toBeLessThanOrEqual(7 * 24 * 60 * MINUTE);
  });

  it('delays no deadline of a running agent', () => {
    expectStory(pauses(new Story().isUp(), 10 * MINUTE), { dueInMs: POLICY.verifyMs });
  });
});

describe('the time of a pause', () => {
  it('ends exactly when its time is over', () => {
    const paused = pauses(new Story().isUp().exits().launchFails(NO_PID));
    expectStory(paused.waits(59_999).send({ type: 'timer' }), { phase: 'down, backing-off', records: [] });
    expectStory(paused.waits(1).send({ type: 'timer' }), { phase: 'starting', acts: ['launch'] });
  });

  it('does not delay a launch that the operator asked for, nor what the operator does in a shell', () => {
    const up = () => new Story().isUp();
    expectStory(pauses(up().asksRestart(5_000).killEnds()), { dueInMs: 5_000 });
    expectStory(pauses(up().exits(KILLED, true)), { dueInMs: 2_000 });
    expectStory(pauses(up().daemonIsEnded()), { dueInMs: 30_000 });
  });

  it('counts no failure, and launches the agent when it ends', () => {
    const story = new Story({ circuit: { ...POLICY.circuit, failureThreshold: 2 } }).isUp().exits().launchSucceeds();
    pauses(story);
    expectStory(story.waits(1).exits(), { circuit: 'CLOSED 1', phase: 'down, backing-off', dueInMs: 59_999 });
  });
});

describe('a launch of healing', () => {
  it('waits for the end of a pause, the first one of an autostart too', () => {
    const story = pauses(new Story().isRegistered(true));
    expectStory(story, { phase: 'down, waiting', dueInMs: 60_000 });
    expectStory(story.send({ type: 'timer' }), { phase: 'down, waiting', acts: [] });
    expectStory(story.deadlineComes(), { phase: 'starting' });
  });

  it('is one attempt, however often PM2 does not answer', () => {
    const story = new Story().isUp().isChecked({ failing: HUNG }).killEnds();
    expect(story.records).toContain('recovery.attempted');
    expectStory(story.launchFails(PM2_AWAY).deadlineComes(), { phase: 'starting', records: [] });
    expectStory(story.launchSucceeds(), { attempt: 1 });
  });
});
