import {
  again,
  CLEAN_EXIT,
  DAEMON,
  ended,
  LAUNCH,
  LOG_END,
  makeRun,
  NO_MEMORY,
  NO_PID,
  online,
  PM2_AWAY,
} from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';

describe('a launch that succeeds', () => {
  it('is recorded, answered, and followed by a snapshot', () => {
    expectStory(new Story().isUp(), {
      phase: 'verifying',
      desired: 'running',
      acts: ['list'],
      records: ['agent.spawned'],
      answers: ['up: done'],
    });
  });

  it('is a restart if it replaces an earlier process', () => {
    const story = new Story().isUp().exits().launchSucceeds();
    expectStory(story, { records: ['agent.spawned', 'agent.restarted'] });
    expect(story.machineState.state.restarts).toBe(1);
    expect(story.effects).toContainEqual(
      expect.objectContaining({ type: 'record-restart', pidBefore: 1001, pidAfter: 1002, success: true }),
    );
  });

  it('is killed, never adopted, if it was given up', () => {
    const story = new Story().isUp().send({ type: 'launch-succeeded', run: makeRun({ runId: 'old' }) });
    expectStory(story, { phase: 'verifying', acts: ['end given-up 1001'] });
    expect(story.runId).toBe('id-1');
  });

  it('changes nothing if it is reported twice', () => {
    const story = new Story().isUp();
    expectStory(story.launchSucceeds(), { phase: 'verifying', acts: [] });
  });
});

describe('a launch that fails', () => {
  it('is a failed restart and backs off if healing made it', () => {
    const story = new Story().isUp().exits().launchFails(NO_PID);
    expectStory(story, { phase: 'down, backing-off', dueInMs: 1_000, attempt: 1, answers: ['up: launch-failed'] });
    expect(story.effects).toContainEqual(
      expect.objectContaining({ type: 'record-restart', pidBefore: 1001, pidAfter: null, success: false }),
    );
  });

  it.each([
    ['PM2 does not answer', PM2_AWAY],
    ['the machine lacks a resource', NO_MEMORY],
  ])('because %s is retried with the same origin', (_, fault) => {
    const story = new Story().isUp().exits().launchFails(fault);
    expectStory(story, { phase: 'down, waiting', dueInMs: 2_000, circuit: 'CLOSED 1' });
    expectStory(story.deadlineComes(), { phase: 'starting', acts: ['launch'] });
    expect(story.launch.launch).toMatchObject({ by: 'healing', attempt: 1, pidBefore: 1001 });
  });

  it('stays the trial if PM2 does not answer', () => {
    const story = new Story({
      restart: 'always',
      circuit: { failureThreshold: 1, failuresPerHour: 9, cooldownMs: 60_000 },
    });
    story.isUp().exits().deadlineComes().launchFails(PM2_AWAY);
    expectStory(story, { phase: 'down, waiting', circuit: 'HALF_OPEN 1', dueInMs: 2_000 });
    expectStory(story.deadlineComes(), { phase: 'starting', circuit: 'HALF_OPEN 1' });
  });

  it('ends the wait of the stop that superseded it', () => {
    const story = new Story().asksStart().asksStop().launchFails({ kind: 'cancelled' });
    expectStory(story.killEnds(), { phase: 'stopped', answers: ['down: done'], records: ['agent.terminated'] });
  });
});

describe('a restart by healing that PM2 or the machine cannot take', () => {
  it.each([
    ['PM2 is away', PM2_AWAY],
    ['memory is short', NO_MEMORY],
  ])('is one attempt in the history, however often it is retried: %s', (_, fault) => {
    const story = new Story().isUp().exits();
    expect(story.records).toContain('recovery.attempted');
    for (let tries = 0; tries < 3; tries += 1) {
      expectStory(story.launchFails(fault), { phase: 'down, waiting', records: [] });
      expectStory(story.deadlineComes(), { phase: 'starting', acts: ['launch'], records: [] });
    }
    story.launchSucceeds();
    expectStory(story, { records: ['agent.spawned', 'agent.restarted'], attempt: 1 });
    // A further failure makes a new attempt.
    story.exits();
    expect(story.records).toContain('recovery.scheduled');
    expect(story.deadlineComes().records).toContain('recovery.attempted');
  });
});

describe('an unanswered launch', () => {
  const unknown = () => new Story().asksStart().launchIsUnknown();

  it('leads to a snapshot, never to another launch', () => {
    expectStory(unknown(), { phase: 'starting, unknown', acts: ['scan'], dueInMs: 1_000 });
    expectStory(unknown().deadlineComes(), { phase: 'starting, unknown', acts: ['scan'], dueInMs: 1_000 });
  });

  it('is adopted and answered when a snapshot shows its process', () => {
    const story = unknown();
    const run = story.runFor(story.runId);
    expectStory(story.sees({ listed: [online(run)] }), {
      phase: 'verifying',
      records: ['agent.adopted'],
      answers: ['up: done'],
    });
    expect(story.run.process).toEqual(run.process);
  });

  it.each([
    ['at once', (story: Story) => story],
    ['after a restart of the supervisor', (story: Story) => story.supervisorRestarts()],
  ])('is adopted %s with the facts of its launch, which a later PATCH is compared with', (_, then) => {
    const story = then(new Story().asksStart().launchIsUnknown(null, LAUNCH)).logsEndAt(LOG_END);
    expectStory(story.sees({ listed: [online(story.runFor(story.runId))] }), { phase: 'verifying' });
    expect(story.run).toMatchObject(LAUNCH);
    expect(story.machineState.state.unanswered).toBeNull();
  });

  it('that is stopped, and started again in a shell, keeps the facts of its launch, and its logs begin there', () => {
    const story = new Story().asksStart().launchIsUnknown(null, LAUNCH).asksStop();
    const run = story.runFor(story.runId);
    story.sees({ listed: [online(run)] }).killEnds();
    story.logsEndAt(LOG_END).sees({ listed: [again(run)] });
    expectStory(story, { phase: 'verifying', desired: 'running' });
    expect(story.run).toMatchObject({ ...LAUNCH, log: LOG_END });
  });

  it('whose process was restarted in a shell before it was seen keeps the facts of its launch, and its logs begin there', () => {
    const story = new Story().asksStart().launchIsUnknown(null, LAUNCH);
    const run = story.runFor(story.runId);
    expectStory(story.exits(CLEAN_EXIT, true), { phase: 'down, operator-acting' });
    story.logsEndAt(LOG_END).sees({ listed: [again(run)] });
    expect(story.run).toMatchObject({ ...LAUNCH, log: LOG_END });
  });

  it('does not lend the facts of its launch to another process', () => {
    const story = new Story().asksStart().launchIsUnknown(null, LAUNCH);
    story.logsEndAt(LOG_END).sees({ listed: [online(story.runFor('another'))] });
    expect(story.run).toMatchObject({ log: LOG_END, program: null, fingerprint: null });
  });

  it('is counted as a restart when a snapshot shows its process', () => {
    const story = new Story().isUp().exits().launchIsUnknown();
    story.sees({ listed: [online(story.runFor(story.runId))] });
    expectStory(story, { phase: 'verifying', records: ['agent.adopted', 'agent.restarted'] });
    expect(story.machineState.state).toMatchObject({ restarts: 1, incident: { attempt: 1 } });
  });

  it('is repeated after two snapshots without its process, which is killed if it appears later', () => {
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
    expectStory(story.sees({ listed: [online(story.run), online(late, { entryId: 1 })] }), {
      phase: 'verifying',
      acts: [`end given-up ${late.process.pid}`],
    });
  });

  it('is repeated when snapshots show its entry without a process, because the entry was not deleted', () => {
    const story = unknown();
    const entry = ended(story.runFor(story.runId), { state: 'online' });
    story
      .waits(1_000)
      .sees({ listed: [entry] })
      .waits(1_000)
      .sees({ listed: [entry] });
    expectStory(story, { phase: 'starting', desired: 'running', acts: ['launch'] });
  });

  it('was deleted in a shell if an earlier snapshot listed its entry', () => {
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

  it('was deleted in a shell if an entry was listed just before the launch', () => {
    const story = new Story().asksStart().launchIsUnknown(DAEMON).waits(1_000).sees();
    expectStory(story, { phase: 'stopped', desired: 'stopped' });
    const unknownBefore = new Story().asksStart().launchIsUnknown().waits(1_000).sees();
    expectStory(unknownBefore, { phase: 'starting, unknown', desired: 'running' });
  });

  it('is not decided by snapshots that began before it', () => {
    const story = unknown();
    const asked = story.now;
    for (const beganAt of [asked - 1_500, asked]) {
      story.waits(1_000).send({ type: 'observed', observation: story.observation({ beganAt }) });
      expectStory(story, { phase: 'starting, unknown', acts: [] });
    }
  });
});
