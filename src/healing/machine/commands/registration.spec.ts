import { NO_PID, online, PM2_AWAY, again } from '../../../../test/support/machine-builders';
import { expectStory, Story } from '../../../../test/support/machine-story';

describe('a registration', () => {
  it('leaves an agent without autostart stopped', () => {
    expectStory(new Story().isRegistered(), { phase: 'stopped', desired: 'stopped', acts: [], dueInMs: null });
  });

  it('with autostart decides the launch in the same commit, due at once', () => {
    const story = new Story().isRegistered(true);
    const starts = { phase: 'down, waiting', desired: 'running', status: 'starting', dueInMs: 0 } as const;
    expectStory(story, { ...starts, records: ['agent.registered'], answers: ['decided: done'], acts: [] });
    expectStory(story.deadlineComes(), { phase: 'starting', acts: ['launch'] });
    expect(story.launch.launch).toMatchObject({ by: 'autostart', kind: 'spawn', attempt: null, fallback: null });
    expectStory(story.launchSucceeds(), { phase: 'verifying', desired: 'running', status: 'starting' });
  });

  it.each<readonly [string, (story: Story) => Story]>([
    ['before the launch', (story) => story],
    ['after PM2 did not answer the launch', (story) => story.deadlineComes().launchFails(PM2_AWAY)],
  ])('with autostart is launched by the next supervisor if this one is killed %s', (_, play) => {
    const story = play(new Story().isRegistered(true)).supervisorRestarts(5_000);
    expectStory(story.sees({ boot: true, scanned: true }), { desired: 'running', phase: 'down, waiting' });
    expectStory(story.deadlineComes(), { phase: 'starting', acts: ['launch'] });
  });

  it('with autostart launches once even if a caller starts it too, and never after a stop', () => {
    const started = new Story().isRegistered(true).asksStart();
    expectStory(started, { phase: 'starting', acts: ['launch'] });
    expectStory(started.send({ type: 'timer' }), { phase: 'starting', acts: [] });
    const stopped = new Story().isRegistered(true).asksStop().killEnds();
    expectStory(stopped.deadlineComes(), { phase: 'stopped', desired: 'stopped', acts: [] });
  });

  it('with autostart counts a failed launch as a failure', () => {
    const story = new Story().isRegistered(true).deadlineComes().launchFails(NO_PID);
    expectStory(story, { desired: 'running', circuit: 'CLOSED 1' });
  });

  it('with autostart supersedes an earlier stop in a shell that is reported late', () => {
    const story = new Story().waits(5_000).isRegistered(true);
    expectStory(story.operatorStops(story.now - 4_000, story.now - 1_000), { desired: 'running' });
  });

  it('of an external agent wants it running at once, so that it is watched', () => {
    const external = new Story({ isExternal: true });
    external.send({ type: 'register-asked', name: 'Safari', entryPoint: null, autostart: false });
    expectStory(external, { desired: 'running', acts: [], phase: 'stopped' });
  });

  it('of a known agent changes nothing about it', () => {
    const story = new Story().isUp();
    const before = story.machineState;
    expect(story.isRegistered(true).machineState).toBe(before);
  });
});

describe('an entry with the name of a new agent', () => {
  const registered = (autostart: boolean) => new Story().isRegistered(autostart);
  const fromBefore = (story: Story) => story.runFor('of a deleted agent', { upSince: story.now - 1_000 });

  it('is adopted if the operator created it before the registration', () => {
    const story = registered(false);
    story.sees({ listed: [online(fromBefore(story), { runId: null })] });
    expectStory(story, { phase: 'verifying', desired: 'running', acts: [] });
  });

  it('is killed if the operator created it and then terminates the agent', () => {
    const story = registered(false);
    const app = online(fromBefore(story), { runId: null });
    story.asksStop().killEnds();
    story.sees({ listed: [app] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 1001'] });
  });

  it('is killed if it belongs to a deleted agent of that name', () => {
    const story = registered(false);
    story.sees({ listed: [online(fromBefore(story), { runId: 'of a deleted agent' })] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 1001'] });
    expectStory(story.killEnds(), {
      phase: 'stopped',
      desired: 'stopped',
      records: ['agent.exited', 'agent.terminated'],
    });
  });

  it('is adopted if the agent has autostart', () => {
    const story = registered(true);
    story.sees({ listed: [online(fromBefore(story), { runId: null })] });
    expectStory(story, { phase: 'verifying', desired: 'running', records: ['operator.restarted'], acts: [] });
  });

  it('is adopted if the operator starts it after the registration', () => {
    const story = registered(false).waits(1_000);
    story.sees({ listed: [again(fromBefore(story), { runId: null, upSince: story.now })] });
    expectStory(story, { phase: 'verifying', desired: 'running', records: ['operator.restarted'], acts: [] });
  });
});

describe('a change of the definition', () => {
  const update = { type: 'update-asked', members: ['tags'], changesLaunch: false, capabilities: null } as const;
  const changes = { ...update, changesLaunch: true };

  it('that concerns the launch makes a restart replace a launch in progress', () => {
    const story = new Story().asksStart().send(changes).asksRestart(2_000);
    expect([story.phase, story.acts]).toEqual(['stopping, then start', []]);
    story.launchSucceeds();
    expect(story.acts).toEqual(['kill run 1001']);
    expect(story.killEnds().phase).toBe('down, restart-delay');
    expect(story.deadlineComes().launch.launch).toMatchObject({ by: 'operator', kind: 'restart', reason: 'asked' });
    expect(story.launchFails(PM2_AWAY).desired).toBe('running');
  });

  it('that does not lets a restart join a launch in progress', () => {
    const story = new Story().asksStart().send(update).asksRestart();
    expect([story.phase, story.acts]).toEqual(['starting', []]);
  });

  it('does not touch the process', () => {
    const story = new Story().isUp();
    expect(story.send(changes).machineState.state.phase).toBe(story.before.state.phase);
  });
});
