import { again, ended, online, POLICY, YOUNGER_DAEMON, TRIPS_AT_ONCE } from '../../../../test/support/machine-builders';
import { expectStory, Story } from '../../../../test/support/machine-story';

const BOOT = { boot: true, scanned: true };

/** Up when the supervisor was killed; the supervisor has restarted. */
function wasUp(): Story {
  return new Story().isUp().becomesStable().supervisorRestarts();
}

/** Stopped when the supervisor was killed; the supervisor has restarted. */
function wasStopped(): Story {
  return new Story().isUp().asksStop().killEnds().supervisorRestarts();
}

describe('at boot, a listed live run', () => {
  it('is adopted and stays stable', () => {
    const story = wasUp();
    story.sees({ ...BOOT, listed: [online(story.run)] });
    expectStory(story, { phase: 'running, stable', desired: 'running', acts: [], records: ['agent.adopted'] });
  });

  it('is adopted, and an unfinished verification starts again', () => {
    const story = new Story().isUp().waits(9_000).supervisorRestarts();
    story.sees({ ...BOOT, listed: [online(story.run)] });
    expectStory(story, { phase: 'verifying', dueInMs: POLICY.verifyMs, acts: [] });
  });

  it('is adopted and verified again if it was not stable', () => {
    const story = new Story().isUp().deadlineComes().waits(59_000).supervisorRestarts();
    story.sees({ ...BOOT, listed: [online(story.run)] });
    expectStory(story, { phase: 'verifying', dueInMs: POLICY.verifyMs });
  });

  it('is adopted if the answer of its launch was lost', () => {
    const story = new Story().asksStart();
    const run = story.runFor(story.runId);
    story.supervisorRestarts().sees({ ...BOOT, listed: [online(run)] });
    expectStory(story, { phase: 'verifying', desired: 'running', acts: [], records: ['agent.adopted'] });
  });

  it('is adopted if its launch was not saved', () => {
    const story = new Story().isUp().exits().launchSucceeds().waits(1).exits().supervisorRestarts();
    story.sees({ ...BOOT, listed: [online(story.runFor('unsaved'))] });
    expectStory(story, { phase: 'verifying', acts: [], records: ['agent.adopted'] });
    expect(story.run.runId).toBe('unsaved');
  });

  it('is adopted under its present entry and daemon', () => {
    const story = wasUp();
    story.sees({ ...BOOT, daemon: YOUNGER_DAEMON, listed: [online(story.run, { entryId: 3, upSince: 7 })] });
    expect(story.run).toMatchObject({ entryId: 3, upSince: 7, daemon: YOUNGER_DAEMON });
    expect(story.machineState.state.lastRun).toEqual(story.run);
  });
});

describe("a dead entry with the number of the agent's run", () => {
  it('is not the entry of the run if another daemon lists it', () => {
    const story = wasUp();
    const other = ended(story.runFor('other'), { wasEndOrdered: true });
    story.sees({ ...BOOT, daemon: YOUNGER_DAEMON, listed: [other] });
    expectStory(story, { phase: 'starting', desired: 'running', acts: ['launch'] });
  });

  it('belongs to a later launch, which was not saved, if the same daemon lists it', () => {
    const story = wasUp();
    story.sees({ ...BOOT, listed: [ended(story.runFor('unsaved'))] });
    expectStory(story, { phase: 'starting', desired: 'running' });
  });

  it("without the supervisor's marker means that the entry of the run was deleted", () => {
    const story = wasUp();
    story.sees({ ...BOOT, listed: [ended(story.runFor('other'), { runId: null })] });
    expectStory(story, { phase: 'stopped', desired: 'stopped' });
  });
});

describe('at boot, a listed live process of a stopped agent', () => {
  it('is killed if it is the last run', () => {
    const story = wasStopped();
    story.sees({ ...BOOT, listed: [online(story.run)] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 1001'] });
  });

  it('is killed if only the begin of the stop was saved', () => {
    const story = new Story().isUp().asksStop().supervisorRestarts();
    expectStory(story.sees({ ...BOOT, listed: [online(story.run)] }), { phase: 'stopping, then stopped' });
    expectStory(story.deadlineComes(), { acts: ['kill agent 1001'] });
    expectStory(story.killEnds(), { phase: 'stopped', desired: 'stopped' });
  });

  it('is killed if the stop came during an unanswered launch', () => {
    const story = new Story().asksStart().asksStop();
    const run = story.runFor(story.runId);
    story.supervisorRestarts().sees({ ...BOOT, listed: [online(run)] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 1001'] });
    expect(story.machineState.state.lastRun?.process).toEqual(run.process);
  });

  it('is adopted if it started after the stop', () => {
    const story = wasStopped();
    story.sees({ ...BOOT, listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', desired: 'running', acts: [], records: ['operator.restarted'] });
  });

  it('is adopted if it started after a stop whose end was not saved', () => {
    const story = new Story().isUp().asksStop().supervisorRestarts();
    story.sees({ ...BOOT, listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', desired: 'running', acts: [] });
  });
});

describe('at boot, a listed dead process', () => {
  it('stays stopped if an ordered stop is reported', () => {
    const story = wasUp();
    story.operatorStops(story.run.upSince, story.now - 500).sees({ ...BOOT, listed: [ended(story.run)] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped' });
    expectStory(story.killEnds(), { phase: 'stopped', desired: 'stopped' });
  });

  it('is restarted if its exit was not ordered', () => {
    const story = wasUp();
    story.sees({ ...BOOT, listed: [ended(story.run)] });
    expectStory(story, { phase: 'starting', desired: 'running', circuit: 'CLOSED 1', acts: ['sweep id-1', 'launch'] });
  });

  it('stays in back-off', () => {
    const story = new Story().isUp().exits().launchSucceeds().waits(1).exits().supervisorRestarts(100);
    story.sees({ ...BOOT, listed: [ended(story.run)] });
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 2', attempt: 1, acts: [] });
    expect(story.dueInMs).toBeLessThanOrEqual(900);
  });

  it('stays in back-off, already counted, if a younger daemon lists it', () => {
    const story = new Story().isUp().exits().launchSucceeds().waits(1).exits().supervisorRestarts(100);
    story.sees({ ...BOOT, daemon: YOUNGER_DAEMON, listed: [ended(story.run)] });
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 2', attempt: 1, acts: [] });
  });

  it('stays stopped if that is the desired state', () => {
    const story = wasStopped();
    story.sees({ ...BOOT, listed: [ended(story.run)] });
    expectStory(story, { phase: 'stopped', desired: 'stopped', acts: [] });
  });
});

describe('a trial during which the supervisor was killed', () => {
  const onTrial = () => new Story(TRIPS_AT_ONCE).isUp().exits().deadlineComes();

  it('is verified from the start if the process lives', () => {
    const story = onTrial().launchSucceeds().waits(9_000).supervisorRestarts();
    story.sees({ ...BOOT, listed: [online(story.run)] });
    expectStory(story, { phase: 'verifying', circuit: 'HALF_OPEN 1', dueInMs: POLICY.verifyMs });
    expectStory(story.becomesStable(), { circuit: 'CLOSED 0' });
  });

  it('has failed if the process has exited', () => {
    const story = onTrial().launchSucceeds().supervisorRestarts();
    story.sees({ ...BOOT, listed: [ended(story.run)] });
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: 120_000 });
  });

  it('has failed if the process exited before its launch was saved', () => {
    const story = onTrial();
    const run = story.runFor(story.runId);
    story.supervisorRestarts().sees({ ...BOOT, listed: [ended(run)] });
    story.waits(1_000).sees({ listed: [ended(run)], scanned: true });
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2' });
  });
});
