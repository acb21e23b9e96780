import { HOUR_MS, HUNG, KILLED, POLICY, REFUSED, YOUNGER_DAEMON } from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';
import type { HealingPolicy } from './policy';

const tripsAt = (failureThreshold: number): Partial<HealingPolicy> => ({
  circuit: { ...POLICY.circuit, failureThreshold },
});

/** Plays a crash and the restart that follows it. */
function crashesAndIsBack(story: Story): Story {
  story.waits(1).exits();
  if (story.phase !== 'starting') story.deadlineComes();
  return story.launchSucceeds();
}

function crashes(story: Story, times: number): Story {
  for (let time = 1; time < times; time += 1) crashesAndIsBack(story);
  return story.exits();
}

describe('an incident', () => {
  it('counts restarts by healing as attempts', () => {
    const story = crashesAndIsBack(new Story().isUp());
    expectStory(story, { phase: 'verifying', attempt: 1 });
    expectStory(crashesAndIsBack(story), { phase: 'verifying', attempt: 2 });
  });

  it('counts a start by the operator as neither failure nor attempt', () => {
    const story = crashesAndIsBack(new Story().isUp()).exits();
    expectStory(story, { phase: 'down, backing-off', attempt: 1, circuit: 'CLOSED 2' });
    expectStory(story.asksStart().launchSucceeds(), { phase: 'verifying', attempt: 1, circuit: 'CLOSED 2' });
  });

  it('restarts at once, then doubles the delay each time', () => {
    const story = new Story(tripsAt(9)).isUp();
    const waits: (number | null)[] = [];
    for (let restart = 1; restart <= 5; restart += 1) {
      story.waits(1).exits();
      waits.push(story.phase === 'starting' ? 0 : story.dueInMs);
      if (story.phase !== 'starting') story.deadlineComes();
      story.launchSucceeds();
    }
    expect(waits).toEqual([0, 1_000, 2_000, 4_000, 8_000]);
  });

  it('states the reason for the latest restart in one line', () => {
    const story = new Story().isUp().exits(KILLED);
    expect(story.machineState.state.lastFailure).toEqual({
      at: story.now,
      cause: 'killed-by-signal',
      line: 'killed by SIGKILL',
      action: 'restart',
      incidentId: story.machineState.state.incident?.id,
    });
    expect(story.launch.launch.reason).toBe('killed by SIGKILL');
  });

  it('continues if the agent exits between verified and stable', () => {
    const story = crashesAndIsBack(new Story().isUp());
    const incident = story.machineState.state.incident?.id;
    story.deadlineComes();
    expectStory(story, { phase: 'running', attempt: 1 });
    story.waits(30_000).exits();
    expectStory(story, { phase: 'down, backing-off', attempt: 1, circuit: 'CLOSED 2' });
    expect(story.machineState.state.incident?.id).toBe(incident);
  });

  it('is a new one if the agent exits after it was stable', () => {
    const story = crashesAndIsBack(new Story().isUp());
    const incident = story.machineState.state.incident?.id;
    story.becomesStable().waits(1).exits();
    expectStory(story, { phase: 'starting', attempt: 0, circuit: 'CLOSED 1' });
    expect(story.machineState.state.incident?.id).not.toBe(incident);
  });

  it('shares its id with the events recorded in it', () => {
    const story = new Story().isUp().exits();
    const id = story.machineState.state.incident?.id;
    const later = ['recovery.diagnosed', 'recovery.scheduled', 'recovery.attempted'];
    const ids = story.effects.flatMap((effect) =>
      effect.type === 'record' && later.includes(effect.event) ? [effect.data.incidentId] : [],
    );
    expect(ids).toEqual([id, id, id]);
  });
});

describe('the circuit', () => {
  it('opens at the failure threshold, halts, escalates once, and allows one trial after the cool-down', () => {
    const story = crashes(new Story().isUp(), 4);
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 4' });
    story.deadlineComes().launchSucceeds().exits();
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 5', dueInMs: 60_000, attempt: 4 });
    expect(story.records).toContain('recovery.escalated');
    expectStory(story.deadlineComes(), { phase: 'starting', circuit: 'HALF_OPEN 5', acts: ['launch'] });
    expect(story.launch.launch.trial).toBe(true);
  });

  it('opens for twice the cool-down after a failed trial by healing, without a second escalation', () => {
    const story = new Story(tripsAt(1)).isUp().exits().deadlineComes().launchSucceeds().waits(1).exits();
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: 120_000 });
    expect(story.records).toContain('recovery.failed');
    expect(story.records).not.toContain('recovery.escalated');
  });

  it('is closed by a trial only once the agent is stable', () => {
    const story = new Story(tripsAt(1)).isUp().exits().deadlineComes().launchSucceeds();
    expectStory(story, { phase: 'verifying', circuit: 'HALF_OPEN 1' });
    expectStory(story.deadlineComes(), { phase: 'running', circuit: 'HALF_OPEN 1', records: ['recovery.verified'] });
    expectStory(story.deadlineComes(), {
      phase: 'running, stable',
      circuit: 'CLOSED 0',
      attempt: null,
      records: ['circuit.closed', 'agent.healthy'],
    });
  });

  it('opens at the hourly limit for failures too slow to follow each other', () => {
    const story = new Story().isUp();
    for (let crash = 1; crash < 20; crash += 1) crashesAndIsBack(story).becomesStable();
    expectStory(story, { circuit: 'CLOSED 0' });
    expectStory(story.exits(), { phase: 'down, halted', circuit: 'OPEN 1' });
  });

  it('forgets failures older than an hour', () => {
    const story = new Story().isUp();
    for (let crash = 1; crash < 20; crash += 1) crashesAndIsBack(story).becomesStable();
    expectStory(story.waits(HOUR_MS).exits(), { phase: 'starting', circuit: 'CLOSED 1' });
  });

  it('opens at once for a failure that no restart can fix', () => {
    const story = new Story().isUp().exits().launchFails(REFUSED);
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2' });
    expect(story.machineState.state.lastFailure).toMatchObject({ cause: 'entry-point-missing', action: 'halt' });
  });
});

describe('a halt', () => {
  it('kills every process of the agent when its circuit opens', () => {
    const story = new Story().isUp().tripsByHand();
    expectStory(story, { phase: 'stopping, then halted', status: 'halted', acts: ['kill agent 1001'] });
    expect(story.records).toEqual(['circuit.opened', 'recovery.escalated']);
    expect(story.machineState.state.lastFailure).toMatchObject({ action: 'halt', at: story.now });
    expect(story.machineState.state.lastFailure?.incidentId).toBe(story.machineState.state.incident?.id);
    expectStory(story.killEnds(), { phase: 'down, halted', dueInMs: 60_000 });
  });

  it('leaves a stopped agent alone', () => {
    expectStory(new Story().tripsByHand(), { phase: 'stopped', acts: [], records: ['circuit.opened'] });
  });

  it('refuses a caller who waits for the process that healing launches next', () => {
    const story = new Story().isUp().isChecked({ failing: HUNG });
    expectStory(story, { phase: 'stopping, then start' });
    const answers = ['up: operation-in-progress', 'decided: done'];
    expectStory(story.tripsByHand(), { phase: 'stopping, then halted', answers });
  });

  it('kills a process that comes up after its circuit opened', () => {
    const story = new Story().asksStart().tripsByHand().launchSucceeds();
    expectStory(story, { phase: 'stopping, then halted', circuit: 'OPEN 1' });
  });

  it('cancels a restart that was due before the end of the cool-down', () => {
    const story = crashes(new Story().isUp(), 2).tripsByHand().deadlineComes();
    expectStory(story, { circuit: 'HALF_OPEN 3', phase: 'starting' });
    expect(story.now - (story.machineState.circuit.lastFailureAt ?? 0)).toBe(60_000);
  });

  it('cancels a restart that was to follow a kill', () => {
    const story = new Story().isUp();
    const orphan = { agentId: 'agent', runId: story.runId, process: story.run.process, leader: true, isNew: false };
    story
      .sees({ daemon: YOUNGER_DAEMON, scanned: true, unlisted: [orphan] })
      .tripsByHand()
      .killEnds();
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 1', acts: [] });
  });
});
