import * as fc from 'fast-check';
import { again, HOUR_MS, HUNG, NO_PID, online, POLICY, TRIPS_AT_ONCE } from '../../../test/support/machine-builders';
import { ALPHABET } from '../../../test/support/machine-alphabet';
import { expectStory, Story } from '../../../test/support/machine-story';
import { parseSavedState } from './saved-state';
import type { HealingPolicy } from './policy';

const IDLE_STOP_MS = 30_000;

const onDemand = (policy: Partial<HealingPolicy> = {}) =>
  new Story({ idleStopMs: IDLE_STOP_MS, ...policy }).asksStart('routing', false).launchSucceeds();
/** Verified; its idle time begins here. */
const running = (policy: Partial<HealingPolicy> = {}) => onDemand(policy).deadlineComes();
const isOnDemand = (story: Story) => story.machineState.state.onDemand;
const activity = (story: Story, at: number | null, busyUntil: number | null = null) =>
  story.with({ activity: { at: at === null ? null : story.now + at, busyUntil: at === null ? null : busyUntil } });

describe('an agent that routing started', () => {
  it('is stopped after the idle time from its verification, in the history as idle, without a message', () => {
    const story = running();
    expectStory(story, { phase: 'running', dueInMs: IDLE_STOP_MS });
    expectStory(story.waits(IDLE_STOP_MS - 1).send({ type: 'timer' }), { phase: 'running', acts: [] });
    expectStory(story.deadlineComes(), {
      phase: 'stopping, then stopped',
      desired: 'stopped',
      status: 'stopped',
      acts: ['kill agent 1001'],
    });
    expect(story.effects.filter(({ type }) => type === 'notify')).toEqual([]);
    const records = story.killEnds().effects.filter((effect) => effect.type === 'record');
    expect(records).toContainEqual({ type: 'record', event: 'agent.terminated', data: { pid: 1001, by: 'idle' } });
    expectStory(story, { phase: 'stopped', desired: 'stopped' });
    expect(isOnDemand(story)).toBe(false);
  });

  it.each<readonly [string, (story: Story) => Story, number]>([
    ['a task 10 s later', (story) => activity(story, 10_000), 40_000],
    ['a task long ago', (story) => activity(story, -10_000), 30_000],
    ['a heartbeat that said busy at 10 s, but not since', (story) => activity(story, 10_000, null), 40_000],
    ['a fresh busy heartbeat', (story) => activity(story, 0, story.now + 60_000), 60_000],
    ['a busy heartbeat that is no longer fresh', (story) => activity(story, 0, story.now - 1), 30_000],
  ])('stays up after %s', (_, change, dueInMs) => {
    const story = change(running({ stableMs: 1_000_000 }));
    expectStory(story, { dueInMs });
    expectStory(story.waits(dueInMs - 1).send({ type: 'timer' }), { phase: 'running' });
    expectStory(story.waits(1).send({ type: 'timer' }), { phase: 'stopping, then stopped' });
  });

  it.each<readonly [string, () => Story]>([
    ['its policy has no idle time', () => running({ idleStopMs: null })],
    ['it is paused', () => running().send({ type: 'pause-asked', until: Number.MAX_SAFE_INTEGER })],
    ['an incident is open', () => running({ stableMs: HOUR_MS }).send({ type: 'escalate-asked', diagnosis: HUNG })],
    ['an operator started it', () => new Story({ idleStopMs: IDLE_STOP_MS }).isUp().deadlineComes()],
    ['an operator spawned it meanwhile', () => running().asksStart()],
    ['an operator spawned it while it was being launched', () => routed().asksStart().launchSucceeds().deadlineComes()],
    ['an operator restarted it', () => running().asksRestart().killEnds().launchSucceeds().deadlineComes()],
    [
      'an operator restarted it in a shell',
      () => {
        const story = running();
        return story.sees({ listed: [again(story.run, { upSince: story.now })] }).deadlineComes();
      },
    ],
  ])('is not stopped if %s', (_, play) => {
    const story = play();
    expectStory(story.waits(10 * IDLE_STOP_MS).send({ type: 'timer' }), { desired: 'running', acts: [] });
    expect(story.phase).toMatch(/^(?:running|verifying)/);
  });

  it('stays on demand through a crash, and its new process has the whole time', () => {
    const story = running().waits(20_000).exits().launchSucceeds();
    expect(isOnDemand(story)).toBe(true);
    story.deadlineComes();
    expectStory(story, { phase: 'running' });
    // The incident first ends.
    expectStory(story.deadlineComes(), { phase: 'stopping, then stopped', desired: 'stopped' });
    expect(story.records).toContain('agent.healthy');
  });

  it('stays on demand through a restart of the supervisor, and has the whole time again', () => {
    const story = running().waits(IDLE_STOP_MS - 1);
    const { value, faults } = parseSavedState(JSON.parse(JSON.stringify(story.machineState.state)));
    expect({ value, faults }).toEqual({ value: story.machineState.state, faults: [] });
    story.supervisorRestarts(10 * IDLE_STOP_MS).sees({ listed: [online(story.run)], boot: true, scanned: true });
    expect(isOnDemand(story)).toBe(true);
    story.deadlineComes();
    expectStory(story, { phase: 'running', dueInMs: IDLE_STOP_MS });
    expectStory(story.deadlineComes(), { desired: 'stopped' });
  });

  it.each<readonly [string, (story: Story) => Story]>([
    ['a stop', (story) => story.asksStop().killEnds()],
    ['a stop in a shell', (story) => story.operatorStops(story.run.upSince)],
    ['an idle stop', (story) => story.deadlineComes().killEnds()],
  ])('is not on demand after %s', (_, stop) => {
    const story = stop(running());
    expectStory(story, { desired: 'stopped' });
    expect(isOnDemand(story)).toBe(false);
  });

  it('is not on demand after a start that failed', () => {
    const story = routed().launchFails(NO_PID);
    expectStory(story, { phase: 'stopped', desired: 'stopped' });
    expect(isOnDemand(story)).toBe(false);
  });
});

describe('an idle stop', () => {
  it('becomes the stop of an operator who stops the agent meanwhile', () => {
    const story = running().deadlineComes().asksStop().killEnds();
    const records = story.effects.filter((effect) => effect.type === 'record');
    expect(records).toContainEqual({ type: 'record', event: 'agent.terminated', data: { pid: 1001 } });
    expect(story.answers).toEqual(['down: done']);
  });

  it('that a task meets is followed by a start', () => {
    const story = running().deadlineComes().asksStart('routing', false);
    expectStory(story, { phase: 'stopping, then start', desired: 'running' });
    expect(isOnDemand(story)).toBe(true);
    expectStory(story.killEnds(), { phase: 'starting', acts: ['launch'] });
  });

  it('does not make its process newer than the stop, so that a snapshot cannot adopt it', () => {
    const story = running().deadlineComes();
    expectStory(story.sees({ listed: [online(story.run)] }), { desired: 'stopped' });
  });
});

describe('a start by routing', () => {
  const paused = (story: Story) => story.send({ type: 'pause-asked', until: story.now + 60_000 });

  it.each<readonly [string, () => Story]>([
    ['a paused agent', () => paused(new Story())],
    ['a paused agent that is being stopped', () => paused(new Story().isUp()).asksStop()],
    ['a stopped agent whose circuit is OPEN', () => new Story(TRIPS_AT_ONCE).isUp().exits().asksStop().killEnds()],
  ])('of %s is refused and changes nothing', (_, play) => {
    const story = play();
    const { machineState } = story;
    expectStory(story.asksStart('routing', false), { acts: [], answers: ['up: operation-in-progress'] });
    expect(story.machineState).toEqual(machineState);
  });

  it('of a paused agent that runs is answered', () => {
    expectStory(paused(new Story().isUp()).asksStart('routing', false), { answers: ['up: done'] });
  });
});

describe('whatever happens', () => {
  const words = fc.array(fc.constantFrom(...ALPHABET), { maxLength: 40 });

  it('a stopped agent is not on demand, and only an agent on demand is stopped for being idle', () => {
    fc.assert(
      fc.property(words, (said) => {
        const story = new Story({ ...POLICY, idleStopMs: IDLE_STOP_MS });
        for (const word of said) {
          word.say(story.waits(1), story.runId);
          if (story.desired === 'stopped') expect(isOnDemand(story)).toBe(false);
          const { phase } = story.machineState.state;
          const wasIdle = phase.kind === 'stopping' && phase.then.kind === 'stopped' && phase.then.by === 'idle';
          const before = story.before.state;
          if (wasIdle && before.phase.kind !== 'stopping') {
            expect(before).toMatchObject({ onDemand: true, phase: { kind: 'running' }, incident: null });
            expect(story.event?.type).toBe('timer');
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

function routed(): Story {
  return new Story({ idleStopMs: IDLE_STOP_MS }).asksStart('routing', false);
}
