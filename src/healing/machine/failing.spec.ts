import {
  CLEAN_EXIT,
  CRASH,
  ended,
  again,
  expectStory,
  HOUR_MS,
  KILLED,
  NO_MEMORY,
  NO_PID,
  PM2_AWAY,
  POLICY,
  REFUSED,
  Story,
  YOUNGER_DAEMON,
  type Picture,
} from '../../../test/support/machine-builders';
import type { HealingPolicy } from './policy';

type Row = Picture & { readonly name: string; readonly play: () => Story };

const tripsAt = (failureThreshold: number): Partial<HealingPolicy> => ({
  circuit: { ...POLICY.circuit, failureThreshold },
});

/** A crash, and whatever of healing's restarts follows it, until something is up again. */
function crashesAndIsBack(story: Story): Story {
  story.waits(1).exits();
  if (story.phase !== 'starting') story.deadlineComes();
  return story.launchSucceeds();
}

function crashes(story: Story, times: number): Story {
  for (let time = 1; time < times; time += 1) crashesAndIsBack(story);
  return story.exits();
}

describe('what counts as a failure', () => {
  it.each<Row>([
    {
      name: 'an exit that nobody ordered',
      play: () => new Story().isUp().exits(CRASH),
      circuit: 'CLOSED 1',
    },
    {
      name: 'an exit that nobody ordered and nobody told: a list shows it',
      play: () => {
        const story = new Story().isUp();
        return story.sees({ listed: [ended(story.run)], scanned: true });
      },
      circuit: 'CLOSED 1',
    },
    {
      name: 'exit 0 while policy.restart is always',
      play: () => new Story().isUp().exits(CLEAN_EXIT),
      circuit: 'CLOSED 1',
    },
    {
      name: "a death by anybody's signal while policy.restart is always",
      play: () => new Story().isUp().exits(KILLED),
      circuit: 'CLOSED 1',
    },
    {
      name: 'a death by a signal also under on-failure',
      play: () => new Story({ restart: 'on-failure' }).isUp().exits(KILLED),
      circuit: 'CLOSED 1',
    },
    {
      name: 'a crash under on-failure',
      play: () => new Story({ restart: 'on-failure' }).isUp().exits(CRASH),
      circuit: 'CLOSED 1',
    },
    {
      name: "a failed launch of healing's",
      play: () => new Story().isUp().exits().launchFails(NO_PID),
      circuit: 'CLOSED 2',
    },
    {
      name: 'a failed autostart: it is diagnosed, halted and told like any failure',
      play: () => new Story().asksStart('autostart').launchFails(REFUSED),
      phase: 'down, halted',
      circuit: 'OPEN 1',
      records: ['recovery.diagnosed', 'circuit.opened', 'recovery.escalated'],
    },
  ])('counts $name', ({ name: _, play, ...picture }) => {
    expectStory(play(), picture);
  });

  it.each<Row>([
    {
      name: 'a lost daemon',
      play: () => new Story().isUp().sees({ daemon: YOUNGER_DAEMON, scanned: true }),
      phase: 'starting',
    },
    {
      name: 'PM2 not answering a launch of healing',
      play: () => new Story().isUp().sees({ daemon: YOUNGER_DAEMON, scanned: true }).launchFails(PM2_AWAY),
      phase: 'down, waiting',
    },
    {
      name: 'a launch without an answer that did not happen',
      play: () => new Story().asksStart().launchIsUnknown().waits(1_000).sees().waits(1_000).sees(),
      phase: 'starting',
    },
    {
      name: 'EMFILE, EAGAIN or ENOMEM at a launch',
      play: () => new Story().asksStart('autostart').launchFails(NO_MEMORY),
      phase: 'down, waiting',
    },
    {
      name: 'a death that follows a stop of ours',
      play: () => new Story().isUp().asksStop().exits(KILLED).killEnds(),
      phase: 'stopped',
    },
    {
      name: 'a death that follows a restart of ours',
      play: () => new Story().isUp().asksRestart().exits(KILLED).killEnds(),
      phase: 'starting',
    },
    {
      name: "a death that follows an operator's order",
      play: () => new Story().isUp().exits(CLEAN_EXIT, true),
      phase: 'down, operator-acting',
    },
    {
      name: "a death by the machine's own stop: the daemon of the next boot knows nothing of it",
      play: () =>
        new Story().isUp().supervisorRestarts(60_000).sees({ daemon: YOUNGER_DAEMON, scanned: true, boot: true }),
      phase: 'starting',
    },
    {
      name: "a start in the operator's shell",
      play: () => {
        const story = new Story().isUp();
        return story.sees({ listed: [again(story.run)] });
      },
      phase: 'verifying',
    },
    {
      name: "a person's own command that comes to nothing",
      play: () => new Story().asksStart().launchFails(NO_PID),
      phase: 'stopped',
    },
  ])('never counts $name', ({ name: _, play, ...picture }) => {
    expectStory(play(), { ...picture, circuit: 'CLOSED 0', attempt: null });
  });

  it.each<Row>([
    {
      name: 'that overtakes the answer of the launch',
      play: () => new Story().asksStart().exits(CLEAN_EXIT, true).launchSucceeds(),
    },
    {
      name: 'of a launch that was not answered',
      play: () => new Story().asksStart().launchIsUnknown().exits(CLEAN_EXIT, true),
    },
  ])("never counts a death by an operator's order $name", ({ play }) => {
    expectStory(play(), { circuit: 'CLOSED 0' });
  });
});

describe('at most one failure a generation', () => {
  it('counts an exit once, however often it is told and whatever later lists show', () => {
    const story = new Story().isUp();
    const run = story.run;
    story.exits();
    const exit = { type: 'exited', runId: run.runId, upSince: run.upSince, exit: CRASH, ordered: false } as const;
    story.send(exit).sees({ listed: [ended(run)] });
    story.launchFails(NO_PID);
    story.send(exit).sees({ listed: [ended(run)] });
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 2' });
  });

  it('only records the exit of our own kill', () => {
    const story = new Story().isUp().tripsByHand().exits(KILLED);
    expectStory(story, { phase: 'stopping, then halted', circuit: 'OPEN 1', records: ['agent.exited'] });
    expectStory(story.killEnds(), { phase: 'down, halted', circuit: 'OPEN 1' });
  });

  it('counts again what dies after a restart in a shell, which keeps the run id', () => {
    const story = new Story(tripsAt(9)).isUp();
    const run = story.run;
    story.exits();
    story.sees({ listed: [ended(run)] }).launchIsBlocked({ listed: [again(run)] });
    expectStory(story, { phase: 'verifying', circuit: 'CLOSED 1' });
    expectStory(story.exits(), { circuit: 'CLOSED 2' });
  });
});

describe('an incident', () => {
  it('counts our restarts as attempts', () => {
    const story = crashesAndIsBack(new Story().isUp());
    expectStory(story, { phase: 'verifying', attempt: 1 });
    expectStory(crashesAndIsBack(story), { phase: 'verifying', attempt: 2 });
  });

  it("takes an operator's start neither for a failure nor for an attempt", () => {
    const story = crashesAndIsBack(new Story().isUp()).exits();
    expectStory(story, { phase: 'down, backing-off', attempt: 1, circuit: 'CLOSED 2' });
    expectStory(story.asksStart().launchSucceeds(), { phase: 'verifying', attempt: 1, circuit: 'CLOSED 2' });
  });

  it('restarts at once, then waits twice as long each time', () => {
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

  it('says in one line why it was last restarted', () => {
    const story = new Story().isUp().exits(KILLED);
    expect(story.situation.state.lastFailure).toEqual({
      at: story.now,
      cause: 'killed-by-signal',
      line: 'ended by SIGKILL',
      action: 'restart',
      incidentId: story.situation.state.incident?.id,
    });
    expect(story.launch.launch.reason).toBe('ended by SIGKILL');
  });

  it('goes on when it dies between verified and stable', () => {
    const story = crashesAndIsBack(new Story().isUp());
    const incident = story.situation.state.incident?.id;
    story.deadlineComes();
    expectStory(story, { phase: 'running', attempt: 1 });
    story.waits(30_000).exits();
    expectStory(story, { phase: 'down, backing-off', attempt: 1, circuit: 'CLOSED 2' });
    expect(story.situation.state.incident?.id).toBe(incident);
  });

  it('begins anew with a death after it was stable', () => {
    const story = crashesAndIsBack(new Story().isUp());
    const incident = story.situation.state.incident?.id;
    story.becomesStable().waits(1).exits();
    expectStory(story, { phase: 'starting', attempt: 0, circuit: 'CLOSED 1' });
    expect(story.situation.state.incident?.id).not.toBe(incident);
  });

  it('shares its id with all that is recorded of it', () => {
    const story = new Story().isUp().exits();
    const id = story.situation.state.incident?.id;
    const later = ['recovery.diagnosed', 'recovery.scheduled', 'recovery.attempted'];
    const ids = story.effects.flatMap((effect) =>
      effect.type === 'record' && later.includes(effect.event) ? [effect.data.incidentId] : [],
    );
    expect(ids).toEqual([id, id, id]);
  });
});

describe('the circuit', () => {
  it('opens at the limit of failures in a row: halted, told once, one trial after the cool-down', () => {
    const story = crashes(new Story().isUp(), 4);
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 4' });
    story.deadlineComes().launchSucceeds().exits();
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 5', dueInMs: 60_000, attempt: 4 });
    expect(story.records).toContain('recovery.escalated');
    expectStory(story.deadlineComes(), { phase: 'starting', circuit: 'HALF_OPEN 5', acts: ['launch'] });
    expect(story.launch.launch.trial).toBe(true);
  });

  it('opens again after a failed trial of ours, for twice the time, and tells nobody a second time', () => {
    const story = new Story(tripsAt(1)).isUp().exits().deadlineComes().launchSucceeds().waits(1).exits();
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: 120_000 });
    expect(story.records).toContain('recovery.failed');
    expect(story.records).not.toContain('recovery.escalated');
  });

  it('is closed by a trial only once it is stable', () => {
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

  it('opens for a loop too slow to fail in a row: so many failures within an hour', () => {
    const story = new Story().isUp();
    for (let crash = 1; crash < 20; crash += 1) crashesAndIsBack(story).becomesStable();
    expectStory(story, { circuit: 'CLOSED 0' });
    expectStory(story.exits(), { phase: 'down, halted', circuit: 'OPEN 1' });
  });

  it('forgets the failures of more than an hour ago', () => {
    const story = new Story().isUp();
    for (let crash = 1; crash < 20; crash += 1) crashesAndIsBack(story).becomesStable();
    expectStory(story.waits(HOUR_MS).exits(), { phase: 'starting', circuit: 'CLOSED 1' });
  });

  it('opens at once for what no restart can cure', () => {
    const story = new Story().isUp().exits().launchFails(REFUSED);
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2' });
    expect(story.situation.state.lastFailure).toMatchObject({ cause: 'entry-point-missing', action: 'halt' });
  });
});

describe('halted means no process', () => {
  it('kills what lives when the circuit is tripped, with all that belongs to the agent', () => {
    const story = new Story().isUp().tripsByHand();
    expectStory(story, { phase: 'stopping, then halted', status: 'halted', acts: ['kill agent 1001'] });
    expect(story.records).toEqual(['recovery.escalated']);
    expect(story.situation.state.lastFailure).toMatchObject({ action: 'halt', at: story.now });
    expect(story.situation.state.lastFailure?.incidentId).toBe(story.situation.state.incident?.id);
    expectStory(story.killEnds(), { phase: 'down, halted', dueInMs: 60_000 });
  });

  it('leaves alone what is stopped', () => {
    expectStory(new Story().tripsByHand(), { phase: 'stopped', acts: [], records: [] });
  });

  it('lets nothing stay up that was starting when the circuit was tripped', () => {
    const story = new Story().asksStart().tripsByHand().launchSucceeds();
    expectStory(story, { phase: 'stopping, then halted', circuit: 'OPEN 1' });
  });

  it('gives up a restart that was due before the end of the cool-down', () => {
    const story = crashes(new Story().isUp(), 2).tripsByHand().deadlineComes();
    expectStory(story, { circuit: 'HALF_OPEN 3', phase: 'starting' });
    expect(story.now - (story.situation.circuit.lastFailureAt ?? 0)).toBe(60_000);
  });

  it('gives up a restart that was to follow an end', () => {
    const story = new Story().isUp();
    const orphan = { agentId: 'agent', runId: story.runId, process: story.run.process, leader: true, isNew: false };
    story
      .sees({ daemon: YOUNGER_DAEMON, scanned: true, unlisted: [orphan] })
      .tripsByHand()
      .killEnds();
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 1', acts: [] });
  });
});
