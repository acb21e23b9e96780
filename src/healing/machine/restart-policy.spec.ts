import {
  CLEAN_EXIT,
  ended,
  expectStory,
  HOUR_MS,
  NO_PID,
  online,
  Story,
  TRIPS_AT_ONCE,
} from '../../../test/support/machine-builders';

describe('policy.restart', () => {
  it.each(['on-failure', 'never'] as const)(
    '%s and exit 0: desired stopped, incident closed, count kept, no message',
    (restart) => {
      expectStory(new Story({ restart }).isUp().exits(CLEAN_EXIT), {
        phase: 'stopped',
        desired: 'stopped',
        circuit: 'CLOSED 0',
        attempt: null,
        records: ['agent.exited', 'agent.terminated'],
      });
    },
  );

  it('on-failure and exit 0 after failures keeps their count', () => {
    const story = new Story({ restart: 'on-failure' }).isUp().exits().launchSucceeds().exits(CLEAN_EXIT);
    expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'CLOSED 1', attempt: null });
  });

  it('on-failure and exit 0 of a trial leaves the circuit open', () => {
    const story = new Story({ restart: 'on-failure', ...TRIPS_AT_ONCE }).isUp().exits().deadlineComes();
    story.launchSucceeds().exits(CLEAN_EXIT);
    expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'OPEN 1', dueInMs: null });
  });

  it('on-failure and exit 0 before the answer of the launch: finished as well', () => {
    const story = new Story({ restart: 'on-failure' }).asksStart().exits(CLEAN_EXIT).launchSucceeds();
    expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'CLOSED 0' });
  });

  it('on-failure and exit 0 of a launch that was not answered: finished as well', () => {
    const story = new Story({ restart: 'on-failure' }).asksStart().launchIsUnknown().exits(CLEAN_EXIT);
    expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'CLOSED 0' });
  });

  it('never and a crash: halted without a trial, one message', () => {
    const story = new Story({ restart: 'never' }).isUp().exits();
    expectStory(story, {
      phase: 'down, halted',
      status: 'halted',
      circuit: 'OPEN 1',
      dueInMs: null,
      acts: ['sweep id-1'],
    });
    expect(story.records.filter((record) => record === 'recovery.escalated')).toHaveLength(1);
    expectStory(story.waits(HOUR_MS).send({ type: 'timer' }), { phase: 'down, halted', acts: [] });
  });

  it("never and a crash of a person's trial: halted without a trial, no second message", () => {
    const story = new Story({ restart: 'never' }).isUp().exits().asksStart().launchSucceeds().exits();
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: null });
    expect(story.records).not.toContain('recovery.escalated');
  });

  it("never: no trial either after a person's start that came to nothing", () => {
    const story = new Story({ restart: 'never' }).isUp().exits().asksStart().launchFails(NO_PID);
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 1', dueInMs: null });
  });
});

describe('what a dead leader leaves behind', () => {
  it('is ended by its run id in the same breath as the restart', () => {
    expectStory(new Story().isUp().exits(), { acts: ['sweep id-1', 'launch'] });
  });

  it('is ended too where the death was never told, but a list shows it', () => {
    const story = new Story().isUp();
    expectStory(story.sees({ listed: [ended(story.run)], scanned: true }), { acts: ['sweep id-1', 'launch'] });
  });

  it('is no news while the process itself lives', () => {
    const story = new Story().isUp();
    expectStory(story.sees({ listed: [online(story.run)] }), { phase: 'verifying', acts: [] });
  });
});
