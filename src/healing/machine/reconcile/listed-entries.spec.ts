import {
  again,
  CLEAN_EXIT,
  DAEMON,
  ended,
  LAUNCH,
  online,
  orphan,
  TRIPS_AT_ONCE,
  YOUNGER_DAEMON,
} from '../../../../test/support/machine-builders';
import { expectStory, Story } from '../../../../test/support/machine-story';

const up = () => new Story().isUp();
const unanswered = () => new Story().asksStart().launchIsUnknown(null, LAUNCH);
const boot = { boot: true, scanned: true } as const;
const recordOf = ({ effects }: Story, event: string) =>
  effects.flatMap((effect) => (effect.type === 'record' && effect.event === event ? [effect.data] : []));

describe('an unanswered launch', () => {
  it('adopts its own process, although a younger one of the agent is listed', () => {
    const story = unanswered();
    const mine = story.runFor(story.runId);
    story.sees({ listed: [again(mine, { runId: 'other', entryId: 7 }), online(mine)] });
    expectStory(story, { phase: 'verifying', answers: ['up: done'] });
    expect(story.run.process).toEqual(mine.process);
  });

  it('adopts another process of the agent if its own is not listed', () => {
    const story = unanswered();
    const other = again(story.runFor('other'), { entryId: 7 });
    expectStory(story.sees({ listed: [other] }), { phase: 'verifying', answers: ['up: done'] });
    expect([story.run.process, story.run.program]).toEqual([other.process, null]);
  });

  it.each(['stopped', 'errored'] as const)('whose entry is %s came up and exited', (state) => {
    const story = unanswered();
    story.sees({ listed: [ended(story.runFor(story.runId), { state })], scanned: true });
    expectStory(story, { phase: 'starting', circuit: 'CLOSED 1', answers: ['up: done'] });
    expect(recordOf(story, 'agent.exited')).toMatchObject([{ exitCode: null, signal: null }]);
  });

  it('whose entry is being launched is awaited', () => {
    const story = unanswered();
    story.sees({ listed: [ended(story.runFor(story.runId), { state: 'launching' })] });
    expectStory(story, { phase: 'starting, unknown', dueInMs: 1_000, answers: [] });
  });

  it('is given up after two snapshots without it, and its caller is refused', () => {
    const story = unanswered().sees();
    expectStory(story, { phase: 'starting, unknown', dueInMs: 1_000 });
    expectStory(story.sees(), { phase: 'starting', acts: ['launch'], answers: ['up: process-manager-unavailable'] });
    expect(story.launch.launch.fallback).toBeNull();
  });

  it('is a deletion if its daemon listed the entry before', () => {
    const story = new Story().asksStart().launchIsUnknown(DAEMON, LAUNCH).sees();
    expectStory(story, { phase: 'stopped', desired: 'stopped' });
    expect(recordOf(story, 'operator.stopped')).toEqual([{ how: 'pm2 delete' }]);
  });
});

describe('beside the live process of an agent', () => {
  it.each([
    ['stopped', ['forget 7']],
    ['errored', ['forget 7']],
    ['launching', []],
    ['stopping', []],
  ] as const)('a dead entry that is %s leads to: %j', (state, acts) => {
    const story = up();
    expectStory(story.sees({ listed: [online(story.run), ended(story.run, { entryId: 7, state })] }), {
      acts: [...acts],
    });
  });

  it('its own entry is never removed', () => {
    const story = up();
    expectStory(story.sees({ listed: [online(story.run, { state: 'errored' })] }), { acts: [] });
  });

  it('an older leader of the same run is a duplicate, and a younger one is its descendant', () => {
    const found = (startTime: number) => {
      const story = up();
      const process = { pid: 2002, startTime };
      return story.sees({ listed: [online(story.run)], unlisted: [orphan(story.run, { process })], scanned: true });
    };
    expectStory(found(1_000), { acts: ['end orphan 2002'] });
    expectStory(found(1_001), { acts: [] });
    expectStory(found(1_002), { acts: [] });
  });

  it('a process that has the run id of no listed process is killed', () => {
    const story = up();
    const process = { pid: 2002, startTime: 2_002 };
    const unlisted = [orphan(story.run, { process, leader: false })];
    expectStory(story.sees({ listed: [ended(story.run)], unlisted }), { acts: ['end descendant 2002', 'scan'] });
  });
});

describe('at the start of the supervisor', () => {
  const stopping = () => up().asksStop().supervisorRestarts();

  it('a process that the operator started after an unproven stop is adopted, and its caller is refused', () => {
    const story = stopping();
    const newer = again(story.run, { upSince: story.now });
    story.sees({ ...boot, listed: [online(story.run, { entryId: 7 }), newer] });
    expectStory(story, { phase: 'verifying', desired: 'running', acts: ['end double 1001'] });
    expect(story.answers).toContain('down: operation-in-progress');
    expect(story.run.process).toEqual(newer.process);
  });

  it.each<readonly [string, () => Story, object]>([
    ['that is as old as the stop', stopping, { upSince: stopping().now - 1_000 }],
    ['that is the one being killed', stopping, { process: stopping().run.process, upSince: stopping().now }],
    ['during a restart', () => up().asksRestart().supervisorRestarts(), { upSince: stopping().now }],
    ['during a halt', () => up().tripsByHand().supervisorRestarts(), { upSince: stopping().now }],
  ])('a process %s is not adopted', (_, play, changes) => {
    const story = play();
    const { phase, desired } = story;
    expectStory(story.sees({ ...boot, listed: [again(story.run, changes)] }), { phase, desired, acts: [] });
  });

  it('a live agent that was not verified keeps its launch, and a stable one stays so', () => {
    const trial = new Story(TRIPS_AT_ONCE).isUp().exits().deadlineComes().launchSucceeds().supervisorRestarts();
    trial.sees({ ...boot, listed: [online(trial.run)] });
    expect(trial.machineState.state.phase).toMatchObject({ kind: 'verifying', launch: { trial: true } });
    const stable = up().becomesStable().supervisorRestarts();
    expectStory(stable.sees({ ...boot, listed: [online(stable.run)] }), { phase: 'running, stable' });
    const verified = up().deadlineComes().supervisorRestarts();
    verified.sees({ ...boot, listed: [online(verified.run)] });
    expect(verified.machineState.state.phase).toMatchObject({ kind: 'verifying', launch: null });
  });
});

describe('a later snapshot', () => {
  it('adopts no process during a stop whose kill is in progress', () => {
    const story = up().asksStop();
    story.waits(10).sees({ listed: [again(story.run, { upSince: story.now })] });
    expectStory(story, { phase: 'stopping, then stopped', acts: [], answers: [] });
  });

  it('from before the phase is stale; if it found a stray, another scan does again', () => {
    const story = up();
    const stale = { beganAt: story.now, scanned: true };
    expectStory(story.sees({ ...stale, unlisted: [orphan(story.run, { runId: 'old' })] }), { acts: ['scan'] });
    expectStory(story.sees(stale), { phase: 'verifying', acts: [] });
  });

  it('kills the process of a launch that is being stopped, under a daemon that is gone', () => {
    const story = unanswered().asksStop();
    const run = story.runFor(story.runId);
    const other = orphan(run, { runId: 'other', process: { pid: 7, startTime: 7 } });
    story.sees({ unlisted: [other, orphan(run)], scanned: true });
    expectStory(story, { phase: 'stopping, then stopped', acts: ['end orphan 7', 'kill agent ?'], dueInMs: 1_000 });
  });

  it('proves nothing about a launch whose answer is pending', () => {
    const story = new Story().asksStart().asksStop().sees().sees().sees();
    expectStory(story, { phase: 'stopping, then stopped', acts: [], dueInMs: null });
  });

  it('shows a return by pm2 update only by an entry of its run', () => {
    const ended30 = (runId: string) => {
      const story = up().daemonIsEnded();
      return story.sees({ daemon: YOUNGER_DAEMON, listed: [ended(story.run, { runId })] });
    };
    expectStory(ended30('other'), { phase: 'down, daemon-ended' });
    expectStory(ended30('id-1'), { phase: 'starting', circuit: 'CLOSED 1' });
  });

  it('shows a stop in a shell a second after the exit', () => {
    const settles = (ms: number) => {
      const story = up()
        .exits(CLEAN_EXIT, true)
        .waits(ms - 1);
      return story.sees({ listed: [ended(story.run, { wasEndOrdered: true })] });
    };
    expectStory(settles(999), { phase: 'down, operator-acting', dueInMs: 1_000 });
    expectStory(settles(1_000), { phase: 'stopped', desired: 'stopped' });
    expect(recordOf(settles(1_000), 'operator.stopped')).toEqual([{ how: 'pm2 stop' }]);
  });
});
