import { HUNG, NO_MEMORY, NO_PID, PM2_AWAY, TRIPS_AT_ONCE } from '../../../../test/support/machine-builders';
import { expectStory, Story } from '../../../../test/support/machine-story';

const up = () => new Story().isUp();
const stopped = () => up().asksStop().killEnds();
const backingOff = () => up().exits().launchFails(NO_PID);
const halted = () => new Story(TRIPS_AT_ONCE).isUp().exits();
const isBeingRestarted = () => up().isChecked({ failing: HUNG });
const neverUp = () => new Story().asksStart().tripsByHand().launchFails(NO_PID);

describe('a command whose launch fails', () => {
  it.each<readonly [string, () => Story, object]>([
    ['a start by routing', () => new Story().asksStart('routing'), { phase: 'stopped', desired: 'stopped' }],
    ['a start of a stopped agent', () => stopped().asksStart(), { phase: 'stopped', desired: 'stopped' }],
    ['a restart of a stopped agent', () => stopped().asksRestart(), { phase: 'stopped', desired: 'stopped' }],
    ['a start during a stop', () => up().asksStop().asksStart().killEnds(), { phase: 'stopped', desired: 'stopped' }],
    [
      'a restart during a stop',
      () => up().asksStop().asksRestart().killEnds(),
      { phase: 'stopped', desired: 'stopped' },
    ],
    ['a restart', () => up().asksRestart().killEnds(), { phase: 'down, waiting', desired: 'running', dueInMs: 2_000 }],
    [
      'a start during a restart by healing',
      () => isBeingRestarted().asksStart().killEnds(),
      { phase: 'down, waiting', desired: 'running', dueInMs: 2_000 },
    ],
    [
      'a restart during a restart by healing',
      () => isBeingRestarted().asksRestart().killEnds(),
      { phase: 'down, waiting', desired: 'running', dueInMs: 2_000 },
    ],
    ['a start in a back-off', () => backingOff().asksStart(), { phase: 'down, backing-off', desired: 'running' }],
    ['a reset in a back-off', () => backingOff().asksReset(), { phase: 'down, waiting', dueInMs: 2_000 }],
    [
      'a reset during the delay of a restart of a stopped agent',
      () => stopped().asksRestart(5_000).asksReset(),
      { phase: 'stopped', desired: 'stopped' },
    ],
    [
      'a start of an agent that is being halted',
      () => up().tripsByHand().asksStart().killEnds(),
      { phase: 'down, halted', desired: 'running', dueInMs: 60_000 },
    ],
    [
      'a start of a halted agent whose circuit was reset meanwhile',
      () => halted().asksStart().asksReset(),
      { phase: 'down, waiting', circuit: 'CLOSED 0', dueInMs: 2_000 },
    ],
  ])('leaves the agent as it was: %s', (_, play, picture) => {
    const story = play().launchFails(NO_PID);
    expectStory(story, { ...picture, answers: ['up: launch-failed'], acts: [] });
  });

  it.each([
    ['PM2 does not answer', PM2_AWAY, 'process-manager-unavailable'],
    ['the machine lacks a resource', NO_MEMORY, 'launch-failed'],
    ['there is no file', { kind: 'refused', refusal: 'entry-point-missing', evidence: 'x' }, 'entry-point-not-found'],
    [
      'there is no interpreter',
      { kind: 'refused', refusal: 'interpreter-missing', evidence: 'x' },
      'interpreter-not-found',
    ],
    ['its definition is wrong', { kind: 'refused', refusal: 'configuration', evidence: 'x' }, 'invalid-request'],
  ] as const)('is answered with the reason: %s', (_, fault, code) => {
    expectStory(new Story().asksStart().launchFails(fault), { phase: 'stopped', answers: [`up: ${code}`] });
  });

  it('waits for the command that superseded it before PM2 was called', () => {
    const story = new Story().asksStart();
    const before = story.machineState;
    expectStory(story.launchFails({ kind: 'cancelled' }), { answers: [], acts: [] });
    expect(story.machineState).toBe(before);
  });
});

describe('the launch of a command', () => {
  const requested = { by: 'operator', attempt: null, trial: false };
  const first = { kind: 'spawn', pidBefore: null };
  const next = { kind: 'restart', pidBefore: 1001 };

  it.each<readonly [string, () => Story, object]>([
    [
      'a first start',
      () => new Story().asksStart(),
      { ...requested, ...first, mustBeListed: false, afterSweeps: true },
    ],
    ['a start of a stopped agent', () => stopped().asksStart(), { ...requested, ...first }],
    ['a start of a halted agent', () => halted().asksStart(), { ...requested, ...next, trial: true }],
    ['a restart of a halted agent', () => halted().asksRestart(), { ...requested, ...next, trial: true }],
    ['a restart', () => up().asksRestart().killEnds(), { ...requested, ...next, mustBeListed: true }],
    [
      'a reset in a back-off',
      () => backingOff().asksReset(),
      { ...requested, ...next, mustBeListed: true, reason: 'circuit reset' },
    ],
    ['a start before any process was up', () => neverUp().asksStart(), { ...requested, ...first, trial: true }],
    ['a reset before any process was up', () => neverUp().asksReset(), { ...requested, ...first }],
    ['a start during a restart by healing', () => isBeingRestarted().asksStart().killEnds(), { ...requested, ...next }],
    [
      'a restart by healing',
      () => isBeingRestarted().killEnds(),
      { by: 'healing', attempt: 1, ...next, mustBeListed: true, afterSweeps: false, fallback: null },
    ],
    ['a trial', () => halted().deadlineComes(), { by: 'healing', attempt: 1, ...next, trial: true }],
    [
      'a trial after a restart',
      () => up().exits().launchSucceeds().tripsByHand().killEnds().deadlineComes(),
      { attempt: 2, pidBefore: 1002 },
    ],
    [
      'a trial before any process was up',
      () => neverUp().deadlineComes(),
      { by: 'healing', attempt: 1, pidBefore: null },
    ],
  ])('names its origin and the process that it replaces: %s', (_, play, launch) => {
    expect(play().launch.launch).toMatchObject(launch);
  });
});

describe('a refusal says what to do', () => {
  const pauses = (story: Story) => story.send({ type: 'pause-asked', until: story.now + 60_000 });
  const asksRecovery = (story: Story) => story.send({ type: 'recovery-asked', reason: 'asked' });

  it.each<readonly [string, () => Story, string]>([
    ['a start of a halted agent by routing', () => halted().asksStart('routing', false), 'reset its circuit'],
    ['a recovery of a halted agent', () => asksRecovery(halted()), 'reset its circuit'],
    ['a recovery of an agent that is being halted', () => asksRecovery(up().tripsByHand()), 'reset its circuit'],
    ['a recovery of a stopped agent', () => asksRecovery(stopped()), 'Start it'],
    ['a recovery of a paused agent', () => asksRecovery(pauses(backingOff())), 'Resume it'],
    ['a recovery during pm2 kill', () => asksRecovery(up().daemonIsEnded()), 'Start it'],
    ['a start that a stop superseded', () => new Story().asksStart().asksStop(), 'Start the agent again'],
    ['a start that pm2 stop superseded', () => new Story().asksStart().operatorStops(0), 'Start the agent again'],
    ['a command on an external agent', () => new Story({ isExternal: true }).asksStart(), 'where it runs'],
    ['a stop of a process that does not die', () => up().asksStop().killEnds(false), '1001'],
  ])('%s', (_, play, advice) => {
    const details = play().effects.flatMap((effect) =>
      effect.type === 'answer' && effect.answer.kind === 'refused' ? [effect.answer.detail] : [],
    );
    expect(details).toEqual([expect.stringContaining(advice)]);
  });
});

describe('a start', () => {
  it.each([
    ['operator', 'asked'],
    ['routing', 'a task needs it'],
    ['autostart', 'autostart'],
  ] as const)('by %s has the reason: %s', (by, reason) => {
    expect(new Story().asksStart(by).launch.launch).toMatchObject({ by, reason, kind: 'spawn', trial: false });
  });
});

describe('a new token budget', () => {
  const grants = (story: Story) => story.effects.some(({ type }) => type === 'reset-tokens');

  it('is granted by a restart of a halted agent and by a reset, and by no other restart', () => {
    expect(grants(new Story({ restart: 'never' }).isUp().exits().asksRestart())).toBe(true);
    expect(grants(new Story().isUp().asksReset())).toBe(true);
    expect(grants(new Story().isUp().asksRestart())).toBe(false);
  });
});
