import { diagnosisOf } from '../../kernel';
import {
  again,
  CLEAN_EXIT,
  CRASH,
  KILLED,
  NO_PID,
  TRIPS_AT_ONCE,
  YOUNGER_DAEMON,
} from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';

const backingOff = () => new Story().isUp().exits().launchSucceeds().waits(1).exits();
const finished = () => new Story({ restart: 'on-failure' }).isUp().exits(CLEAN_EXIT);

describe('a stop of an agent whose leader is dead', () => {
  it.each<readonly [string, () => Story]>([
    ['in back-off', backingOff],
    ['halted', () => new Story(TRIPS_AT_ONCE).isUp().exits()],
    [
      'waiting for the machine',
      () => new Story().isUp().exits().launchFails({ kind: 'unavailable', evidence: 'away' }),
    ],
    ['finished, and being swept', finished],
    ['stopped in a shell', () => new Story().isUp().exits(KILLED, true).waits(2_000).sees()],
  ])('%s is answered only once no process of the agent lives', (_what, play) => {
    const story = play().waits(1).asksStop();
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent ?'] });
    expect(story.answers).not.toContain('down: done');
    expectStory(story.killEnds(), { phase: 'stopped', acts: [], answers: ['down: done'] });
    expectStory(story.asksStop(), { phase: 'stopped', acts: [], records: [] });
    expect(story.answers).toContain('down: done');
  });

  it('names the processes that survive, and retries', () => {
    const story = backingOff().asksStop();
    const { runId } = story;
    story.send({ type: 'kill-ended', runId, scope: 'agent', gone: false, pids: [41, 42] });
    expectStory(story, { phase: 'stopping, then stopped', answers: ['down: operation-in-progress'], dueInMs: 5_000 });
    const [answer] = story.effects;
    expect(answer).toMatchObject({ answer: { detail: expect.stringContaining('41, 42') as string } });
    expectStory(story.deadlineComes(), { acts: ['kill agent ?'] });
    expectStory(story.killEnds(), { phase: 'stopped', answers: ['down: done'] });
  });

  it('says that the survivors are unknown if they are', () => {
    const story = backingOff().asksStop();
    story.send({ type: 'kill-ended', runId: story.runId, scope: 'agent', gone: false, pids: [] });
    const [answer] = story.effects;
    expect(answer).toMatchObject({ answer: { detail: expect.stringContaining('unknown') as string } });
  });

  it.each<readonly [string, (story: Story) => Story]>([
    ['was superseded before PM2 was called', (story) => story.launchFails({ kind: 'cancelled' })],
    ['created no process', (story) => story.launchFails(NO_PID)],
    ['was followed by an exit before its answer', (story) => story.exits()],
  ])('and whose launch %s is answered only once no process of it lives', (_what, play) => {
    const story = play(new Story().isUp().exits().asksStop());
    expectStory(story, { phase: 'stopping, then stopped', acts: ['kill agent ?'], answers: [] });
    expectStory(story.killEnds(), { phase: 'stopped', answers: ['down: done'] });
  });

  it('and whose daemon was killed waits too, because pm2 update may bring it back', () => {
    const story = new Story().isUp().daemonIsEnded().waits(1_000).asksStop();
    expectStory(story, { phase: 'stopping, then stopped', acts: ['kill agent ?'] });
    expect(story.answers).not.toContain('down: done');
    expectStory(story.killEnds(), { phase: 'down, daemon-ended', answers: ['down: done'], dueInMs: 29_000 });
    story.sees({ daemon: YOUNGER_DAEMON, listed: [again(story.run)] });
    expectStory(story, { phase: 'stopping, then stopped', acts: ['kill agent 6001'] });
    expectStory(story.killEnds(), { phase: 'stopped' });
  });

  it('and whose daemon was killed delays a start until the kill is over', () => {
    const story = new Story().isUp().daemonIsEnded().asksStop().asksStart();
    expectStory(story, { phase: 'stopping, then start', acts: [] });
    story.send({ type: 'kill-ended', runId: story.runId, scope: 'agent', gone: true, pids: [] });
    expectStory(story, { phase: 'starting', acts: ['launch'] });
  });

  it('kills nothing if the operator stops it in a shell', () => {
    const story = backingOff();
    story.operatorStops(story.run.upSince);
    expectStory(story, { phase: 'stopped', acts: [] });
  });
});

describe('a kill in progress', () => {
  it('is repeated every five seconds', () => {
    const story = new Story().isUp().asksStop().supervisorRestarts();
    expectStory(story.deadlineComes(), { acts: ['kill agent 1001'], dueInMs: 5_000 });
  });
});

describe('the next launch', () => {
  const afterSweeps = (story: Story) => story.launch.launch.afterSweeps;
  const up = () => new Story().isUp();

  it.each<readonly [string, boolean, () => Story]>([
    ['after exit 0, as of a program that went into the background', true, () => up().exits(CLEAN_EXIT)],
    ['after an unseen exit', true, () => up().exits({ exitCode: null, signal: null })],
    ['after a port in use', true, () => up().finds(diagnosisOf('port-in-use', 'EADDRINUSE')).exits()],
    ['after a crash', false, () => up().exits(CRASH)],
    ['after an exit by a signal', false, () => up().exits(KILLED)],
    ['by an operator', true, () => backingOff().asksStart()],
    ['by an operator, as a restart', true, () => backingOff().asksRestart()],
  ])('%s waits for sweeps: %s', (_what, waits, play) => {
    expect(afterSweeps(play())).toBe(waits);
  });

  it('advises an agent that exited with 0 to stay in the foreground', () => {
    expect(up().exits(CLEAN_EXIT).machineState.state.diagnosis?.diagnosis.advice).toContain('foreground');
  });
});
