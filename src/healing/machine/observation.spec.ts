import {
  again,
  ended,
  expectStory,
  makeRun,
  online,
  orphan,
  POLICY,
  Story,
  YOUNGER_DAEMON,
  TRIPS_AT_ONCE,
} from '../../../test/support/machine-builders';

const BOOT = { boot: true, scanned: true };

/** Up when the supervisor was killed, which is now there again. */
function wasUp(): Story {
  return new Story().isUp().becomesStable().supervisorRestarts();
}

/** Stopped when the supervisor was killed. */
function wasStopped(): Story {
  return new Story().isUp().asksStop().killEnds().supervisorRestarts();
}

describe('at boot, listed online, our run', () => {
  it('adopt: it stays stable', () => {
    const story = wasUp();
    story.sees({ ...BOOT, listed: [online(story.run)] });
    expectStory(story, { phase: 'running, stable', desired: 'running', acts: [], records: ['agent.adopted'] });
  });

  it('adopt: a time of verification that was not over begins again', () => {
    const story = new Story().isUp().waits(9_000).supervisorRestarts();
    story.sees({ ...BOOT, listed: [online(story.run)] });
    expectStory(story, { phase: 'verifying', dueInMs: POLICY.verifyMs, acts: [] });
  });

  it('adopt: one that had been verified, but was not stable yet, is verified again', () => {
    const story = new Story().isUp().deadlineComes().waits(59_000).supervisorRestarts();
    story.sees({ ...BOOT, listed: [online(story.run)] });
    expectStory(story, { phase: 'verifying', dueInMs: POLICY.verifyMs });
  });

  it('adopt: a launch of ours whose answer nobody heard', () => {
    const story = new Story().asksStart();
    const run = story.runFor(story.runId);
    story.supervisorRestarts().sees({ ...BOOT, listed: [online(run)] });
    expectStory(story, { phase: 'verifying', desired: 'running', acts: [], records: ['agent.adopted'] });
  });

  it('adopt: a launch of ours that was not even saved', () => {
    const story = new Story().isUp().exits().launchSucceeds().waits(1).exits().supervisorRestarts();
    story.sees({ ...BOOT, listed: [online(story.runFor('unsaved'))] });
    expectStory(story, { phase: 'verifying', acts: [], records: ['agent.adopted'] });
    expect(story.run.runId).toBe('unsaved');
  });

  it('adopt: under the entry and the daemon that list it now', () => {
    const story = wasUp();
    story.sees({ ...BOOT, daemon: YOUNGER_DAEMON, listed: [online(story.run, { pmId: 3, upSince: 7 })] });
    expect(story.run).toMatchObject({ pmId: 3, upSince: 7, daemon: YOUNGER_DAEMON });
    expect(story.situation.state.lastRun).toEqual(story.run);
  });
});

describe('at boot, listed online, desired stopped', () => {
  it('same pid as our last run: finish the stop', () => {
    const story = wasStopped();
    story.sees({ ...BOOT, listed: [online(story.run)] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 1001'] });
  });

  it('the stop itself was saved, its end was not: it is carried on', () => {
    const story = new Story().isUp().asksStop().supervisorRestarts();
    expectStory(story.sees({ ...BOOT, listed: [online(story.run)] }), { phase: 'stopping, then stopped' });
    expectStory(story.deadlineComes(), { acts: ['kill agent 1001'] });
    expectStory(story.killEnds(), { phase: 'stopped', desired: 'stopped' });
  });

  it('a stop during a launch that was not answered is carried on', () => {
    const story = new Story().asksStart().asksStop();
    const run = story.runFor(story.runId);
    story.supervisorRestarts().sees({ ...BOOT, listed: [online(run)] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 1001'] });
    expect(story.situation.state.lastRun?.process).toEqual(run.process);
  });

  it('a newer start: the operator started it, desired running', () => {
    const story = wasStopped();
    story.sees({ ...BOOT, listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', desired: 'running', acts: [], records: ['operator.restarted'] });
  });

  it('a newer start after a stop whose end was not saved: the operator started it, desired running', () => {
    const story = new Story().isUp().asksStop().supervisorRestarts();
    story.sees({ ...BOOT, listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', desired: 'running', acts: [] });
  });
});

describe('at boot, listed stopped', () => {
  it('an ordered stop, once it is told: desired stopped', () => {
    const story = wasUp();
    story.operatorStops(story.run.upSince, story.now - 500).sees({ ...BOOT, listed: [ended(story.run)] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped' });
    expectStory(story.killEnds(), { phase: 'stopped', desired: 'stopped' });
  });

  it('else heal', () => {
    const story = wasUp();
    story.sees({ ...BOOT, listed: [ended(story.run)] });
    expectStory(story, { phase: 'starting', desired: 'running', circuit: 'CLOSED 1', acts: ['sweep id-1', 'launch'] });
  });

  it('in back-off: goes on waiting', () => {
    const story = new Story().isUp().exits().launchSucceeds().waits(1).exits().supervisorRestarts(100);
    story.sees({ ...BOOT, listed: [ended(story.run)] });
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 2', attempt: 1, acts: [] });
    expect(story.dueInMs).toBeLessThanOrEqual(900);
  });

  it('in back-off, by a younger daemon: its failure is counted already', () => {
    const story = new Story().isUp().exits().launchSucceeds().waits(1).exits().supervisorRestarts(100);
    story.sees({ ...BOOT, daemon: YOUNGER_DAEMON, listed: [ended(story.run)] });
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 2', attempt: 1, acts: [] });
  });

  it('desired stopped: stays stopped', () => {
    const story = wasStopped();
    story.sees({ ...BOOT, listed: [ended(story.run)] });
    expectStory(story, { phase: 'stopped', desired: 'stopped', acts: [] });
  });
});

describe('supervisor killed in HALF_OPEN', () => {
  const onTrial = () => new Story(TRIPS_AT_ONCE).isUp().exits().deadlineComes();

  it('the same process alive: the window begins again', () => {
    const story = onTrial().launchSucceeds().waits(9_000).supervisorRestarts();
    story.sees({ ...BOOT, listed: [online(story.run)] });
    expectStory(story, { phase: 'verifying', circuit: 'HALF_OPEN 1', dueInMs: POLICY.verifyMs });
    expectStory(story.becomesStable(), { circuit: 'CLOSED 0' });
  });

  it('gone: the trial failed', () => {
    const story = onTrial().launchSucceeds().supervisorRestarts();
    story.sees({ ...BOOT, listed: [ended(story.run)] });
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: 120_000 });
  });

  it('gone before its launch was saved: the trial failed', () => {
    const story = onTrial();
    const run = story.runFor(story.runId);
    story.supervisorRestarts().sees({ ...BOOT, listed: [ended(run)] });
    story.waits(1_000).sees({ listed: [ended(run)], scanned: true });
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2' });
  });
});

describe('absent', () => {
  it('same daemon: deleted by a person, desired stopped', () => {
    expectStory(wasUp().sees(BOOT), { phase: 'stopped', desired: 'stopped', acts: [], records: ['operator.stopped'] });
  });

  it('same daemon, in back-off: deleted by a person, desired stopped', () => {
    const story = new Story().isUp().exits().launchSucceeds().waits(1).exits().supervisorRestarts();
    expectStory(story.sees(BOOT), { phase: 'stopped', desired: 'stopped', dueInMs: null });
  });

  it('younger daemon or new boot id: lost, start', () => {
    const story = wasUp().sees({ ...BOOT, daemon: YOUNGER_DAEMON });
    expectStory(story, { phase: 'starting', desired: 'running', circuit: 'CLOSED 0', attempt: null, acts: ['launch'] });
    expect(story.launch).toMatchObject({ lastRun: null, launch: { by: 'healing', attempt: null, pidBefore: 1001 } });
  });

  it('younger daemon: what was stopped stays stopped', () => {
    const story = wasStopped().sees({ ...BOOT, daemon: YOUNGER_DAEMON });
    expectStory(story, { phase: 'stopped', desired: 'stopped', acts: [] });
  });

  it('younger daemon, not looked for everywhere: look first, do not start', () => {
    expectStory(wasUp().sees({ daemon: YOUNGER_DAEMON }), { phase: 'running, stable', acts: ['scan'] });
  });

  it('what should run and does not is started', () => {
    const story = new Story();
    story.situation = { ...story.situation, desired: 'running' };
    expectStory(story.sees(BOOT), { phase: 'starting', acts: ['launch'] });
  });
});

describe('alive, unlisted, our marker', () => {
  it('orphan: end it and its tree, then start', () => {
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

  it('what belongs to a dead leader is ended too', () => {
    const story = wasUp();
    const child = orphan(story.run, { process: { pid: 7, startTime: 7 }, leader: false, runId: 'older' });
    story.sees({ ...BOOT, listed: [online(story.run)], unlisted: [child] });
    expectStory(story, { phase: 'running, stable', acts: ['end descendant 7'] });
  });

  it('of a launch without an answer: ended, then started anew', () => {
    const story = new Story().asksStart();
    const run = story.runFor(story.runId);
    story.supervisorRestarts().sees({ ...BOOT, daemon: YOUNGER_DAEMON, unlisted: [orphan(run)] });
    expectStory(story, { phase: 'starting, unknown', acts: ['end orphan 1001'] });
    story.waits(1_000).sees({ ...BOOT, daemon: YOUNGER_DAEMON });
    expectStory(story, { phase: 'starting', acts: ['launch'] });
  });

  it('of a stopped agent: ended, and nothing is started', () => {
    const story = wasStopped();
    story.sees({ ...BOOT, daemon: YOUNGER_DAEMON, unlisted: [orphan(story.run)] });
    expectStory(story, { phase: 'stopped', desired: 'stopped', acts: ['end orphan 1001'] });
  });

  it('of a stop during a launch without an answer: ended, and only a list without it proves that', () => {
    const story = new Story().asksStart().asksStop();
    const run = story.runFor(story.runId);
    story.supervisorRestarts().sees({ ...BOOT, daemon: YOUNGER_DAEMON, unlisted: [orphan(run)] });
    expectStory(story, { phase: 'stopping, then stopped', acts: ['kill agent ?'] });
    const gone = { daemon: YOUNGER_DAEMON, scanned: true };
    expectStory(story.waits(1_000).sees(gone), { phase: 'stopping, then stopped' });
    expectStory(story.waits(1_000).sees(gone), { phase: 'stopped', desired: 'stopped' });
  });

  it('that is seen again in between: the lists without it are counted anew', () => {
    const story = new Story().asksStart().launchIsUnknown().asksStop();
    const run = story.runFor(story.runId);
    const gone = { daemon: YOUNGER_DAEMON, scanned: true };
    story
      .sees(gone)
      .waits(1_000)
      .sees({ ...gone, unlisted: [orphan(run)] });
    expectStory(story, { phase: 'stopping, then stopped', acts: ['kill agent ?'], dueInMs: 1_000 });
    expectStory(story.waits(1_000).sees(gone), { phase: 'stopping, then stopped' });
    expectStory(story.waits(1_000).sees(gone), { phase: 'stopped' });
  });

  it('of an earlier run, while the present one is being ended: it is ended as well', () => {
    const story = new Story().isUp().asksStop();
    const earlier = orphan(story.run, { runId: 'older', process: { pid: 7, startTime: 7 } });
    story.sees({ listed: [online(story.run)], unlisted: [earlier] });
    expectStory(story, { phase: 'stopping, then stopped', acts: ['end orphan 7'] });
  });

  it('while its launch is awaited: it is the one, not yet listed', () => {
    const story = new Story().asksStart();
    const run = story.runFor(story.runId);
    expectStory(story.sees({ unlisted: [orphan(run)] }), { phase: 'starting', acts: [] });
    expectStory(story.sees({ unlisted: [orphan(run, { runId: 'older' })] }), { acts: ['end orphan 1001'] });
  });

  it('our run is the parent of what carries its id and is younger', () => {
    const story = new Story().isUp();
    const child = orphan(story.run, { process: { pid: 7, startTime: 2_000 } });
    expectStory(story.sees({ listed: [online(story.run)], unlisted: [child] }), { phase: 'verifying', acts: [] });
  });
});

describe('two with our marker', () => {
  it('keep the listed one: an unlisted one cannot be adopted', () => {
    const story = wasUp();
    const older = orphan(story.run, { process: { pid: 7, startTime: 7 } });
    story.sees({ ...BOOT, listed: [online(story.run)], unlisted: [older] });
    expectStory(story, { phase: 'running, stable', acts: ['end orphan 7'] });
  });

  it('keep the listed one also where the unlisted one was ours (pm2 resurrect beside living orphans)', () => {
    const story = wasUp();
    const { run } = story;
    story.sees({ ...BOOT, daemon: YOUNGER_DAEMON, listed: [again(run)], unlisted: [orphan(run)] });
    expect(story.run.process.pid).toBe(6001);
    expectStory(story, { phase: 'verifying', desired: 'running' });
    story.sees({ daemon: YOUNGER_DAEMON, scanned: true, listed: [again(run)], unlisted: [orphan(run)] });
    expectStory(story, { phase: 'verifying', acts: ['end orphan 1001'] });
  });

  it('of two listed, the saved pid', () => {
    const story = wasUp();
    const { run } = story;
    story.sees({ ...BOOT, listed: [again(run, { pmId: 1 }), online(run)] });
    expectStory(story, { phase: 'running, stable', acts: ['end double 6001'] });
    expect(story.run.process).toEqual(run.process);
  });

  it('of two listed and neither the saved pid, the newest', () => {
    const story = wasUp();
    const { run } = story;
    const [old, young] = [again(run, { pmId: 1 }), again(run, { pmId: 2, process: { pid: 7, startTime: 7_000 } })];
    story.sees({ ...BOOT, listed: [old, { ...young, upSince: old.upSince + 1 }] });
    expectStory(story, { phase: 'verifying', acts: ['end double 6001'] });
    expect(story.run.process.pid).toBe(7);
  });

  it('end a second holder of a run id when it comes online', () => {
    const story = new Story().isUp();
    const { run } = story;
    story.waits(5_000).sees({ listed: [online(run), again(run, { pmId: 1 })] });
    expectStory(story, { phase: 'verifying', acts: ['end double 6001'] });
  });
});

describe('a list', () => {
  it('that began before the present phase shows the world before it', () => {
    const story = new Story().isUp();
    const before = story.situation;
    const observation = story.observation({ beganAt: story.now });
    story.waits(500).send({ type: 'observed', observation });
    expect(story.situation).toBe(before);
    expectStory(story, { acts: [] });
  });

  it.each(['online', 'launching', 'stopping'] as const)(
    'with an entry that is %s and has no process: the word of the daemon follows',
    (state) => {
      const story = new Story().isUp();
      story.sees({ listed: [ended(story.run, { state })] });
      expectStory(story, { phase: 'verifying', circuit: 'CLOSED 0', acts: [] });
    },
  );

  it.each(['stopped', 'errored'] as const)('with an entry that is %s: it has died, and nobody told', (state) => {
    const story = new Story().isUp();
    const listed = [ended(story.run, { state })];
    // Only a scan looks up whether somebody ordered it.
    expectStory(story.sees({ listed }), { phase: 'verifying', circuit: 'CLOSED 0', acts: ['scan'] });
    expectStory(story.sees({ listed, scanned: true }), { phase: 'starting', circuit: 'CLOSED 1' });
  });

  it('with an entry that was stopped in a shell whose word was missed: no crash', () => {
    const story = new Story().isUp();
    story.sees({ listed: [ended(story.run)] });
    story.sees({ listed: [ended(story.run, { wasEndOrdered: true })], scanned: true });
    expectStory(story, { phase: 'down, operator-acting', circuit: 'CLOSED 0', desired: 'running' });
  });

  it('says nothing while a launch or an end is under way', () => {
    const starting = new Story().asksStart().sees();
    expectStory(starting, { phase: 'starting', acts: [] });
    expectStory(new Story().isUp().asksStop().sees(), { phase: 'stopping, then stopped', acts: [] });
  });

  it('tells under which daemon that process lives which a stop was waiting for', () => {
    const story = new Story().asksStart().launchIsUnknown().asksStop();
    story.sees({ listed: [online(story.runFor(story.runId))], daemon: YOUNGER_DAEMON });
    expect(story.run.daemon).toEqual(YOUNGER_DAEMON);
  });

  it('with an entry made by hand: it is adopted under an id of its own', () => {
    const story = new Story();
    story.sees({ listed: [online(makeRun(), { runId: null })] });
    expect(story.run.runId).toBe('id-1');
  });
});
