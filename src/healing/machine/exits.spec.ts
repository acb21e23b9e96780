import { CLEAN_EXIT, CRASH, KILLED, makeRun, NO_PID, REFUSED } from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';

describe('an exit before the answer of the launch', () => {
  it('is one failure, which healing handles after the caller is answered', () => {
    const story = new Story().asksStart().exits(CRASH);
    expectStory(story, { phase: 'starting', circuit: 'CLOSED 0', acts: [], answers: [] });
    expectStory(story.launchSucceeds(), {
      phase: 'starting',
      circuit: 'CLOSED 1',
      acts: ['list', 'sweep id-1', 'launch'],
      answers: ['up: done'],
    });
  });

  it('is one failure however often it is reported', () => {
    const story = new Story().asksStart().exits(CRASH).exits(CRASH).launchSucceeds();
    expectStory(story, { circuit: 'CLOSED 1' });
  });

  it('is one failure if the launch is never answered, because the process ran', () => {
    const story = new Story().asksStart().launchIsUnknown().exits(CRASH);
    expectStory(story, {
      phase: 'starting',
      circuit: 'CLOSED 1',
      acts: ['sweep id-1', 'launch'],
      answers: ['up: done'],
    });
    expect(story.records).toContain('agent.exited');
  });

  it('is a failed restart if healing made the launch and it is never answered', () => {
    const story = new Story().isUp().exits().launchIsUnknown().exits(CRASH);
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 2', attempt: 1, dueInMs: 1_000 });
  });

  it('is one failure if the answer is found missing later', () => {
    const story = new Story().asksStart().exits(CRASH).launchIsUnknown();
    story.waits(1_000).sees().waits(1_000).sees();
    expectStory(story, { circuit: 'CLOSED 1', desired: 'running' });
  });

  it('is not assumed for a launch by an operator without a pid, which is refused and not counted', () => {
    const story = new Story().asksStart().launchFails(NO_PID);
    expectStory(story, { phase: 'stopped', circuit: 'CLOSED 0', answers: ['up: launch-failed'] });
    expect(story.effects).toContainEqual({
      type: 'answer',
      waiters: 'up',
      answer: { kind: 'refused', code: 'launch-failed', detail: expect.stringContaining(NO_PID.evidence) as unknown },
    });
  });
});

describe('an event of another run', () => {
  const old = { runId: 'of an old generation' };
  const phases: readonly (readonly [string, () => Story])[] = [
    ['stopped', () => new Story()],
    ['starting', () => new Story().asksStart()],
    ['verifying', () => new Story().isUp()],
    ['running', () => new Story().isUp().deadlineComes()],
    ['stopping', () => new Story().isUp().asksStop()],
    ['stopping after a pending launch', () => new Story().asksStart().asksStop()],
    ['in back-off', () => new Story().isUp().exits().launchFails(NO_PID)],
    ['halted', () => new Story({ restart: 'never' }).isUp().exits()],
  ];

  it.each(phases)('changes nothing while the agent is %s', (_, play) => {
    const story = play();
    const before = story.machineState;
    story.send({ type: 'launch-failed', ...old, fault: REFUSED });
    story.send({ type: 'launch-unknown', ...old, listedUnder: null, facts: null });
    story.send({ type: 'launch-blocked', ...old, observation: story.observation({}) });
    story.send({ type: 'kill-ended', ...old, scope: 'agent', gone: true, pids: [] });
    story.send({ type: 'exited', ...old, upSince: story.now, exit: CRASH, ordered: false });
    story.send({ type: 'exited', runId: null, upSince: story.now, exit: CLEAN_EXIT, ordered: true });
    expect(story.machineState).toBe(before);
    expectStory(story, { acts: [], records: [], answers: [] });
  });

  it.each(phases)('kills the process of a late launch while the agent is %s', (_, play) => {
    const story = play();
    const before = story.machineState;
    const late = makeRun({ runId: 'of an old generation', process: { pid: 7, startTime: 7 } });
    story.send({ type: 'launch-succeeded', run: late });
    expect(story.machineState).toBe(before);
    expectStory(story, { acts: ['end given-up 7'], records: [], answers: [] });
  });

  it('changes nothing if a kill of the run superseded it', () => {
    const story = new Story().isUp().asksStop();
    const { runId } = story;
    const before = story.machineState;
    story.send({ type: 'launch-unknown', runId, listedUnder: null, facts: null });
    expectStory(story, { acts: [] });
    story.send({ type: 'launch-blocked', runId, observation: story.observation({}) });
    expectStory(story, { acts: [] });
    expect(story.machineState).toBe(before);
  });

  it('is ignored if it is the exit of an earlier incarnation', () => {
    const story = new Story().isUp();
    const { runId, upSince } = story.run;
    const before = story.machineState;
    story.send({ type: 'exited', runId, upSince: upSince - 1, exit: KILLED, ordered: false });
    expect(story.machineState).toBe(before);
    expectStory(story, { acts: [] });
  });

  it('leads to a snapshot if it is the exit of a newer incarnation', () => {
    const story = new Story().isUp();
    const { runId, upSince } = story.run;
    story.send({ type: 'exited', runId, upSince: upSince + 1, exit: KILLED, ordered: false });
    expectStory(story, { phase: 'verifying', circuit: 'CLOSED 0', acts: ['list'] });
  });

  it('is recorded if an orphan was killed, but not for a descendant', () => {
    const story = new Story().send({ type: 'reaped', pid: 7, runId: 'old', why: 'orphan' });
    expectStory(story, { phase: 'stopped', records: ['agent.orphan-reaped'] });
    expectStory(story.send({ type: 'reaped', pid: 8, runId: 'old', why: 'descendant' }), { records: [] });
  });
});

describe('a stop', () => {
  it('is not over by an exit alone if the process is known', () => {
    const story = new Story().isUp().asksStop().exits(KILLED);
    expectStory(story, { phase: 'stopping, then stopped', records: ['agent.exited'] });
    expectStory(story.killEnds(), { phase: 'stopped', records: ['agent.terminated'] });
  });

  it('records the exit once, whether it is reported before the proof of death, after it, or never', () => {
    const story = new Story().isUp().asksStop();
    expectStory(story.killEnds(), { phase: 'stopped', records: ['agent.exited', 'agent.terminated'] });
    expectStory(story.exits(KILLED), { phase: 'stopped', records: [] });
  });

  it('is over by an exit if the launch is still pending', () => {
    const story = new Story().asksStart().asksStop().exits(KILLED);
    expectStory(story.killEnds(), { phase: 'stopped', desired: 'stopped', answers: ['down: done'] });
  });
});
