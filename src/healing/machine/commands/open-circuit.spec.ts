import { HOUR_MS, HUNG, KILLED, NO_PID, PM2_AWAY, TRIPS_AT_ONCE } from '../../../../test/support/machine-builders';
import { expectStory, Story } from '../../../../test/support/machine-story';

/** Restarted after a first crash, then crashed again: the next restart is due in a second. */
function backingOff(): Story {
  return new Story().isUp().exits().launchSucceeds().waits(1).exits();
}

function halted(): Story {
  return new Story(TRIPS_AT_ONCE).isUp().exits();
}

/** A halted agent whose trial was launched. */
function onTrial(): Story {
  return halted().deadlineComes().launchSucceeds();
}

describe('a spawn or restart with an OPEN circuit', () => {
  it.each([
    ['spawn', (story: Story) => story.asksStart()],
    ['restart', (story: Story) => story.asksRestart()],
  ] as const)('is the trial, and its failure opens the circuit for the same cool-down: %s', (_, ask) => {
    const story = ask(halted());
    expectStory(story, { phase: 'starting', circuit: 'HALF_OPEN 1', acts: ['launch'] });
    expect(story.launch.launch.trial).toBe(true);
    story.launchSucceeds().waits(1).exits();
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: 60_000 });
    expect(story.records).toContain('recovery.failed');
  });

  it('takes over a trial by healing, so that its failure does not double the cool-down', () => {
    const story = onTrial().asksRestart();
    expectStory(story, { phase: 'stopping, then start', circuit: 'OPEN 1' });
    expectStory(story.killEnds(), { phase: 'starting', circuit: 'HALF_OPEN 1' });
    expectStory(story.launchSucceeds().waits(1).exits(), { phase: 'down, halted', dueInMs: 60_000 });
  });

  it('is not counted if it fails, and the circuit opens for the same cool-down', () => {
    const story = halted().waits(30_000).asksStart().launchFails(NO_PID);
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 1', dueInMs: 60_000, answers: ['up: launch-failed'] });
  });

  it('is refused in a bulk spawn and for a routed task', () => {
    const story = halted().asksStart('routing', false);
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 1', acts: [], answers: ['up: operation-in-progress'] });
    const ending = new Story().isUp().tripsByHand().asksStart('routing', false);
    expectStory(ending, { phase: 'stopping, then halted', answers: ['up: operation-in-progress'] });
  });

  it('is the trial once the process that tripped the circuit is killed', () => {
    const story = new Story().isUp().tripsByHand().asksStart().killEnds();
    expectStory(story, { phase: 'starting', circuit: 'HALF_OPEN 1', acts: ['launch'] });
    expectStory(story.launchFails(NO_PID), { phase: 'down, halted', circuit: 'OPEN 1', dueInMs: 60_000 });
  });

  it('allows no other trial before the end of the cool-down if it fails', () => {
    const story = onTrial().asksRestart().killEnds().launchFails(NO_PID);
    expectStory(story, { circuit: 'OPEN 1', dueInMs: 60_000 });
  });
});

describe('a stop', () => {
  it('with an OPEN circuit leaves it OPEN and due, and a later spawn is the trial', () => {
    const story = halted().waits(1).asksStop().killEnds();
    expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'OPEN 1', dueInMs: null });
    expectStory(story.waits(120_000).send({ type: 'timer' }), { phase: 'stopped', acts: [] });
    expectStory(story.asksStart(), { phase: 'starting', circuit: 'HALF_OPEN 1', acts: ['launch'] });
    expectStory(story.launchSucceeds().deadlineComes(), { phase: 'running', records: ['recovery.verified'] });
  });

  it('in HALF_OPEN breaks off the trial: the circuit is OPEN and due', () => {
    const story = onTrial().asksStop();
    expectStory(story, { phase: 'stopping, then stopped', circuit: 'OPEN 1', acts: ['kill agent 1002'] });
    expect(story.machineState.circuit.dueAt).toBe(story.now);
    expectStory(story.killEnds(), { phase: 'stopped', circuit: 'OPEN 1', dueInMs: null });
  });

  it('is not undone by a circuit reset', () => {
    const story = halted().asksStop().killEnds().asksReset();
    expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'CLOSED 0', acts: [], answers: ['up: done'] });
  });
});

describe('a circuit reset', () => {
  it('launches a halted agent with a count of 0 and without an incident', () => {
    const story = halted().asksReset();
    expectStory(story, { phase: 'starting', circuit: 'CLOSED 0', attempt: null, acts: ['launch'] });
    expect(story.launch.launch.trial).toBe(false);
    expectStory(story.launchSucceeds(), { answers: ['up: done'] });
  });

  it('launches an agent in back-off', () => {
    expectStory(backingOff().asksReset(), { phase: 'starting', circuit: 'CLOSED 0', acts: ['launch'] });
  });

  it('launches an agent that is being halted once its process is killed', () => {
    const story = new Story().isUp().tripsByHand().asksReset();
    expectStory(story, { phase: 'stopping, then start', circuit: 'CLOSED 0' });
    expectStory(story.killEnds(), { phase: 'starting', acts: ['launch'] });
  });

  it('during a spawn is answered with the spawn', () => {
    const story = new Story().asksStart().asksReset();
    expectStory(story, { phase: 'starting', acts: [], answers: [] });
    expectStory(story.launchSucceeds(), { answers: ['up: done'] });
  });

  it.each([
    ['a back-off', (story: Story) => story],
    ['a back-off and a pause', (story: Story) => story.send({ type: 'pause-asked', until: story.now + HOUR_MS })],
  ])('launches at once after the end of a process that healing replaces, despite %s', (_, act) => {
    const story = backingOff().deadlineComes().launchSucceeds().isChecked({ failing: HUNG });
    expectStory(story, { phase: 'stopping, then start' });
    act(story.asksReset()).killEnds();
    expectStory(story, { phase: 'starting', acts: ['launch'] });
    expectStory(story.launchSucceeds(), { answers: ['up: done'] });
  });

  it('leaves a running agent alone', () => {
    expectStory(onTrial().asksReset(), { phase: 'verifying', circuit: 'CLOSED 0', acts: [], answers: ['up: done'] });
  });

  it.each([
    ['the operator acts in a shell', (story: Story) => story.exits(KILLED, true)],
    ['its daemon was killed on purpose', (story: Story) => story.daemonIsEnded()],
  ] as const)('launches nothing while %s', (_, act) => {
    const story = act(new Story().isUp()).asksReset();
    expectStory(story, { circuit: 'CLOSED 0', acts: [], answers: ['up: done'] });
  });

  it('is answered during a stop', () => {
    const story = new Story().isUp().asksStop().asksReset();
    const answers = [...story.answers, ...story.killEnds().answers];
    expectStory(story, { phase: 'stopped', circuit: 'CLOSED 0' });
    expect(answers).toContain('up: done');
  });

  it('during a spawn that fails leaves the agent to healing', () => {
    const story = halted().asksStart().asksReset().launchFails(NO_PID);
    expectStory(story, { desired: 'running', circuit: 'CLOSED 0' });
    expect(story.dueInMs).not.toBeNull();
  });
});

describe('a trial that waits for PM2', () => {
  const waiting = () => new Story(TRIPS_AT_ONCE).isUp().exits().deadlineComes().launchFails(PM2_AWAY);

  it('is taken over by the start of the operator, so that its failure does not double the cool-down', () => {
    const story = waiting().asksStart().launchSucceeds().waits(1).exits();
    expectStory(story, { circuit: 'OPEN 2', dueInMs: 60_000 });
  });

  it('stays one of healing if healing retries it', () => {
    const story = waiting().deadlineComes();
    expectStory(story, { circuit: 'HALF_OPEN 1', records: [] });
    expectStory(story.launchSucceeds().waits(1).exits(), { circuit: 'OPEN 2', dueInMs: 120_000 });
  });
});
