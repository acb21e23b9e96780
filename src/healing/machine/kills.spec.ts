import { DAEMON, KILLED, NO_PID, TRIPS_AT_ONCE } from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';

const up = () => new Story().isUp();
const killEnded = (story: Story, scope: 'run' | 'agent', gone = true) =>
  story.send({ type: 'kill-ended', runId: story.runId, scope, gone, pids: [] });

describe('a kill that failed', () => {
  it.each<readonly [string, () => Story, string]>([
    ['for a stop', () => up().asksStop(), 'stopping, then stopped'],
    ['for a restart', () => up().asksRestart(), 'stopping, then start'],
    ['for a halt', () => up().tripsByHand(), 'stopping, then halted'],
  ])('is repeated after five seconds, and the next step stays: %s', (_, play, phase) => {
    const story = play().killEnds(false);
    expectStory(story, { phase, dueInMs: 5_000, answers: ['down: operation-in-progress'] });
    expect(story.deadlineComes().acts).toEqual([expect.stringMatching(/^kill (run|agent) 1001$/)]);
    expectStory(story, { phase, dueInMs: 5_000 });
  });

  it('of leftovers is repeated without a process', () => {
    const story = killEnded(new Story(TRIPS_AT_ONCE).isUp().exits().asksStop(), 'agent', false);
    expectStory(story.deadlineComes(), { phase: 'stopping, then stopped', acts: ['kill agent ?'] });
  });
});

describe('the end of a kill', () => {
  it.each<readonly [string, () => Story, 'run' | 'agent']>([
    ['of the run, after a stop superseded a restart', () => up().asksRestart().asksStop(), 'run'],
    [
      'of the run, after an unregistration superseded a restart',
      () => up().asksRestart().send({ type: 'unregister-asked' }),
      'run',
    ],
    ['while a pending launch is awaited', () => new Story().asksStart().asksStop(), 'agent'],
    ['of an agent that is up', up, 'agent'],
    ['of a stopped agent', () => up().asksStop().killEnds(), 'agent'],
  ])('is no proof of death: %s', (_, play, scope) => {
    const story = play();
    const before = story.machineState;
    expect([killEnded(story, scope).machineState === before, story.effects]).toEqual([true, []]);
  });

  it('of the whole agent proves the death of a restarted run', () => {
    expectStory(killEnded(up().asksRestart(), 'agent'), { phase: 'starting', acts: ['launch'] });
  });
});

describe('a stop', () => {
  it('kills the leftovers of the last run, and proves that none is left', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits().asksStop();
    expect(story.effects).toContainEqual({ type: 'kill', runId: 'id-1', process: null, scope: 'agent', isRest: true });
    expectStory(story.killEnds(), { phase: 'stopped', answers: ['down: done'] });
    expect(story.machineState.state.phase).toMatchObject({ isProven: true });
    expectStory(story.asksStop(), { acts: [], answers: ['up: operation-in-progress', 'down: done'] });
  });

  it('is repeated with a kill if no snapshot was taken since', () => {
    expectStory(up().asksStop().killEnds().asksStop(false), {
      phase: 'stopping, then stopped',
      acts: ['kill agent ?'],
    });
  });

  it('of a restart kills the whole agent, and a repeated one does not kill again', () => {
    const story = up().asksRestart().asksStop();
    expectStory(story, { acts: ['kill agent 1001'] });
    expectStory(story.asksStop(), { phase: 'stopping, then stopped', acts: [] });
    expectStory(up().tripsByHand().asksStop(), { phase: 'stopping, then stopped', acts: [] });
  });

  it('of a pending launch, or of a restart of one, has nothing to kill yet', () => {
    expectStory(new Story().asksStart().asksStop().asksStart().asksStop(), {
      phase: 'stopping, then stopped',
      acts: [],
    });
  });

  it('by pm2 stop is recorded once, and is over if no process lives', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits();
    const { upSince } = story.run;
    expectStory(story.operatorStops(upSince), {
      phase: 'stopped',
      desired: 'stopped',
      acts: [],
      records: ['operator.stopped', 'agent.terminated'],
      answers: ['up: operation-in-progress', 'down: done'],
    });
    expectStory(story.operatorStops(upSince), { records: [], answers: [], acts: [] });
  });

  it('after pm2 kill keeps looking for what pm2 update may bring back', () => {
    const story = up().daemonIsEnded().waits(10_000).asksStop();
    expectStory(story.killEnds(), { phase: 'down, daemon-ended', desired: 'stopped', dueInMs: 20_000 });
    expectStory(story.deadlineComes(), { phase: 'stopped', records: [] });
    const late = up().daemonIsEnded().waits(10_000).asksStop().waits(20_000);
    expectStory(late.killEnds(), { phase: 'stopped' });
  });

  it('of an unanswered launch that did not happen removes an agent that is being unregistered', () => {
    const story = new Story().asksStart().send({ type: 'unregister-asked' }).launchFails(NO_PID);
    expectStory(story, { phase: 'stopping, then unregistered', acts: ['kill agent ?'] });
    expectStory(story.killEnds(), { acts: ['unregister'] });
  });
});

describe('pm2 kill', () => {
  it.each<readonly [string, () => Story, string]>([
    ['a verifying agent', up, 'down, daemon-ended'],
    ['a running agent', () => up().deadlineComes(), 'down, daemon-ended'],
    ['an agent that the operator acts on', () => up().exits(KILLED, true), 'down, daemon-ended'],
    ['a launch by healing', () => up().exits(), 'down, daemon-ended'],
    ['a requested launch', () => new Story().asksStart(), 'starting'],
    ['a back-off', () => up().exits().launchFails(NO_PID), 'down, backing-off'],
    ['a halted agent', () => new Story(TRIPS_AT_ONCE).isUp().exits(), 'down, halted'],
    ['a stopped agent', () => new Story(), 'stopped'],
    ['a stop', () => up().asksStop(), 'stopping, then stopped'],
  ])('ends what its daemon ran, and nothing else: %s', (_, play, phase) => {
    expectStory(play().daemonIsEnded(), { phase, acts: [] });
  });

  it.each([
    { ...DAEMON, startTime: 501 },
    { ...DAEMON, pid: 51 },
  ])('of another daemon is ignored: %j', (daemon) => {
    expectStory(up().daemonIsEnded(daemon), { phase: 'verifying' });
  });
});
