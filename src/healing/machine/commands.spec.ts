import {
  makeRun,
  again,
  CRASH,
  ended,
  expectStory,
  KILLED,
  NO_PID,
  online,
  orphan,
  PM2_AWAY,
  REFUSED,
  Story,
  YOUNGER_DAEMON,
} from '../../../test/support/machine-builders';

/** Up again after its first crash, and fallen a second time: the next restart is due in a second. */
function backingOff(): Story {
  return new Story().isUp().exits().launchSucceeds().waits(1).exits();
}

describe('stop during starting, outcome unknown', () => {
  const stopped = () => new Story().asksStart().launchIsUnknown().asksStop();

  it('desired stopped at once, the spawn is told, and lists are asked for', () => {
    expectStory(stopped(), {
      phase: 'stopping, then stopped',
      desired: 'stopped',
      acts: ['scan'],
      answers: ['up: operation-in-progress'],
    });
  });

  it('observes until it is proven absent: two lists, a second apart', () => {
    const story = stopped().sees();
    expectStory(story, { phase: 'stopping, then stopped', dueInMs: 1_000 });
    expectStory(story.deadlineComes(), { acts: ['scan'] });
    expectStory(story.sees(), { phase: 'stopped', answers: ['down: done'], acts: [] });
  });

  it('a late success is killed, not adopted', () => {
    const story = stopped().launchSucceeds();
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 1001'] });
    expectStory(story.killEnds(), { phase: 'stopped', desired: 'stopped', answers: ['down: done'] });
    expect(story.situation.state.lastRun).toEqual(story.runFor(story.runId));
  });

  it('a process that a list shows is killed, not adopted', () => {
    const story = stopped();
    const late = story.runFor(story.runId);
    expectStory(story.sees({ listed: [online(late)] }), { desired: 'stopped', acts: ['kill agent 1001'] });
  });

  it('what appears after it was proven absent is ended, not adopted', () => {
    const story = stopped();
    const late = story.runFor(story.runId);
    story.sees().deadlineComes().sees();
    expectStory(story.sees({ listed: [online(late)] }), {
      phase: 'stopped',
      desired: 'stopped',
      acts: ['end given-up 1001'],
    });
    expectStory(story.send({ type: 'launch-succeeded', run: late }), {
      phase: 'stopped',
      desired: 'stopped',
      acts: ['end given-up 1001'],
    });
  });

  it('the same while the answer is awaited: the stop waits for it', () => {
    const story = new Story().asksStart().asksStop();
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: [], dueInMs: null });
    expectStory(story.launchSucceeds(), { acts: ['kill agent 1001'] });
    const failed = new Story().asksStart().asksStop().launchFails(NO_PID);
    expectStory(failed, { phase: 'stopped', desired: 'stopped', answers: ['down: done'] });
  });

  it('takes a list that comes twice for one', () => {
    const story = stopped().waits(1);
    const observation = story.observation({});
    story.send({ type: 'observed', observation }).send({ type: 'observed', observation });
    expectStory(story, { phase: 'stopping, then stopped' });
  });
});

describe('stop while stopping, then start was due', () => {
  it('then becomes stopped, and the caller of the restart is told which stop overtook it', () => {
    const story = new Story().isUp().asksRestart().asksStop();
    expectStory(story, {
      phase: 'stopping, then stopped',
      desired: 'stopped',
      answers: ['up: operation-in-progress'],
    });
    const told = story.effects.flatMap((effect) =>
      effect.type === 'answer' && effect.answer.kind === 'refused' ? [effect.answer.detail] : [],
    );
    expect(told).toEqual([expect.stringContaining('A stop by a person')]);
    expectStory(story.killEnds(), { phase: 'stopped', desired: 'stopped', acts: [], answers: ['down: done'] });
  });

  it('ends whatever of the agent lives, although the restart meant its run alone', () => {
    const story = new Story().isUp().asksRestart();
    expectStory(story, { acts: ['kill run 1001'] });
    expectStory(story.asksStop(), { acts: ['kill agent 1001'] });
  });
});

describe('restart while stopping, then stopped was due', () => {
  it('the later command wins: desired running, then start', () => {
    const story = new Story().isUp().asksStop().asksRestart();
    expectStory(story, { phase: 'stopping, then start', desired: 'running' });
    expectStory(story.killEnds(), { phase: 'starting', desired: 'running', acts: ['launch'] });
    expectStory(story.launchSucceeds(), { phase: 'verifying', answers: ['up: done'] });
  });

  it('a spawn that meets a terminate runs after it', () => {
    const story = new Story().isUp().asksStop().asksStart();
    expectStory(story, { phase: 'stopping, then start', desired: 'running', acts: [] });
    expectStory(story.killEnds(), { phase: 'starting', acts: ['launch'] });
  });

  it("no failure is counted for a spawn that joined a restart of healing's", () => {
    const story = new Story().isUp();
    story
      .sees({ daemon: YOUNGER_DAEMON, scanned: true, unlisted: [orphan(story.run)] })
      .asksStart()
      .killEnds();
    expectStory(story.launchFails(NO_PID), { circuit: 'CLOSED 0', answers: ['up: launch-failed'] });
  });
});

describe('operations that meet on one agent', () => {
  it('a spawn of what runs gets the same answer, and nothing is started', () => {
    expectStory(new Story().isUp().asksStart(), { phase: 'verifying', acts: [], answers: ['up: done'] });
  });

  it('a spawn or restart that meets a spawn in progress joins it', () => {
    for (const join of [(story: Story) => story.asksStart(), (story: Story) => story.asksRestart()]) {
      const story = join(new Story().asksStart());
      expectStory(story, { phase: 'starting', acts: [], answers: [] });
      expectStory(story.launchSucceeds(), { answers: ['up: done'] });
    }
  });

  it('a restart ends the run, waits as long as asked, and starts', () => {
    const story = new Story().isUp().asksRestart(3_000);
    expectStory(story, { phase: 'stopping, then start', status: 'recovering', acts: ['kill run 1001'] });
    expectStory(story.killEnds(), { phase: 'down, restart-delay', dueInMs: 3_000, acts: [] });
    expectStory(story.deadlineComes(), { phase: 'starting', acts: ['launch'] });
    expect(story.launch.launch).toMatchObject({ kind: 'restart', pidBefore: 1001, reason: 'asked', attempt: null });
  });

  it('a routed task starts what is in back-off, and runs after a terminate', () => {
    expectStory(backingOff().asksStart('routing', false), { phase: 'starting', acts: ['launch'] });
    const story = new Story().isUp().asksStop().asksStart('routing', false);
    expectStory(story, { phase: 'stopping, then start', desired: 'running', answers: [] });
  });

  it('a spawn that follows a terminate and comes to nothing leaves it stopped', () => {
    const story = new Story().isUp().asksStop().asksStart().killEnds().launchFails(NO_PID);
    expectStory(story, { phase: 'stopped', desired: 'stopped', answers: ['up: launch-failed'] });
  });

  it('a second restart that comes to nothing leaves it to healing', () => {
    const story = new Story().isUp().asksRestart().asksRestart().killEnds().launchFails(NO_PID);
    expectStory(story, { phase: 'down, waiting', desired: 'running', circuit: 'CLOSED 0' });
  });

  it('a stop of what is stopped is done at once', () => {
    expectStory(new Story().asksStop(), { phase: 'stopped', desired: 'stopped', acts: [] });
    expect(new Story().asksStop().answers).toContain('down: done');
  });

  it('a spawn in the moment in which somebody acts in a shell starts it', () => {
    expectStory(new Story().isUp().exits(KILLED, true).asksStart(), { phase: 'starting', acts: ['launch'] });
  });

  it("a person's start does not ask whether the old entry is still there; healing's and a restart of what runs do", () => {
    expect(backingOff().asksStart().launch.launch.mustBeListed).toBe(false);
    expect(backingOff().deadlineComes().launch.launch.mustBeListed).toBe(true);
    expect(new Story().isUp().asksRestart().killEnds().launch.launch.mustBeListed).toBe(true);
  });

  it('a restart overtakes the late word of a stop in a shell from before it', () => {
    const story = new Story().isUp();
    const { upSince } = story.run;
    const stoppedAt = story.now + 500;
    story.waits(1_000).asksRestart().killEnds().launchSucceeds();
    expectStory(story.operatorStops(upSince, stoppedAt), { phase: 'verifying', desired: 'running', acts: [] });
  });

  it('a restart with a pause is not undone by a pm2 delete from before it', () => {
    const story = new Story().isUp().asksStop().killEnds().waits(60_000);
    story.sees().waits(60_000).asksRestart(10_000);
    expectStory(story.sees(), { phase: 'down, restart-delay', desired: 'running' });
  });

  it('a restart whose pause is ended by a start in a shell is answered', () => {
    const story = new Story().isUp().asksRestart(10_000).killEnds();
    expectStory(story.sees({ listed: [again(story.run)] }), { phase: 'verifying', answers: ['up: done'] });
  });
});

describe('spawn or restart during back-off', () => {
  it.each([
    ['spawn', (story: Story) => story.asksStart()],
    ['restart', (story: Story) => story.asksRestart()],
  ] as const)('a %s starts it now; attempt and count are neither raised nor reset', (_, ask) => {
    const story = backingOff();
    expectStory(story, { phase: 'down, backing-off', dueInMs: 1_000, attempt: 1, circuit: 'CLOSED 2' });
    expectStory(ask(story), { phase: 'starting', acts: ['launch'], attempt: 1, circuit: 'CLOSED 2' });
    expectStory(story.launchSucceeds(), { phase: 'verifying', attempt: 1, circuit: 'CLOSED 2' });
    expectStory(story.exits(), { phase: 'down, backing-off', dueInMs: 1_000, attempt: 1, circuit: 'CLOSED 3' });
  });

  it('cancels the timer: when it fires all the same, nothing follows', () => {
    const story = backingOff().asksStart().waits(1_000).send({ type: 'timer' });
    expectStory(story, { phase: 'starting', acts: [] });
  });

  it('one that comes to nothing leaves the restart due as it was', () => {
    const story = backingOff();
    const due = story.deadline;
    story.waits(100).asksStart().launchFails(NO_PID);
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 2', answers: ['up: launch-failed'] });
    expect(story.deadline).toBe(due);
  });

  it('a stop wins in back-off too', () => {
    const story = backingOff().asksStop();
    expectStory(story, { phase: 'stopped', desired: 'stopped', dueInMs: null, acts: [], attempt: null });
    expect(story.answers).toContain('down: done');
    expect(story.records).toEqual(['agent.terminated']);
  });
});

describe('a refused or failed spawn', () => {
  it.each([
    ['entry-point-not-found', REFUSED],
    ['interpreter-not-found', { ...REFUSED, refusal: 'interpreter-missing' }],
    ['launch-failed', NO_PID],
    ['process-manager-unavailable', PM2_AWAY],
  ] as const)('leaves desiredState as it was: %s', (code, fault) => {
    const story = new Story().asksStart();
    expectStory(story, { desired: 'running' });
    expectStory(story.launchFails(fault), {
      phase: 'stopped',
      desired: 'stopped',
      circuit: 'CLOSED 0',
      acts: [],
      answers: [`up: ${code}`],
    });
  });

  it('of a restart leaves it running, and healing tries again', () => {
    const story = new Story().isUp().asksRestart().killEnds().launchFails(PM2_AWAY);
    expectStory(story, { phase: 'down, waiting', desired: 'running', circuit: 'CLOSED 0' });
    expectStory(story.deadlineComes(), { phase: 'starting', acts: ['launch'] });
  });

  it('after pm2 kill and a stop leaves desiredState stopped', () => {
    const story = new Story().isUp().daemonIsEnded().asksStop().asksStart().launchFails(PM2_AWAY);
    expectStory(story, { desired: 'stopped', answers: ['up: process-manager-unavailable'] });
  });
});

describe('stop while PM2 hangs', () => {
  it('names the process by pid and start time, so that the tree can be signalled directly', () => {
    const story = new Story().isUp();
    const { process, runId } = story.run;
    expect(story.asksStop().effects).toContainEqual({ type: 'kill', runId, process, scope: 'agent' });
  });

  it('tells the caller when the process does not end even so, tries again, and starts nothing meanwhile', () => {
    const story = new Story().isUp().asksStop().killEnds(false);
    expectStory(story, { phase: 'stopping, then stopped', answers: ['down: operation-in-progress'], dueInMs: 5_000 });
    expectStory(story.deadlineComes(), { acts: ['kill agent 1001'] });
    expectStory(story.exits(CRASH), { phase: 'stopping, then stopped', acts: [] });
    expectStory(story.sees({ listed: [ended(story.run)] }), { phase: 'stopping, then stopped', acts: [] });
    expectStory(story.killEnds(), { phase: 'stopped', answers: ['down: done'] });
  });

  it('of what is at rest ends whatever carries its mark, since nobody can list what a shell has started', () => {
    const story = new Story().isUp().asksStop().killEnds().asksStop(false);
    const { runId } = story.run;
    expect(story.effects).toContainEqual({ type: 'kill', runId, process: null, scope: 'agent' });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', answers: ['up: operation-in-progress'] });
    expectStory(story.send({ type: 'kill-ended', runId, scope: 'agent', gone: true, pids: [] }), {
      phase: 'stopped',
      answers: ['down: done'],
    });
  });

  it('what was started in a shell before the stop is ended when it is seen at last, not adopted', () => {
    const story = new Story().isUp().asksStop().killEnds();
    const started = makeRun({ ...story.run, process: { pid: 77, startTime: 77 }, upSince: story.now });
    story
      .waits(1_000)
      .asksStop()
      .waits(1_000)
      .sees({ listed: [online(started)] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 77'] });
  });
});
