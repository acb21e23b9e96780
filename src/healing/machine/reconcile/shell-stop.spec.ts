import {
  again,
  CLEAN_EXIT,
  ended,
  NO_PID,
  YOUNGER_DAEMON,
  TRIPS_AT_ONCE,
} from '../../../../test/support/machine-builders';
import { expectStory, Story } from '../../../../test/support/machine-story';

const SETTLED_MS = 1_000;

/** An ordered exit was reported: the operator is acting in a shell. */
function actedUpon(): Story {
  return new Story().isUp().becomesStable().exits(CLEAN_EXIT, true);
}

function backingOff(): Story {
  return new Story().isUp().exits().launchFails(NO_PID);
}

describe('an exit that the operator ordered', () => {
  it('leads to a snapshot, to see what the operator is doing', () => {
    expectStory(actedUpon(), {
      phase: 'down, operator-acting',
      desired: 'running',
      acts: ['list'],
      records: ['agent.exited'],
      dueInMs: 2_000,
    });
  });

  it('leads to further snapshots until one shows what it was', () => {
    const story = actedUpon().deadlineComes();
    expectStory(story, { phase: 'down, operator-acting', acts: ['list'], dueInMs: 2_000 });
  });

  it('is not judged by a snapshot taken before a restart would be over', () => {
    const story = actedUpon();
    const entry = ended(story.run);
    expectStory(story.sees({ listed: [entry] }), {
      phase: 'down, operator-acting',
      desired: 'running',
      dueInMs: 1_000,
    });
    expectStory(story.waits(SETTLED_MS).sees({ listed: [entry] }), { phase: 'stopped', desired: 'stopped' });
  });
});

describe('pm2 stop', () => {
  it('stops the agent when the daemon reports it', () => {
    const story = actedUpon();
    story.operatorStops(story.run.upSince);
    expectStory(story, { phase: 'stopped', desired: 'stopped', acts: [], dueInMs: null });
    expect(story.records).toContain('operator.stopped');
  });

  it('stops the agent when it is reported before the exit', () => {
    const story = new Story().isUp();
    story.operatorStops(story.run.upSince);
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 1001'] });
    expectStory(story.exits(CLEAN_EXIT, true).killEnds(), { phase: 'stopped', circuit: 'CLOSED 0' });
  });

  it('stops the agent when a snapshot shows it without a report', () => {
    const story = actedUpon().waits(SETTLED_MS);
    expectStory(story.sees({ listed: [ended(story.run)] }), {
      phase: 'stopped',
      desired: 'stopped',
      records: ['operator.stopped'],
    });
  });

  it('cancels a pending restart', () => {
    const story = backingOff();
    story.operatorStops(story.run.upSince);
    expectStory(story, { phase: 'stopped', desired: 'stopped', dueInMs: null, attempt: null });
  });

  it('stops an agent that healing is launching', () => {
    const story = new Story().isUp().exits();
    story.operatorStops(story.run.upSince);
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped' });
    expectStory(story.launchSucceeds(), { desired: 'stopped', acts: ['kill agent 1002'] });
  });

  it('supersedes a restart in progress and refuses its caller', () => {
    const story = new Story().isUp().asksRestart();
    story.operatorStops(story.run.upSince);
    expectStory(story, {
      phase: 'stopping, then stopped',
      desired: 'stopped',
      answers: ['up: operation-in-progress'],
    });
  });

  it('breaks off a trial: the circuit is OPEN and due', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits().deadlineComes().launchSucceeds().exits(CLEAN_EXIT, true);
    story.waits(SETTLED_MS).sees({ listed: [ended(story.run)] });
    expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'OPEN 1' });
    expect(story.machineState.circuit.dueAt).toBe(story.now);
  });

  it('is ignored if it preceded a start by a caller and is reported late', () => {
    const story = new Story().isUp();
    const { upSince } = story.run;
    const stoppedAt = story.now + 1_000;
    story.waits(1_000).asksStop().killEnds().waits(1_000).asksStart().launchSucceeds();
    expectStory(story.operatorStops(upSince, stoppedAt), { phase: 'verifying', desired: 'running', acts: [] });
  });

  it('is ignored if it preceded a start in a shell and is reported late', () => {
    const story = new Story().isUp().waits(1_000).exits(CLEAN_EXIT, true);
    const { run, now: stoppedAt } = story;
    story.waits(1_000).sees({ listed: [again(run, { upSince: stoppedAt + 500 })] });
    expectStory(story.operatorStops(run.upSince, stoppedAt), { phase: 'verifying', desired: 'running', acts: [] });
  });

  it('stops the agent if it is reported late and concerns the present process', () => {
    const story = new Story().isUp();
    const { upSince } = story.run;
    expectStory(
      story
        .waits(1_000)
        .asksStart()
        .operatorStops(upSince, story.now - 500),
      {
        phase: 'stopping, then stopped',
        desired: 'stopped',
      },
    );
  });

  it('followed by a stop of a caller needs snapshots to prove that no process lives', () => {
    const story = actedUpon();
    const { run } = story;
    expectStory(story.asksStop(), { phase: 'stopping, then stopped', desired: 'stopped', acts: ['scan'] });
    expectStory(story.sees({ listed: [again(run)] }), { phase: 'stopping, then stopped', acts: ['kill agent 6001'] });
    expectStory(story.killEnds(), { phase: 'stopped', desired: 'stopped', answers: ['down: done'] });
  });
});

describe('the entry', () => {
  it('stays after pm2 stop, and the next start takes it over', () => {
    const story = actedUpon().waits(SETTLED_MS);
    const { run } = story;
    expect(story.sees({ listed: [ended(run)] }).asksStart().launch.lastRun).toEqual(run);
  });

  it('is gone after pm2 delete, whether the exit was reported or not', () => {
    expect(actedUpon().waits(1_000).sees().asksStart().launch.lastRun).toBeNull();
    expect(new Story().isUp().sees().asksStart().launch.lastRun).toBeNull();
  });

  it('of a launch that was given up is adopted when the operator starts it later', () => {
    const story = new Story().asksStart().launchIsUnknown().asksStop();
    const late = story.runFor(story.runId);
    story.waits(1_000).sees().waits(1_000).sees().killEnds();
    expectStory(story.sees({ listed: [ended(late)] }), { phase: 'stopped', acts: [] });
    expectStory(story.sees({ listed: [again(late)] }), { phase: 'verifying', desired: 'running', acts: [] });
  });
});

describe('pm2 delete', () => {
  it('stops a running agent: an ordered exit, then no entry', () => {
    const story = actedUpon().waits(1_000).sees();
    expectStory(story, { phase: 'stopped', desired: 'stopped', records: ['operator.stopped'] });
  });

  it('stands even if the daemon is lost a moment later', () => {
    const story = actedUpon().waits(7).sees().sees({ daemon: YOUNGER_DAEMON, scanned: true });
    expectStory(story, { phase: 'stopped', desired: 'stopped', acts: [] });
  });

  it('is not confused with pm2 kill, which deletes every entry before it is announced', () => {
    expectStory(actedUpon().waits(7).sees(), { phase: 'down, operator-acting', desired: 'running', records: [] });
    const story = actedUpon().waits(7).sees().daemonIsEnded();
    expectStory(story, { phase: 'down, daemon-ended', desired: 'running', dueInMs: 30_000 });
    expectStory(story.deadlineComes(), { phase: 'stopped', desired: 'stopped' });
  });

  it('stops a running agent even if the report of its exit was lost', () => {
    expectStory(new Story().isUp().sees(), { phase: 'stopped', desired: 'stopped', records: ['operator.stopped'] });
  });

  it('closes the incident', () => {
    expectStory(new Story().isUp().exits().launchSucceeds().sees(), { phase: 'stopped', attempt: null });
  });

  it.each([
    ['in back-off', backingOff],
    ['halted', () => new Story({ restart: 'never' }).isUp().exits()],
  ])('stops an agent that is %s when a snapshot shows it', (_, play) => {
    expectStory(play().sees(), { phase: 'stopped', desired: 'stopped', dueInMs: null, records: ['operator.stopped'] });
  });

  it('stops an agent in back-off whose latest launch was never answered', () => {
    const story = new Story().isUp().exits().launchIsUnknown().exits();
    expectStory(story, { phase: 'down, backing-off' });
    expectStory(story.sees(), { phase: 'stopped', desired: 'stopped' });
  });

  it('kills a process that lives on without an entry', () => {
    const story = new Story().isUp();
    const { runId, process } = story.run;
    story.sees({ unlisted: [{ agentId: 'agent', runId, process, leader: true, isNew: false }] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 1001'] });
  });

  it('breaks off a trial: the circuit is OPEN and due', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits().deadlineComes().launchSucceeds();
    expectStory(story.sees(), { phase: 'stopped', desired: 'stopped', circuit: 'OPEN 1' });
  });
});
