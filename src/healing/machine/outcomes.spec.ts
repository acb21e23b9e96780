import {
  DAEMON,
  CLEAN_EXIT,
  CRASH,
  ended,
  expectStory,
  KILLED,
  makeRun,
  NO_MEMORY,
  NO_PID,
  online,
  PM2_AWAY,
  REFUSED,
  Story,
} from '../../../test/support/machine-builders';

describe("exit before the spawn's answer", () => {
  it("is one failure, healing's matter; the caller gets its answer as usual", () => {
    const story = new Story().asksStart().exits(CRASH);
    expectStory(story, { phase: 'starting', circuit: 'CLOSED 0', acts: [], answers: [] });
    expectStory(story.launchSucceeds(), {
      phase: 'starting',
      circuit: 'CLOSED 1',
      acts: ['list', 'sweep id-1', 'launch'],
      answers: ['up: done'],
    });
  });

  it('is one failure however often it is told', () => {
    const story = new Story().asksStart().exits(CRASH).exits(CRASH).launchSucceeds();
    expectStory(story, { circuit: 'CLOSED 1' });
  });

  it('after an answer that did not come: it did run, and that is one failure', () => {
    const story = new Story().asksStart().launchIsUnknown().exits(CRASH);
    expectStory(story, {
      phase: 'starting',
      circuit: 'CLOSED 1',
      acts: ['sweep id-1', 'launch'],
      answers: ['up: done'],
    });
    expect(story.records).toContain('agent.exited');
  });

  it("of healing's after an answer that did not come is a restart that failed", () => {
    const story = new Story().isUp().exits().launchIsUnknown().exits(CRASH);
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 2', attempt: 1, dueInMs: 1_000 });
  });

  it('before an answer that never comes: one failure as well', () => {
    const story = new Story().asksStart().exits(CRASH).launchIsUnknown();
    story.waits(1_000).sees().waits(1_000).sees();
    expectStory(story, { circuit: 'CLOSED 1', desired: 'running' });
  });

  it('no pid ever, for a person: launch-failed, and no failure is counted', () => {
    const story = new Story().asksStart().launchFails(NO_PID);
    expectStory(story, { phase: 'stopped', circuit: 'CLOSED 0', answers: ['up: launch-failed'] });
    expect(story.effects).toContainEqual({
      type: 'answer',
      waiters: 'up',
      answer: { kind: 'refused', code: 'launch-failed', detail: expect.stringContaining(NO_PID.evidence) as unknown },
    });
  });
});

describe('a launch that succeeds', () => {
  it('is recorded, answered, and followed by a list', () => {
    expectStory(new Story().isUp(), {
      phase: 'verifying',
      desired: 'running',
      acts: ['list'],
      records: ['agent.spawned'],
      answers: ['up: done'],
    });
  });

  it('is a restart where it takes the place of an earlier process', () => {
    const story = new Story().isUp().exits().launchSucceeds();
    expectStory(story, { records: ['agent.spawned', 'agent.restarted'] });
    expect(story.situation.state.restarts).toBe(1);
    expect(story.effects).toContainEqual(
      expect.objectContaining({ type: 'record-restart', pidBefore: 1001, pidAfter: 1002, success: true }),
    );
  });

  it('belongs to a launch that was given up: ended, never adopted', () => {
    const story = new Story().isUp().send({ type: 'launch-succeeded', run: makeRun({ runId: 'old' }) });
    expectStory(story, { phase: 'verifying', acts: ['end given-up 1001'] });
    expect(story.runId).toBe('id-1');
  });

  it('and is told twice: the run that is up is left alone', () => {
    const story = new Story().isUp();
    expectStory(story.launchSucceeds(), { phase: 'verifying', acts: [] });
  });
});

describe('a launch that fails', () => {
  it("of healing's is a restart that did not succeed, and backs off", () => {
    const story = new Story().isUp().exits().launchFails(NO_PID);
    expectStory(story, { phase: 'down, backing-off', dueInMs: 1_000, attempt: 1, answers: ['up: launch-failed'] });
    expect(story.effects).toContainEqual(
      expect.objectContaining({ type: 'record-restart', pidBefore: 1001, pidAfter: null, success: false }),
    );
  });

  it.each([
    ['PM2 does not answer', PM2_AWAY],
    ['the machine is short of something', NO_MEMORY],
  ])('since %s is tried again, by the same right', (_, fault) => {
    const story = new Story().isUp().exits().launchFails(fault);
    expectStory(story, { phase: 'down, waiting', dueInMs: 2_000, circuit: 'CLOSED 1' });
    expectStory(story.deadlineComes(), { phase: 'starting', acts: ['launch'] });
    expect(story.launch.launch).toMatchObject({ by: 'healing', attempt: 1, pidBefore: 1001 });
  });

  it('for a trial of ours since PM2 does not answer goes on being the trial', () => {
    const story = new Story({
      restart: 'always',
      circuit: { failureThreshold: 1, failuresPerHour: 9, cooldownMs: 60_000 },
    });
    story.isUp().exits().deadlineComes().launchFails(PM2_AWAY);
    expectStory(story, { phase: 'down, waiting', circuit: 'HALF_OPEN 1', dueInMs: 2_000 });
    expectStory(story.deadlineComes(), { phase: 'starting', circuit: 'HALF_OPEN 1' });
  });

  it('having been overtaken ends the wait of the stop that overtook it', () => {
    const story = new Story().asksStart().asksStop().launchFails({ kind: 'cancelled' });
    expectStory(story, { phase: 'stopped', answers: ['down: done'], records: ['agent.terminated'] });
  });
});

describe('a launch without an answer', () => {
  const unknown = () => new Story().asksStart().launchIsUnknown();

  it('leads to a look, never to another launch', () => {
    expectStory(unknown(), { phase: 'starting, unknown', acts: ['scan'], dueInMs: 1_000 });
    expectStory(unknown().deadlineComes(), { phase: 'starting, unknown', acts: ['scan'], dueInMs: 1_000 });
  });

  it('is adopted, and answered, when a list shows its process', () => {
    const story = unknown();
    const run = story.runFor(story.runId);
    expectStory(story.sees({ listed: [online(run)] }), {
      phase: 'verifying',
      records: ['agent.adopted'],
      answers: ['up: done'],
    });
    expect(story.run.process).toEqual(run.process);
  });

  it('that was a restart counts as one when a list shows its process', () => {
    const story = new Story().isUp().exits().launchIsUnknown();
    story.sees({ listed: [online(story.runFor(story.runId))] });
    expectStory(story, { phase: 'verifying', records: ['agent.adopted', 'agent.restarted'] });
    expect(story.situation.state).toMatchObject({ restarts: 1, incident: { attempt: 1 } });
  });

  it('is made again once two lists show that it did not happen; should it appear after all, it is ended', () => {
    const story = unknown();
    const late = story.runFor(story.runId);
    expectStory(story.waits(1_000).sees(), { phase: 'starting, unknown', acts: [] });
    expectStory(story.waits(1_000).sees(), {
      phase: 'starting',
      acts: ['launch'],
      answers: ['up: process-manager-unavailable'],
    });
    expect(story.runId).not.toBe(late.runId);
    story.launchSucceeds();
    expectStory(story.sees({ listed: [online(story.run), online(late, { pmId: 1 })] }), {
      phase: 'verifying',
      acts: [`end given-up ${late.process.pid}`],
    });
  });

  it('is made again when lists show its entry without a process: somebody else may have ended it, nobody deleted it', () => {
    const story = unknown();
    const entry = ended(story.runFor(story.runId), { state: 'online' });
    story
      .waits(1_000)
      .sees({ listed: [entry] })
      .waits(1_000)
      .sees({ listed: [entry] });
    expectStory(story, { phase: 'starting', desired: 'running', acts: ['launch'] });
  });

  it('was deleted in a shell when its entry was listed before', () => {
    const story = unknown();
    const run = story.runFor(story.runId);
    const before = ended({ ...run, runId: 'the-run-before' });
    expectStory(story.waits(1_000).sees({ listed: [before] }), { phase: 'starting, unknown' });
    expectStory(story.waits(1_000).sees(), {
      phase: 'stopped',
      desired: 'stopped',
      answers: ['up: operation-in-progress', 'down: done'],
    });
  });

  it('was deleted in a shell when an entry was listed just before it, and none is any more', () => {
    const story = new Story().asksStart().launchIsUnknown(DAEMON).waits(1_000).sees();
    expectStory(story, { phase: 'stopped', desired: 'stopped' });
    const nobodyKnows = new Story().asksStart().launchIsUnknown().waits(1_000).sees();
    expectStory(nobodyKnows, { phase: 'starting, unknown', desired: 'running' });
  });

  it('is not decided by lists that began before it', () => {
    const story = unknown();
    const asked = story.now;
    for (const beganAt of [asked - 1_500, asked]) {
      story.waits(1_000).send({ type: 'observed', observation: story.observation({ beganAt }) });
      expectStory(story, { phase: 'starting, unknown', acts: [] });
    }
  });
});

describe('what does not concern the present run', () => {
  const old = { runId: 'of an old generation' };
  const phases: readonly (readonly [string, () => Story])[] = [
    ['stopped', () => new Story()],
    ['starting', () => new Story().asksStart()],
    ['verifying', () => new Story().isUp()],
    ['running', () => new Story().isUp().deadlineComes()],
    ['stopping', () => new Story().isUp().asksStop()],
    ['stopping what is awaited', () => new Story().asksStart().asksStop()],
    ['in back-off', () => new Story().isUp().exits().launchFails(NO_PID)],
    ['halted', () => new Story({ restart: 'never' }).isUp().exits()],
  ];

  it.each(phases)('changes nothing while it is %s', (_, play) => {
    const story = play();
    const before = story.situation;
    story.send({ type: 'launch-failed', ...old, fault: REFUSED });
    story.send({ type: 'launch-unknown', ...old, listedUnder: null });
    story.send({ type: 'launch-blocked', ...old, observation: story.observation({}) });
    story.send({ type: 'kill-ended', ...old, scope: 'agent', gone: true, pids: [] });
    story.send({ type: 'exited', ...old, upSince: story.now, exit: CRASH, ordered: false });
    story.send({ type: 'exited', runId: null, upSince: story.now, exit: CLEAN_EXIT, ordered: true });
    expect(story.situation).toBe(before);
    expectStory(story, { acts: [], records: [], answers: [] });
  });

  it.each(phases)('is ended when it comes true while it is %s', (_, play) => {
    const story = play();
    const before = story.situation;
    const late = makeRun({ runId: 'of an old generation', process: { pid: 7, startTime: 7 } });
    story.send({ type: 'launch-succeeded', run: late });
    expect(story.situation).toBe(before);
    expectStory(story, { acts: ['end given-up 7'], records: [], answers: [] });
  });

  it('or is overtaken by the end of that very run changes nothing', () => {
    const story = new Story().isUp().asksStop();
    const { runId } = story;
    const before = story.situation;
    story.send({ type: 'launch-unknown', runId, listedUnder: null });
    expectStory(story, { acts: [] });
    story.send({ type: 'launch-blocked', runId, observation: story.observation({}) });
    expectStory(story, { acts: [] });
    expect(story.situation).toBe(before);
  });

  it('an exit of an earlier incarnation of the same run is late news', () => {
    const story = new Story().isUp();
    const { runId, upSince } = story.run;
    const before = story.situation;
    story.send({ type: 'exited', runId, upSince: upSince - 1, exit: KILLED, ordered: false });
    expect(story.situation).toBe(before);
    expectStory(story, { acts: [] });
  });

  it('an exit of a newer incarnation than the one we know is looked into', () => {
    const story = new Story().isUp();
    const { runId, upSince } = story.run;
    story.send({ type: 'exited', runId, upSince: upSince + 1, exit: KILLED, ordered: false });
    expectStory(story, { phase: 'verifying', circuit: 'CLOSED 0', acts: ['list'] });
  });

  it('a process that had to be ended is recorded; a descendant is no news', () => {
    const story = new Story().send({ type: 'reaped', pid: 7, runId: 'old', why: 'orphan' });
    expectStory(story, { phase: 'stopped', records: ['agent.orphan-reaped'] });
    expectStory(story.send({ type: 'reaped', pid: 8, runId: 'old', why: 'descendant' }), { records: [] });
  });
});

describe('only proof of death ends stopping', () => {
  it('an exit alone does not, while its process is known', () => {
    const story = new Story().isUp().asksStop().exits(KILLED);
    expectStory(story, { phase: 'stopping, then stopped', records: ['agent.exited'] });
    expectStory(story.killEnds(), { phase: 'stopped', records: ['agent.terminated'] });
  });

  it('the exit is in the history once, whether it is told before the proof, after it, or never', () => {
    const story = new Story().isUp().asksStop();
    expectStory(story.killEnds(), { phase: 'stopped', records: ['agent.exited', 'agent.terminated'] });
    expectStory(story.exits(KILLED), { phase: 'stopped', records: [] });
  });

  it('an exit does, where the answer of its launch is still awaited', () => {
    const story = new Story().asksStart().asksStop().exits(KILLED);
    expectStory(story, { phase: 'stopped', desired: 'stopped', answers: ['down: done'] });
  });
});
