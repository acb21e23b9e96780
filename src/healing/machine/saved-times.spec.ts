import { HOUR_MS, NO_PID, orphan, TRIPS_AT_ONCE, YOUNGER_DAEMON } from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';
import { adaptToReboot, adaptToRestore, rehydrateState } from './rehydrate';

/** Wall clock minus the clock of the process that saved. */
const OFFSET_MS = -500_000;

const up = () => new Story().isUp();
const backingOff = () => up().exits().launchFails(NO_PID);

/** Returns the saved state as the next process reads it `laterMs` after the save, by its own clock. */
const readLater = (story: Story, laterMs = 400) =>
  rehydrateState(story.machineState.state, story.now + OFFSET_MS + laterMs, HOUR_MS, OFFSET_MS);

describe('a saved time is converted to the clock of the next process', () => {
  it('of commands', () => {
    const story = up().waits(10).asksStop();
    const { startAskedAt, stopAskedAt } = readLater(story);
    expect([startAskedAt, stopAskedAt]).toEqual([story.now - 10 + OFFSET_MS, story.now + OFFSET_MS]);
  });

  it('of the end of a pause', () => {
    const story = up();
    story.send({ type: 'pause-asked', until: story.now + 60_000 });
    expect(readLater(story).pausedUntil).toBe(story.now + 60_000 + OFFSET_MS);
    expect(readLater(up()).pausedUntil).toBeNull();
  });

  it('of the launch of a run, which is older than any snapshot from now on', () => {
    const launchedAt = up().now + OFFSET_MS;
    expect(readLater(up())).toMatchObject({ lastRun: { launchedAt }, phase: { run: { launchedAt } } });
    expect(readLater(up(), 0)).toMatchObject({ phase: { run: { launchedAt: launchedAt - 1 } } });
    expect(readLater(up().asksStop())).toMatchObject({ phase: { run: { launchedAt } } });
  });

  it('of the next launch', () => {
    const story = backingOff();
    expect(readLater(story).phase).toMatchObject({ until: story.now + 1_000 + OFFSET_MS });
    expect(readLater(new Story(TRIPS_AT_ONCE).isUp().exits()).phase).toMatchObject({ until: null, launch: null });
  });
});

describe('a command that was pending at the save', () => {
  it.each<readonly [string, Story]>([
    ['after its process is killed', up().asksRestart()],
    ['after a delay', up().asksRestart(5_000).killEnds()],
    ['in progress', new Story().asksStart()],
  ])('is carried out without its caller: a launch %s', (_, story) => {
    const { phase } = readLater(story);
    const launch =
      phase.kind === 'stopping' && phase.then.kind === 'start' ? phase.then.launch : 'launch' in phase && phase.launch;
    expect(launch).toMatchObject({ by: 'operator', reason: 'asked', fallback: null });
  });

  it.each<readonly [string, Story, string]>([
    ['a halt', up().tripsByHand(), 'stopping, then halted'],
    ['an unregistration', up().send({ type: 'unregister-asked' }), 'stopping, then unregistered'],
  ])('goes on: %s', (_, story, phase) => {
    expectStory(story.supervisorRestarts(), { phase, dueInMs: -1 });
    expectStory(story.deadlineComes(), { acts: ['kill agent 1001'] });
  });
});

describe('a run that was being killed', () => {
  it('when the machine went down is dead, even if its pid is in use again', () => {
    const { state, desired } = up().asksStop().machineState;
    expect(adaptToReboot(state, desired).phase).toMatchObject({ run: { process: { pid: 1001, startTime: null } } });
  });

  it('at a backup is not found deleted after the restore, and is killed if it lives', () => {
    const { state, desired } = up().asksStop().machineState;
    expect(adaptToRestore(state, desired).phase).toMatchObject({
      run: { process: { pid: 1001, startTime: 1001 }, daemon: { startTime: null } },
    });
    const restored = new Story().restores(up().asksRestart());
    restored.sees({ daemon: YOUNGER_DAEMON, scanned: true, unlisted: [orphan(up().run)] });
    expectStory(restored, { phase: 'stopping, then start' });
  });

  it('is none if its launch was not answered', () => {
    const { state, desired } = new Story().asksStart().asksStop().machineState;
    expect(adaptToReboot(state, desired).phase).toMatchObject({ kind: 'stopping', run: null });
  });
});
