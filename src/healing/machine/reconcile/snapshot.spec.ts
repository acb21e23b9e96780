import { ended, makeRun, online, YOUNGER_DAEMON } from '../../../../test/support/machine-builders';
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

describe('an agent without an entry', () => {
  it('was deleted by the operator if the daemon is the same', () => {
    expectStory(wasUp().sees(BOOT), { phase: 'stopped', desired: 'stopped', acts: [], records: ['operator.stopped'] });
  });

  it('was deleted by the operator during back-off if the daemon is the same', () => {
    const story = new Story().isUp().exits().launchSucceeds().waits(1).exits().supervisorRestarts();
    expectStory(story.sees(BOOT), { phase: 'stopped', desired: 'stopped', dueInMs: null });
  });

  it('is started if its daemon was lost', () => {
    const story = wasUp().sees({ ...BOOT, daemon: YOUNGER_DAEMON });
    expectStory(story, { phase: 'starting', desired: 'running', circuit: 'CLOSED 0', attempt: null, acts: ['launch'] });
    expect(story.launch).toMatchObject({ lastRun: null, launch: { by: 'healing', attempt: null, pidBefore: 1001 } });
  });

  it('stays stopped if its daemon was lost', () => {
    const story = wasStopped().sees({ ...BOOT, daemon: YOUNGER_DAEMON });
    expectStory(story, { phase: 'stopped', desired: 'stopped', acts: [] });
  });

  it('is not started before a scan of the process table', () => {
    expectStory(wasUp().sees({ daemon: YOUNGER_DAEMON }), { phase: 'running, stable', acts: ['scan'] });
  });

  it('is started if it should run', () => {
    const story = new Story();
    story.machineState = { ...story.machineState, desired: 'running' };
    expectStory(story.sees(BOOT), { phase: 'starting', acts: ['launch'] });
  });
});

describe('a snapshot', () => {
  it('that began before the present phase is ignored', () => {
    const story = new Story().isUp();
    const before = story.machineState;
    const observation = story.observation({ beganAt: story.now });
    story.waits(500).send({ type: 'observed', observation });
    expect(story.machineState).toBe(before);
    expectStory(story, { acts: [] });
  });

  it.each(['online', 'launching', 'stopping'] as const)(
    'with an entry that is %s and has no process is followed by a report of the daemon',
    (state) => {
      const story = new Story().isUp();
      story.sees({ listed: [ended(story.run, { state })] });
      expectStory(story, { phase: 'verifying', circuit: 'CLOSED 0', acts: [] });
    },
  );

  it.each(['stopped', 'errored'] as const)('with an entry that is %s shows an exit that was not reported', (state) => {
    const story = new Story().isUp();
    const listed = [ended(story.run, { state })];
    // Only a scan reads if the exit was ordered.
    expectStory(story.sees({ listed }), { phase: 'verifying', circuit: 'CLOSED 0', acts: ['scan'] });
    expectStory(story.sees({ listed, scanned: true }), { phase: 'starting', circuit: 'CLOSED 1' });
  });

  it('with an entry that was stopped in a shell without a report is not a crash', () => {
    const story = new Story().isUp();
    story.sees({ listed: [ended(story.run)] });
    story.sees({ listed: [ended(story.run, { wasEndOrdered: true })], scanned: true });
    expectStory(story, { phase: 'down, operator-acting', circuit: 'CLOSED 0', desired: 'running' });
  });

  it('changes nothing during a pending launch or a kill', () => {
    const starting = new Story().asksStart().sees();
    expectStory(starting, { phase: 'starting', acts: [] });
    expectStory(new Story().isUp().asksStop().sees(), { phase: 'stopping, then stopped', acts: [] });
  });

  it('shows the daemon of the process that a stop waits for', () => {
    const story = new Story().asksStart().launchIsUnknown().asksStop();
    story.sees({ listed: [online(story.runFor(story.runId))], daemon: YOUNGER_DAEMON });
    expect(story.run.daemon).toEqual(YOUNGER_DAEMON);
  });

  it('with an entry that the operator created adopts it under a new run id', () => {
    const story = new Story();
    story.sees({ listed: [online(makeRun(), { runId: null })] });
    expect(story.run.runId).toBe('id-1');
  });
});
