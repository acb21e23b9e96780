import { again, online, orphan, YOUNGER_DAEMON } from '../../../../test/support/machine-builders';
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

describe('an orphan', () => {
  it('is killed with its descendants before the agent is started', () => {
    const story = wasUp();
    story.sees({ ...BOOT, daemon: YOUNGER_DAEMON, unlisted: [orphan(story.run)] });
    expectStory(story, {
      phase: 'stopping, then start',
      desired: 'running',
      acts: ['kill run 1001'],
      records: ['agent.orphan-reaped'],
    });
    expectStory(story.killEnds(), { phase: 'starting', acts: ['launch'], circuit: 'CLOSED 0' });
  });

  it.each([
    [true, ['scan']],
    [false, []],
  ])('in a snapshot that is stale is scanned for again only if that was a scan: %s', (scanned, acts) => {
    const story = new Story().isUp().becomesStable();
    const { run } = story;
    story.waits(1_000);
    const stale = story.observation({ scanned, unlisted: [orphan(run, { runId: 'older' })] });
    story.waits(1).exits().send({ type: 'observed', observation: stale });
    expectStory(story, { acts });
  });

  it('is killed if it is a descendant of a dead run', () => {
    const story = wasUp();
    const child = orphan(story.run, { process: { pid: 7, startTime: 7 }, leader: false, runId: 'older' });
    story.sees({ ...BOOT, listed: [online(story.run)], unlisted: [child] });
    expectStory(story, { phase: 'running, stable', acts: ['end descendant 7'] });
  });

  it('of an unanswered launch is killed before the next launch', () => {
    const story = new Story().asksStart();
    const run = story.runFor(story.runId);
    story.supervisorRestarts().sees({ ...BOOT, daemon: YOUNGER_DAEMON, unlisted: [orphan(run)] });
    expectStory(story, { phase: 'starting, unknown', acts: ['end orphan 1001'] });
    story.waits(1_000).sees({ ...BOOT, daemon: YOUNGER_DAEMON });
    expectStory(story, { phase: 'starting', acts: ['launch'] });
  });

  it('of a stopped agent is killed, and nothing is started', () => {
    const story = wasStopped();
    story.sees({ ...BOOT, daemon: YOUNGER_DAEMON, unlisted: [orphan(story.run)] });
    expectStory(story, { phase: 'stopped', desired: 'stopped', acts: ['end orphan 1001'] });
  });

  it('of an unanswered launch that was stopped is killed, which only snapshots prove', () => {
    const story = new Story().asksStart().asksStop();
    const run = story.runFor(story.runId);
    story.supervisorRestarts().sees({ ...BOOT, daemon: YOUNGER_DAEMON, unlisted: [orphan(run)] });
    expectStory(story, { phase: 'stopping, then stopped', acts: ['kill agent ?'] });
    const gone = { daemon: YOUNGER_DAEMON, scanned: true };
    expectStory(story.waits(1_000).sees(gone), { phase: 'stopping, then stopped' });
    expectStory(story.waits(1_000).sees(gone), { acts: ['kill agent ?'] });
    expectStory(story.killEnds(), { phase: 'stopped', desired: 'stopped' });
  });

  it('that reappears restarts the count of snapshots without it', () => {
    const story = new Story().asksStart().launchIsUnknown().asksStop();
    const run = story.runFor(story.runId);
    const gone = { daemon: YOUNGER_DAEMON, scanned: true };
    story
      .sees(gone)
      .waits(1_000)
      .sees({ ...gone, unlisted: [orphan(run)] });
    expectStory(story, { phase: 'stopping, then stopped', acts: ['kill agent ?'], dueInMs: 1_000 });
    expectStory(story.waits(1_000).sees(gone), { phase: 'stopping, then stopped' });
    expectStory(story.waits(1_000).sees(gone), { acts: ['kill agent ?'] });
  });

  it('of an earlier run is killed while the present run is being killed', () => {
    const story = new Story().isUp().asksStop();
    const earlier = orphan(story.run, { runId: 'older', process: { pid: 7, startTime: 7 } });
    story.sees({ listed: [online(story.run)], unlisted: [earlier] });
    expectStory(story, { phase: 'stopping, then stopped', acts: ['end orphan 7'] });
  });

  it('is not killed if it is the process of the pending launch', () => {
    const story = new Story().asksStart();
    const run = story.runFor(story.runId);
    expectStory(story.sees({ unlisted: [orphan(run)] }), { phase: 'starting', acts: [] });
    expectStory(story.sees({ unlisted: [orphan(run, { runId: 'older' })] }), { acts: ['end orphan 1001'] });
  });

  it('is not killed if it is a descendant of the present run', () => {
    const story = new Story().isUp();
    const child = orphan(story.run, { process: { pid: 7, startTime: 2_000 } });
    expectStory(story.sees({ listed: [online(story.run)], unlisted: [child] }), { phase: 'verifying', acts: [] });
  });
});

describe('two processes of one run', () => {
  it('are reduced to the listed one, because an unlisted one cannot be adopted', () => {
    const story = wasUp();
    const older = orphan(story.run, { process: { pid: 7, startTime: 7 } });
    story.sees({ ...BOOT, listed: [online(story.run)], unlisted: [older] });
    expectStory(story, { phase: 'running, stable', acts: ['end orphan 7'] });
  });

  it('are reduced to the listed one after pm2 resurrect beside living orphans', () => {
    const story = wasUp();
    const { run } = story;
    story.sees({ ...BOOT, daemon: YOUNGER_DAEMON, listed: [again(run)], unlisted: [orphan(run)] });
    expect(story.run.process.pid).toBe(6001);
    expectStory(story, { phase: 'verifying', desired: 'running' });
    story.sees({ daemon: YOUNGER_DAEMON, scanned: true, listed: [again(run)], unlisted: [orphan(run)] });
    expectStory(story, { phase: 'verifying', acts: ['end orphan 1001'] });
  });

  it('are reduced to the saved pid if both are listed', () => {
    const story = wasUp();
    const { run } = story;
    story.sees({ ...BOOT, listed: [again(run, { entryId: 1 }), online(run)] });
    expectStory(story, { phase: 'running, stable', acts: ['end double 6001'] });
    expect(story.run.process).toEqual(run.process);
  });

  it('are reduced to the newest if neither has the saved pid', () => {
    const story = wasUp();
    const { run } = story;
    const [old, young] = [
      again(run, { entryId: 1 }),
      again(run, { entryId: 2, process: { pid: 7, startTime: 7_000 } }),
    ];
    story.sees({ ...BOOT, listed: [old, { ...young, upSince: old.upSince + 1 }] });
    expectStory(story, { phase: 'verifying', acts: ['end double 6001'] });
    expect(story.run.process.pid).toBe(7);
  });

  it('are reduced to the first when a second one comes online', () => {
    const story = new Story().isUp();
    const { run } = story;
    story.waits(5_000).sees({ listed: [online(run), again(run, { entryId: 1 })] });
    expectStory(story, { phase: 'verifying', acts: ['end double 6001'] });
  });
});
