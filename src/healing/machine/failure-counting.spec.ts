import {
  CLEAN_EXIT,
  CRASH,
  ended,
  again,
  KILLED,
  NO_MEMORY,
  NO_PID,
  PM2_AWAY,
  POLICY,
  REFUSED,
  YOUNGER_DAEMON,
} from '../../../test/support/machine-builders';
import { expectStory, type Picture, Story } from '../../../test/support/machine-story';
import type { HealingPolicy } from './policy';

type Row = Picture & { readonly name: string; readonly play: () => Story };

const tripsAt = (failureThreshold: number): Partial<HealingPolicy> => ({
  circuit: { ...POLICY.circuit, failureThreshold },
});

describe('a failure', () => {
  it.each<Row>([
    {
      name: 'an exit without an order',
      play: () => new Story().isUp().exits(CRASH),
      circuit: 'CLOSED 1',
    },
    {
      name: 'an exit without an order or a report, shown by a snapshot',
      play: () => {
        const story = new Story().isUp();
        return story.sees({ listed: [ended(story.run)], scanned: true });
      },
      circuit: 'CLOSED 1',
    },
    {
      name: 'exit 0 if policy.restart is always',
      play: () => new Story().isUp().exits(CLEAN_EXIT),
      circuit: 'CLOSED 1',
    },
    {
      name: 'an exit by a signal if policy.restart is always',
      play: () => new Story().isUp().exits(KILLED),
      circuit: 'CLOSED 1',
    },
    {
      name: 'an exit by a signal under on-failure',
      play: () => new Story({ restart: 'on-failure' }).isUp().exits(KILLED),
      circuit: 'CLOSED 1',
    },
    {
      name: 'a crash under on-failure',
      play: () => new Story({ restart: 'on-failure' }).isUp().exits(CRASH),
      circuit: 'CLOSED 1',
    },
    {
      name: 'a failed launch by healing',
      play: () => new Story().isUp().exits().launchFails(NO_PID),
      circuit: 'CLOSED 2',
    },
    {
      name: 'a failed autostart, with diagnosis, halt and escalation',
      play: () => new Story().asksStart('autostart').launchFails(REFUSED),
      phase: 'down, halted',
      circuit: 'OPEN 1',
      records: ['recovery.diagnosed', 'circuit.opened', 'recovery.escalated'],
    },
  ])('is counted for $name', ({ name: _, play, ...picture }) => {
    expectStory(play(), picture);
  });

  it.each<Row>([
    {
      name: 'a lost daemon',
      play: () => new Story().isUp().sees({ daemon: YOUNGER_DAEMON, scanned: true }),
      phase: 'starting',
    },
    {
      name: 'PM2 not answering a launch by healing',
      play: () => new Story().isUp().sees({ daemon: YOUNGER_DAEMON, scanned: true }).launchFails(PM2_AWAY),
      phase: 'down, waiting',
    },
    {
      name: 'an unanswered launch that did not happen',
      play: () => new Story().asksStart().launchIsUnknown().waits(1_000).sees().waits(1_000).sees(),
      phase: 'starting',
    },
    {
      name: 'EMFILE, EAGAIN or ENOMEM at a launch',
      play: () => new Story().asksStart('autostart').launchFails(NO_MEMORY),
      phase: 'down, waiting',
    },
    {
      name: 'an exit after a stop by a caller',
      play: () => new Story().isUp().asksStop().exits(KILLED).killEnds(),
      phase: 'stopped',
    },
    {
      name: 'an exit after a restart by a caller',
      play: () => new Story().isUp().asksRestart().exits(KILLED).killEnds(),
      phase: 'starting',
    },
    {
      name: 'an exit that the operator ordered in a shell',
      play: () => new Story().isUp().exits(CLEAN_EXIT, true),
      phase: 'down, operator-acting',
    },
    {
      name: 'an exit by the shutdown of the machine, which the next daemon does not list',
      play: () =>
        new Story().isUp().supervisorRestarts(60_000).sees({ daemon: YOUNGER_DAEMON, scanned: true, boot: true }),
      phase: 'starting',
    },
    {
      name: 'a start in a shell',
      play: () => {
        const story = new Story().isUp();
        return story.sees({ listed: [again(story.run)] });
      },
      phase: 'verifying',
    },
    {
      name: 'a failed command of the operator',
      play: () => new Story().asksStart().launchFails(NO_PID),
      phase: 'stopped',
    },
  ])('is not counted for $name', ({ name: _, play, ...picture }) => {
    expectStory(play(), { ...picture, circuit: 'CLOSED 0', attempt: null });
  });

  it.each<Row>([
    {
      name: 'before the answer of the launch',
      play: () => new Story().asksStart().exits(CLEAN_EXIT, true).launchSucceeds(),
    },
    {
      name: 'of an unanswered launch',
      play: () => new Story().asksStart().launchIsUnknown().exits(CLEAN_EXIT, true),
    },
  ])('is not counted for an exit ordered in a shell $name', ({ play }) => {
    expectStory(play(), { circuit: 'CLOSED 0' });
  });
});

describe('a generation', () => {
  it('counts one failure, however often its exit is reported or listed', () => {
    const story = new Story().isUp();
    const run = story.run;
    story.exits();
    const exit = { type: 'exited', runId: run.runId, upSince: run.upSince, exit: CRASH, ordered: false } as const;
    story.send(exit).sees({ listed: [ended(run)] });
    story.launchFails(NO_PID);
    story.send(exit).sees({ listed: [ended(run)] });
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 2' });
  });

  it('only records the exit that follows a kill by the supervisor', () => {
    const story = new Story().isUp().tripsByHand().exits(KILLED);
    expectStory(story, { phase: 'stopping, then halted', circuit: 'OPEN 1', records: ['agent.exited'] });
    expectStory(story.killEnds(), { phase: 'down, halted', circuit: 'OPEN 1' });
  });

  it('counts another failure after a restart in a shell, which keeps the run id', () => {
    const story = new Story(tripsAt(9)).isUp();
    const run = story.run;
    story.exits();
    story.sees({ listed: [ended(run)] }).launchIsBlocked({ listed: [again(run)] });
    expectStory(story, { phase: 'verifying', circuit: 'CLOSED 1' });
    expectStory(story.exits(), { circuit: 'CLOSED 2' });
  });
});
