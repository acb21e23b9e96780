import { makeRun, CRASH, ended, NO_PID, online } from '../../../../test/support/machine-builders';
import { expectStory, Story } from '../../../../test/support/machine-story';

describe('a stop during a launch with unknown outcome', () => {
  const stopped = () => new Story().asksStart().launchIsUnknown().asksStop();

  it('sets the desired state at once, refuses the spawn, and takes a snapshot', () => {
    expectStory(stopped(), {
      phase: 'stopping, then stopped',
      desired: 'stopped',
      acts: ['scan'],
      answers: ['up: operation-in-progress'],
    });
  });

  it('waits for two snapshots, one second apart, without the process', () => {
    const story = stopped().sees();
    expectStory(story, { phase: 'stopping, then stopped', dueInMs: 1_000 });
    expectStory(story.deadlineComes(), { acts: ['scan'] });
    expectStory(story.sees(), { phase: 'stopping, then stopped', answers: [], acts: ['kill agent ?'] });
    expectStory(story.killEnds(), { phase: 'stopped', answers: ['down: done'], acts: [] });
  });

  it('kills a process that comes up late and does not adopt it', () => {
    const story = stopped().launchSucceeds();
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 1001'] });
    expectStory(story.killEnds(), { phase: 'stopped', desired: 'stopped', answers: ['down: done'] });
    expect(story.machineState.state.lastRun).toEqual(story.runFor(story.runId));
  });

  it('kills a process that a snapshot shows and does not adopt it', () => {
    const story = stopped();
    const late = story.runFor(story.runId);
    expectStory(story.sees({ listed: [online(late)] }), { desired: 'stopped', acts: ['kill agent 1001'] });
  });

  it('kills a process that appears after the stop was proven and does not adopt it', () => {
    const story = stopped();
    const late = story.runFor(story.runId);
    story.sees().deadlineComes().sees().killEnds();
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

  it('waits for the answer while the launch is pending', () => {
    const story = new Story().asksStart().asksStop();
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: [], dueInMs: null });
    expectStory(story.launchSucceeds(), { acts: ['kill agent 1001'] });
    const failed = new Story().asksStart().asksStop().launchFails(NO_PID);
    expectStory(failed.killEnds(), { phase: 'stopped', desired: 'stopped', answers: ['down: done'] });
  });

  it('counts a repeated snapshot once', () => {
    const story = stopped().waits(1);
    const observation = story.observation({});
    story.send({ type: 'observed', observation }).send({ type: 'observed', observation });
    expectStory(story, { phase: 'stopping, then stopped' });
  });
});

describe('a stop that meets a restart', () => {
  it('supersedes the restart and names the stop to the caller of the restart', () => {
    const story = new Story().isUp().asksRestart().asksStop();
    expectStory(story, {
      phase: 'stopping, then stopped',
      desired: 'stopped',
      answers: ['up: operation-in-progress'],
    });
    const details = story.effects.flatMap((effect) =>
      effect.type === 'answer' && effect.answer.kind === 'refused' ? [effect.answer.detail] : [],
    );
    expect(details).toEqual([expect.stringContaining('A stop by an operator')]);
    expectStory(story.killEnds(), { phase: 'stopped', desired: 'stopped', acts: [], answers: ['down: done'] });
  });

  it('kills every process of the agent, although the restart kills only its run', () => {
    const story = new Story().isUp().asksRestart();
    expectStory(story, { acts: ['kill run 1001'] });
    expectStory(story.asksStop(), { acts: ['kill agent 1001'] });
  });
});

describe('a stop while PM2 hangs', () => {
  it('identifies the process by pid and start time, so that its tree can be signalled directly', () => {
    const story = new Story().isUp();
    const { process, runId } = story.run;
    expect(story.asksStop().effects).toContainEqual({ type: 'kill', runId, process, scope: 'agent', isRest: false });
  });

  it('refuses the caller if the process survives, retries, and starts nothing meanwhile', () => {
    const story = new Story().isUp().asksStop().killEnds(false);
    expectStory(story, { phase: 'stopping, then stopped', answers: ['down: operation-in-progress'], dueInMs: 5_000 });
    expectStory(story.deadlineComes(), { acts: ['kill agent 1001'] });
    expectStory(story.exits(CRASH), { phase: 'stopping, then stopped', acts: [] });
    expectStory(story.sees({ listed: [ended(story.run)] }), { phase: 'stopping, then stopped', acts: [] });
    expectStory(story.killEnds(), { phase: 'stopped', answers: ['down: done'] });
  });

  it('kills every process with the marker of a stopped agent, because snapshots may miss one', () => {
    const story = new Story().isUp().asksStop().killEnds().asksStop(false);
    const { runId } = story.run;
    expect(story.effects).toContainEqual({ type: 'kill', runId, process: null, scope: 'agent', isRest: true });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', answers: ['up: operation-in-progress'] });
    expectStory(story.send({ type: 'kill-ended', runId, scope: 'agent', gone: true, pids: [] }), {
      phase: 'stopped',
      answers: ['down: done'],
    });
  });

  it('kills a process that was started in a shell before the stop, whenever a snapshot shows it', () => {
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
