import { expectStory, KILLED, NO_PID, Story, TRIPS_AT_ONCE } from '../../../test/support/machine-builders';

/** Up again after its first crash, and fallen a second time: the next restart is due in a second. */
function backingOff(): Story {
  return new Story().isUp().exits().launchSucceeds().waits(1).exits();
}

function halted(): Story {
  return new Story(TRIPS_AT_ONCE).isUp().exits();
}

/** The one trial of a halted agent, up. */
function onTrial(): Story {
  return halted().deadlineComes().launchSucceeds();
}

describe('spawn or restart in OPEN', () => {
  it.each([
    ['spawn', (story: Story) => story.asksStart()],
    ['restart', (story: Story) => story.asksRestart()],
  ] as const)('a %s is the trial; if it fails, OPEN again for the same time, not doubled', (_, ask) => {
    const story = ask(halted());
    expectStory(story, { phase: 'starting', circuit: 'HALF_OPEN 1', acts: ['launch'] });
    expect(story.launch.launch.trial).toBe(true);
    story.launchSucceeds().waits(1).exits();
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: 60_000 });
    expect(story.records).toContain('recovery.failed');
  });

  it("a restart of healing's trial makes it a person's: not doubled when it fails", () => {
    const story = onTrial().asksRestart();
    expectStory(story, { phase: 'stopping, then start', circuit: 'OPEN 1' });
    expectStory(story.killEnds(), { phase: 'starting', circuit: 'HALF_OPEN 1' });
    expectStory(story.launchSucceeds().waits(1).exits(), { phase: 'down, halted', dueInMs: 60_000 });
  });

  it('one that comes to nothing is no failure: OPEN again for the same time', () => {
    const story = halted().waits(30_000).asksStart().launchFails(NO_PID);
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 1', dueInMs: 60_000, answers: ['up: launch-failed'] });
  });

  it('leaves a halted one alone in a bulk spawn or for a routed task', () => {
    const story = halted().asksStart('routing', false);
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 1', acts: [], answers: ['up: operation-in-progress'] });
    const ending = new Story().isUp().tripsByHand().asksStart('routing', false);
    expectStory(ending, { phase: 'stopping, then halted', answers: ['up: operation-in-progress'] });
  });

  it('while what tripped it is still being ended: it is the trial once that is gone', () => {
    const story = new Story().isUp().tripsByHand().asksStart().killEnds();
    expectStory(story, { phase: 'starting', circuit: 'HALF_OPEN 1', acts: ['launch'] });
    expectStory(story.launchFails(NO_PID), { phase: 'down, halted', circuit: 'OPEN 1', dueInMs: 60_000 });
  });

  it('after a restart of the trial that came to nothing: no trial before the cool-down is over', () => {
    const story = onTrial().asksRestart().killEnds().launchFails(NO_PID);
    expectStory(story, { circuit: 'OPEN 1', dueInMs: 60_000 });
  });
});

describe('stop in OPEN or HALF_OPEN', () => {
  it('in OPEN: stays OPEN and due, with no timer while stopped; a later spawn is the trial', () => {
    const story = halted().waits(1).asksStop();
    expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'OPEN 1', dueInMs: null });
    expectStory(story.waits(120_000).send({ type: 'timer' }), { phase: 'stopped', acts: [] });
    expectStory(story.asksStart(), { phase: 'starting', circuit: 'HALF_OPEN 1', acts: ['launch'] });
    expectStory(story.launchSucceeds().deadlineComes(), { phase: 'running', records: ['recovery.verified'] });
  });

  it('in HALF_OPEN: the trial ends, the circuit is OPEN and due', () => {
    const story = onTrial().asksStop();
    expectStory(story, { phase: 'stopping, then stopped', circuit: 'OPEN 1', acts: ['kill agent 1002'] });
    expect(story.situation.circuit.dueAt).toBe(story.now);
    expectStory(story.killEnds(), { phase: 'stopped', circuit: 'OPEN 1', dueInMs: null });
  });

  it('circuit-reset closes without starting', () => {
    const story = halted().asksStop().asksReset();
    expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'CLOSED 0', acts: [], answers: ['up: done'] });
  });
});

describe('circuit-reset', () => {
  it('starts what is halted, with a count of 0 and a new incident to come', () => {
    const story = halted().asksReset();
    expectStory(story, { phase: 'starting', circuit: 'CLOSED 0', attempt: null, acts: ['launch'] });
    expect(story.launch.launch.trial).toBe(false);
    expectStory(story.launchSucceeds(), { answers: ['up: done'] });
  });

  it('starts what is in back-off', () => {
    expectStory(backingOff().asksReset(), { phase: 'starting', circuit: 'CLOSED 0', acts: ['launch'] });
  });

  it('starts what is being ended because it was tripped, once that is gone', () => {
    const story = new Story().isUp().tripsByHand().asksReset();
    expectStory(story, { phase: 'stopping, then start', circuit: 'CLOSED 0' });
    expectStory(story.killEnds(), { phase: 'starting', acts: ['launch'] });
  });

  it('during a spawn is answered with it', () => {
    const story = new Story().asksStart().asksReset();
    expectStory(story, { phase: 'starting', acts: [], answers: [] });
    expectStory(story.launchSucceeds(), { answers: ['up: done'] });
  });

  it('leaves what is up alone', () => {
    expectStory(onTrial().asksReset(), { phase: 'verifying', circuit: 'CLOSED 0', acts: [], answers: ['up: done'] });
  });

  it.each([
    ['somebody acts on it in a shell', (story: Story) => story.exits(KILLED, true)],
    ['its daemon was ended on purpose', (story: Story) => story.daemonIsEnded()],
  ] as const)('is no start while %s', (_, act) => {
    const story = act(new Story().isUp()).asksReset();
    expectStory(story, { circuit: 'CLOSED 0', acts: [], answers: ['up: done'] });
  });

  it('is answered while a stop is being carried out', () => {
    const story = new Story().isUp().asksStop().asksReset();
    const answers = [...story.answers, ...story.killEnds().answers];
    expectStory(story, { phase: 'stopped', circuit: 'CLOSED 0' });
    expect(answers).toContain('up: done');
  });

  it('during a spawn that comes to nothing does not strand it: what should run is tried again', () => {
    const story = halted().asksStart().asksReset().launchFails(NO_PID);
    expectStory(story, { desired: 'running', circuit: 'CLOSED 0' });
    expect(story.dueInMs).not.toBeNull();
  });
});
