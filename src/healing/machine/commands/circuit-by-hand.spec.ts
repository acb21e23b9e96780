import { HUNG, KILLED, NO_PID, PM2_AWAY, TRIPS_AT_ONCE } from '../../../../test/support/machine-builders';
import { expectStory, Story } from '../../../../test/support/machine-story';

const up = () => new Story().isUp();
const backingOff = () => up().exits().launchSucceeds().waits(1).exits();
const halted = () => new Story(TRIPS_AT_ONCE).isUp().exits();
const succeedsByHand = (story: Story) => story.send({ type: 'circuit-asked', event: { type: 'success' } });
const unhealthy = () => up().isChecked({ failing: HUNG, mayAct: false });
/** A requested launch whose caller no longer waits. */
const requested = () => new Story().asksStart().supervisorRestarts();
const asksRecovery = (story: Story) => story.send({ type: 'recovery-asked', reason: 'asked' });

describe('a circuit that is opened by hand', () => {
  it.each<readonly [string, () => Story, string, string[], string[]]>([
    ['kills an agent that is up', up, 'stopping, then halted', ['kill agent 1001'], []],
    ['kills a verified agent', () => up().deadlineComes(), 'stopping, then halted', ['kill agent 1001'], []],
    ['cancels a back-off', backingOff, 'down, halted', [], []],
    ['cancels the retry of a restart', () => up().exits().launchFails(PM2_AWAY), 'down, halted', [], []],
    [
      'lets the outcome of a pending launch be awaited',
      () => new Story().asksStart(),
      'stopping, then halted',
      [],
      ['up: operation-in-progress'],
    ],
    [
      'cancels the start after a kill by healing',
      () => up().isChecked({ failing: HUNG }),
      'stopping, then halted',
      ['kill agent 1001'],
      ['up: operation-in-progress'],
    ],
    [
      'cancels the start after a kill for a recovery',
      () => asksRecovery(unhealthy()),
      'stopping, then halted',
      ['kill agent 1001'],
      ['up: operation-in-progress'],
    ],
  ])('%s', (_, play, phase, acts, answers) => {
    const story = play().tripsByHand();
    expectStory(story, { phase, desired: 'running', acts, answers: [...answers, 'decided: done'] });
    expect(story.records).toContain('recovery.escalated');
  });

  it.each<readonly [string, () => Story, string]>([
    ['a stopped agent', () => up().asksStop().killEnds(), 'stopped'],
    ['a stop in progress', () => up().asksStop(), 'stopping, then stopped'],
    ['a restart by the operator', () => up().asksRestart(), 'stopping, then start'],
    ['a delayed restart by the operator', () => up().asksRestart(5_000).killEnds(), 'down, restart-delay'],
    ['a start by the operator that PM2 could not take', () => requested().launchFails(PM2_AWAY), 'down, waiting'],
    ['an operator who acts in a shell', () => up().exits(KILLED, true), 'down, operator-acting'],
  ])('leaves %s alone', (_, play, phase) => {
    const before = play();
    const { dueInMs } = before;
    const story = before.tripsByHand();
    expectStory(story, { phase, acts: [], answers: ['decided: done'], dueInMs });
    expect(story.machineState.circuit.state).toBe('OPEN');
  });

  it('escalates once', () => {
    const story = up().tripsByHand().killEnds();
    expect(story.tripsByHand().records).not.toContain('recovery.escalated');
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2' });
  });

  it('kills the process of the pending launch, and does not restart it', () => {
    const story = new Story().asksStart().tripsByHand().launchSucceeds();
    expectStory(story, { phase: 'stopping, then halted', acts: ['kill agent 1001'] });
    expectStory(story.killEnds(), { phase: 'down, halted', acts: [], dueInMs: 60_000 });
    expectStory(new Story().asksStart().tripsByHand().launchFails(NO_PID), { phase: 'down, halted', acts: [] });
  });

  it('looks for the process of an unanswered launch', () => {
    const story = new Story().asksStart().launchIsUnknown().tripsByHand();
    expectStory(story, { phase: 'stopping, then halted', dueInMs: 1_000 });
  });
});

describe('a circuit that is closed by hand', () => {
  it('launches a halted agent, in the place of its last process', () => {
    const story = succeedsByHand(halted());
    expectStory(story, { phase: 'starting', circuit: 'CLOSED 0', acts: ['launch'], answers: ['decided: done'] });
    expect(story.launch.launch).toMatchObject({ by: 'healing', kind: 'restart', trial: false, pidBefore: 1001 });
  });

  it('launches an agent that is being halted once its process is killed', () => {
    const story = succeedsByHand(up().tripsByHand());
    expectStory(story, { phase: 'stopping, then start', circuit: 'CLOSED 0', acts: [] });
    story.killEnds();
    expectStory(story, { phase: 'starting', acts: ['launch'] });
    expect(story.launch.launch).toMatchObject({ by: 'healing', kind: 'restart', pidBefore: 1001 });
  });

  it('launches an agent that is halted by hand before it had a process', () => {
    const story = succeedsByHand(new Story().asksStart().tripsByHand()).launchFails(NO_PID);
    expectStory(story, { phase: 'starting', acts: ['launch'] });
    expect(story.launch.launch.pidBefore).toBeNull();
    const later = succeedsByHand(new Story().asksStart().tripsByHand().launchFails(NO_PID));
    expect(later.launch.launch.pidBefore).toBeNull();
  });

  it.each<readonly [string, () => Story, string]>([
    ['an agent that is up', () => halted().deadlineComes().launchSucceeds(), 'verifying'],
    ['a launch in progress', () => halted().deadlineComes(), 'starting'],
    ['a back-off', backingOff, 'down, backing-off'],
    ['a halted agent that the operator stopped', () => halted().asksStop().killEnds(), 'stopped'],
    ['a restart', () => halted().deadlineComes().launchSucceeds().asksRestart(), 'stopping, then start'],
  ])('leaves %s alone', (_, play, phase) => {
    expectStory(succeedsByHand(play()), { phase, circuit: 'CLOSED 0', acts: [], answers: ['decided: done'] });
  });
});

describe('a failure that is counted by hand', () => {
  it('changes nothing but the count, as long as the circuit stays closed', () => {
    const failure = { type: 'failure', restartable: true, trial: true } as const;
    const story = up().send({ type: 'circuit-asked', event: failure });
    expectStory(story, { phase: 'verifying', circuit: 'CLOSED 1', acts: [], records: [], answers: ['decided: done'] });
  });
});
