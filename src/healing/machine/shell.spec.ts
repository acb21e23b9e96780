import {
  again,
  CLEAN_EXIT,
  DAEMON,
  ended,
  expectStory,
  KILLED,
  NO_PID,
  online,
  orphan,
  POLICY,
  Story,
  YOUNGER_DAEMON,
  TRIPS_AT_ONCE,
} from '../../../test/support/machine-builders';

const SETTLED_MS = 1_000;

/** An ordered exit has been told: somebody acts in a shell. */
function actedUpon(): Story {
  return new Story().isUp().becomesStable().exits(CLEAN_EXIT, true);
}

function backingOff(): Story {
  return new Story().isUp().exits().launchFails(NO_PID);
}

describe('an ordered exit that is not ours', () => {
  it('is waited on to see what the operator is doing', () => {
    expectStory(actedUpon(), {
      phase: 'down, operator-acting',
      desired: 'running',
      acts: ['list'],
      records: ['agent.exited'],
      dueInMs: 2_000,
    });
  });

  it('is looked into again and again until a list says what it was', () => {
    const story = actedUpon().deadlineComes();
    expectStory(story, { phase: 'down, operator-acting', acts: ['list'], dueInMs: 2_000 });
  });

  it('is judged by no list that was taken while a restart may not be over', () => {
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

describe('pm2 restart', () => {
  it('whose new process came after the list was asked for: it is no orphan, and the next list shows whose it is', () => {
    const story = actedUpon();
    const process = { pid: 6_001, startTime: 6_001 };
    story.sees({ listed: [ended(story.run)], unlisted: [orphan(story.run, { process, isNew: true })] });
    expectStory(story, { phase: 'down, operator-acting', desired: 'running', acts: [] });
    story.sees({ listed: [again(story.run, { process })] });
    expectStory(story, { phase: 'verifying', desired: 'running', acts: [], circuit: 'CLOSED 0' });
  });
});

describe('pm2 stop: desired stopped', () => {
  it('as told by the daemon', () => {
    const story = actedUpon();
    story.operatorStops(story.run.upSince);
    expectStory(story, { phase: 'stopped', desired: 'stopped', acts: [], dueInMs: null });
    expect(story.records).toContain('operator.stopped');
  });

  it('as told before the exit is', () => {
    const story = new Story().isUp();
    story.operatorStops(story.run.upSince);
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 1001'] });
    expectStory(story.exits(CLEAN_EXIT, true).killEnds(), { phase: 'stopped', circuit: 'CLOSED 0' });
  });

  it('as a list shows it, when the word of it was lost', () => {
    const story = actedUpon().waits(SETTLED_MS);
    expectStory(story.sees({ listed: [ended(story.run)] }), {
      phase: 'stopped',
      desired: 'stopped',
      records: ['operator.stopped'],
    });
  });

  it('of one that is down already: its restart is not due any more', () => {
    const story = backingOff();
    story.operatorStops(story.run.upSince);
    expectStory(story, { phase: 'stopped', desired: 'stopped', dueInMs: null, attempt: null });
  });

  it('of one that is being started by healing', () => {
    const story = new Story().isUp().exits();
    story.operatorStops(story.run.upSince);
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped' });
    expectStory(story.launchSucceeds(), { desired: 'stopped', acts: ['kill agent 1002'] });
  });

  it('during a restart of ours: the later command wins, and the caller is told', () => {
    const story = new Story().isUp().asksRestart();
    story.operatorStops(story.run.upSince);
    expectStory(story, {
      phase: 'stopping, then stopped',
      desired: 'stopped',
      answers: ['up: operation-in-progress'],
    });
  });

  it('of a trial: the circuit is OPEN and due', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits().deadlineComes().launchSucceeds().exits(CLEAN_EXIT, true);
    story.waits(SETTLED_MS).sees({ listed: [ended(story.run)] });
    expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'OPEN 1' });
    expect(story.situation.circuit.dueAt).toBe(story.now);
  });

  it('is no news when told late, of a time before a person started it again', () => {
    const story = new Story().isUp();
    const { upSince } = story.run;
    const stoppedAt = story.now + 1_000;
    story.waits(1_000).asksStop().killEnds().waits(1_000).asksStart().launchSucceeds();
    expectStory(story.operatorStops(upSince, stoppedAt), { phase: 'verifying', desired: 'running', acts: [] });
  });

  it('is no news when told late, of a time before it was started again in a shell', () => {
    const story = new Story().isUp().waits(1_000).exits(CLEAN_EXIT, true);
    const { run, now: stoppedAt } = story;
    story.waits(1_000).sees({ listed: [again(run, { upSince: stoppedAt + 500 })] });
    expectStory(story.operatorStops(run.upSince, stoppedAt), { phase: 'verifying', desired: 'running', acts: [] });
  });

  it('counts when told late of the very process that is up', () => {
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

  it('then a stop by a person, while the shell is still acting: lists must prove that nothing lives', () => {
    const story = actedUpon();
    const { run } = story;
    expectStory(story.asksStop(), { phase: 'stopping, then stopped', desired: 'stopped', acts: ['scan'] });
    expectStory(story.sees({ listed: [again(run)] }), { phase: 'stopping, then stopped', acts: ['kill agent 6001'] });
    expectStory(story.killEnds(), { phase: 'stopped', desired: 'stopped', answers: ['down: done'] });
  });
});

describe('what is left in the list', () => {
  it('by pm2 stop is the entry, which the next start takes over', () => {
    const story = actedUpon().waits(SETTLED_MS);
    const { run } = story;
    expect(story.sees({ listed: [ended(run)] }).asksStart().launch.lastRun).toEqual(run);
  });

  it('by pm2 delete is nothing, whether its exit was told or not', () => {
    expect(actedUpon().waits(1_000).sees().asksStart().launch.lastRun).toBeNull();
    expect(new Story().isUp().sees().asksStart().launch.lastRun).toBeNull();
  });

  it('of what was given up, once it has ended, is a start in a shell again', () => {
    const story = new Story().asksStart().launchIsUnknown().asksStop();
    const late = story.runFor(story.runId);
    story.waits(1_000).sees().waits(1_000).sees();
    expectStory(story.sees({ listed: [ended(late)] }), { phase: 'stopped', acts: [] });
    expectStory(story.sees({ listed: [again(late)] }), { phase: 'verifying', desired: 'running', acts: [] });
  });
});

describe('pm2 delete: desired stopped', () => {
  it('of one that ran: an ordered exit, and then no entry', () => {
    const story = actedUpon().waits(1_000).sees();
    expectStory(story, { phase: 'stopped', desired: 'stopped', records: ['operator.stopped'] });
  });

  it('stands, though its daemon is lost a moment later', () => {
    const story = actedUpon().waits(7).sees().sees({ daemon: YOUNGER_DAEMON, scanned: true });
    expectStory(story, { phase: 'stopped', desired: 'stopped', acts: [] });
  });

  it('is not what pm2 kill does, which deletes everything before it says so', () => {
    expectStory(actedUpon().waits(7).sees(), { phase: 'down, operator-acting', desired: 'running', records: [] });
    const story = actedUpon().waits(7).sees().daemonIsEnded();
    expectStory(story, { phase: 'down, daemon-ended', desired: 'running', dueInMs: 30_000 });
    expectStory(story.deadlineComes(), { phase: 'stopped', desired: 'stopped' });
  });

  it('of one that ran, when the word of its exit was lost', () => {
    expectStory(new Story().isUp().sees(), { phase: 'stopped', desired: 'stopped', records: ['operator.stopped'] });
  });

  it('ends its incident', () => {
    expectStory(new Story().isUp().exits().launchSucceeds().sees(), { phase: 'stopped', attempt: null });
  });

  it.each([
    ['in back-off', backingOff],
    ['halted', () => new Story({ restart: 'never' }).isUp().exits()],
  ])('of one that is %s: PM2 says nothing, the list shows it', (_, play) => {
    expectStory(play().sees(), { phase: 'stopped', desired: 'stopped', dueInMs: null, records: ['operator.stopped'] });
  });

  it('of one in back-off whose latest launch was never answered', () => {
    const story = new Story().isUp().exits().launchIsUnknown().exits();
    expectStory(story, { phase: 'down, backing-off' });
    expectStory(story.sees(), { phase: 'stopped', desired: 'stopped' });
  });

  it('of one whose process lives on, unlisted: it is ended', () => {
    const story = new Story().isUp();
    const { runId, process } = story.run;
    story.sees({ unlisted: [{ agentId: 'agent', runId, process, leader: true, isNew: false }] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 1001'] });
  });

  it('of a trial: the circuit is OPEN and due', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits().deadlineComes().launchSucceeds();
    expectStory(story.sees(), { phase: 'stopped', desired: 'stopped', circuit: 'OPEN 1' });
  });
});

describe('pm2 start: desired running', () => {
  it('of one that was stopped', () => {
    const story = new Story().isUp().asksStop().killEnds();
    story.sees({ listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', desired: 'running', acts: [], records: ['operator.restarted'] });
  });

  it('of one that was started by hand, under an entry that we did not make', () => {
    const story = new Story();
    story.sees({ listed: [online(story.runFor('x'), { runId: null })] });
    expectStory(story, { phase: 'verifying', desired: 'running', records: ['operator.restarted'] });
  });

  it('of one in back-off: neither failure nor attempt, and nothing is started beside it', () => {
    const story = new Story().isUp().exits().launchSucceeds().waits(1).exits();
    story.sees({ listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', circuit: 'CLOSED 2', attempt: 1, acts: [] });
    expectStory(story.waits(1_000).send({ type: 'timer' }), { phase: 'verifying', acts: [] });
  });

  it('of one that is halted: it is the trial, not doubled when it fails', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits();
    story.sees({ listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', circuit: 'HALF_OPEN 1' });
    expectStory(story.exits(), { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: 60_000 });
  });
});

describe('pm2 restart: not a failure', () => {
  it('is adopted with its new process and the run id that it keeps', () => {
    const story = actedUpon();
    const { run } = story;
    story.sees({ listed: [again(run)] });
    expectStory(story, { phase: 'verifying', desired: 'running', circuit: 'CLOSED 0', attempt: null, acts: [] });
    expect(story.run).toMatchObject({ runId: run.runId, process: { pid: 6001 }, upSince: run.upSince + 1 });
  });

  it('is adopted also when nobody told of it', () => {
    const story = new Story().isUp().becomesStable();
    story.sees({ listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', circuit: 'CLOSED 0', records: ['operator.restarted'], acts: [] });
  });

  it('begins the time of verification anew at the new pid', () => {
    const story = actedUpon().waits(50);
    story.sees({ listed: [again(story.run)] });
    expectStory(story, { dueInMs: POLICY.verifyMs });
  });

  it('within an incident leaves its count and attempt', () => {
    const story = new Story().isUp().exits().launchSucceeds().exits(CLEAN_EXIT, true);
    story.sees({ listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', circuit: 'CLOSED 1', attempt: 1 });
  });
});

describe('pm2 kill seen live: desired stopped for what it ended', () => {
  it.each([
    ['as its last word comes', () => new Story().isUp().daemonIsEnded()],
    ['as its last word comes to one that is stable', () => new Story().isUp().becomesStable().daemonIsEnded()],
    ['after the ordered exit', () => actedUpon().daemonIsEnded()],
    ['while healing is starting it', () => new Story().isUp().exits().daemonIsEnded()],
  ])('%s: down, and nothing is started', (_, play) => {
    const story = play();
    expectStory(story, { phase: 'down, daemon-ended', desired: 'running', acts: [], dueInMs: 30_000 });
    expectStory(story.deadlineComes(), {
      phase: 'stopped',
      desired: 'stopped',
      acts: [],
      records: ['operator.stopped'],
    });
  });

  it('a person may start it at any time, also after a stop', () => {
    expectStory(new Story().isUp().daemonIsEnded().asksStart(), { phase: 'starting', acts: ['launch'] });
    const story = new Story().isUp().daemonIsEnded().asksStop().asksStart();
    expectStory(story, { phase: 'starting', desired: 'running', acts: ['launch'] });
  });

  it('a start that fails after a stop leaves it stopped, also where the circuit has opened meanwhile', () => {
    const story = new Story().isUp().daemonIsEnded().tripsByHand();
    story.operatorStops(story.run.upSince).asksStart().launchFails(NO_PID);
    expectStory(story, { phase: 'down, daemon-ended', desired: 'stopped' });
    expectStory(story.deadlineComes(), { phase: 'stopped', desired: 'stopped', acts: [] });
  });

  it('the word of a stop in a shell does not end the wait for a daemon that brings it back', () => {
    const story = new Story().isUp().daemonIsEnded();
    expectStory(story.operatorStops(story.run.upSince), { phase: 'down, daemon-ended', desired: 'stopped' });
  });

  it('what a person asked for goes on', () => {
    expectStory(new Story().asksStart().daemonIsEnded(), { phase: 'starting', desired: 'running' });
  });

  it('leaves alone what was down before, and what another daemon launched', () => {
    expectStory(backingOff().daemonIsEnded(), { phase: 'down, backing-off', desired: 'running' });
    expectStory(new Story().isUp().daemonIsEnded(YOUNGER_DAEMON), { phase: 'verifying', desired: 'running' });
  });

  it('of a trial: the circuit is OPEN and due', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits().deadlineComes().launchSucceeds();
    expectStory(story.daemonIsEnded().deadlineComes(), { phase: 'stopped', desired: 'stopped', circuit: 'OPEN 1' });
  });

  it('answers a spawn that had joined the start which went with the daemon', () => {
    const story = new Story().isUp().exits().asksStart().daemonIsEnded().deadlineComes();
    expectStory(story, { phase: 'stopped', answers: ['up: operation-in-progress', 'down: done'] });
  });
});

describe('a daemon with the same list within 30 s: it was pm2 update', () => {
  it('desired stays, adopt', () => {
    const story = new Story().isUp().daemonIsEnded().waits(25_000);
    story.sees({ daemon: YOUNGER_DAEMON, listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', desired: 'running', circuit: 'CLOSED 0', acts: [] });
    expect(story.run.daemon).toEqual(YOUNGER_DAEMON);
  });

  it('one that it brought back and that has died since is a crash', () => {
    const story = new Story().isUp().daemonIsEnded();
    story.sees({ daemon: YOUNGER_DAEMON, listed: [ended(story.run)] });
    expectStory(story, { phase: 'starting', desired: 'running', circuit: 'CLOSED 1' });
  });

  it('one that was stopped meanwhile, and was brought back and died, is left alone', () => {
    const story = new Story().isUp().daemonIsEnded().asksStop();
    story.sees({ daemon: YOUNGER_DAEMON, listed: [ended(story.run)] });
    expectStory(story, { phase: 'down, daemon-ended', desired: 'stopped', circuit: 'CLOSED 0', acts: [] });
  });

  it('what the daemon that is being ended still lists says nothing yet', () => {
    const story = new Story().isUp().daemonIsEnded();
    story.sees({ listed: [ended(story.run)] });
    expectStory(story, { phase: 'down, daemon-ended', circuit: 'CLOSED 0', acts: [] });
  });

  it('an empty list says nothing yet', () => {
    for (const daemon of [DAEMON, YOUNGER_DAEMON]) {
      expectStory(new Story().isUp().daemonIsEnded().sees({ daemon }), { phase: 'down, daemon-ended', acts: [] });
    }
  });

  it('what was stopped meanwhile is ended when it appears, not adopted', () => {
    const story = new Story().isUp().daemonIsEnded().asksStop();
    expectStory(story, { phase: 'down, daemon-ended', desired: 'stopped' });
    expect(story.answers).toContain('down: done');
    story.sees({ daemon: YOUNGER_DAEMON, listed: [again(story.run)] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 6001'] });
  });

  it('the 30 s begin again after a time in which nothing ran', () => {
    const story = new Story().isUp().daemonIsEnded().waits(90_000).send({ type: 'resumed' });
    expectStory(story, { phase: 'down, daemon-ended', dueInMs: 30_000 });
  });
});

describe('SIGKILL or crash of the daemon is a fault: heal', () => {
  it('while somebody acted in a shell, too', () => {
    const story = new Story().isUp().exits(KILLED, true).sees({ daemon: YOUNGER_DAEMON });
    expectStory(story, { phase: 'starting', desired: 'running', circuit: 'CLOSED 0', acts: ['launch'] });
  });

  it('what runs is looked for everywhere before it is started again', () => {
    const story = new Story().isUp().sees({ daemon: YOUNGER_DAEMON });
    expectStory(story, { phase: 'verifying', acts: ['scan'] });
    story.sees({ daemon: YOUNGER_DAEMON, scanned: true });
    expectStory(story, { phase: 'starting', desired: 'running', circuit: 'CLOSED 0', acts: ['launch'] });
  });
});
