import { ANSWERED_500, HUNG, POLICY } from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';

const CHECKED = { isChecked: true };
const BAD = { problem: ANSWERED_500 };
const EARLY = { problem: ANSWERED_500, withinGrace: true };
const EXCUSED = { isExcused: true } as const;

const up = () => new Story(CHECKED).isUp();
const verified = () => up().isChecked().deadlineComes();
const stateOf = ({ machineState }: Story) => machineState.state;

describe('the checks of a process that is not verified', () => {
  it.each<readonly [string, () => Story, number | null]>([
    ['none: the grace', up, POLICY.graceMs],
    ['a good one: the time to verify', () => up().waits(5).isChecked(), POLICY.verifyMs],
    ['good ones: the time since the first', () => up().isChecked().waits(400).isChecked(), POLICY.verifyMs - 400],
    ['a failed one within the grace: the grace', () => up().isChecked(EARLY), POLICY.graceMs],
    ['a failed one before any good one: the grace', () => up().isChecked(BAD), POLICY.graceMs],
    ['a failed one after a good one: none', () => up().isChecked().isChecked(BAD), null],
    ['an early failed one after a good one: the grace', () => up().isChecked().isChecked(EARLY), POLICY.graceMs],
    [
      'a good one after a failed one: the time to verify',
      () => up().isChecked().isChecked(BAD).waits(5).isChecked(),
      POLICY.verifyMs,
    ],
    ['an excused one after a good one: the time to verify', () => up().isChecked().isChecked(EXCUSED), POLICY.verifyMs],
    ['an excused one: the grace', () => up().isChecked(EXCUSED), POLICY.graceMs],
  ])('set its deadline: %s', (_, play, dueInMs) => {
    expectStory(play(), { phase: 'verifying', dueInMs });
  });

  it('at least a second passes before the grace is over', () => {
    expectStory(new Story({ ...CHECKED, graceMs: 0 }).isUp(), { dueInMs: 1_000 });
  });

  it('an excused one is evidence for the agent, which has a whole grace again', () => {
    const story = up().isChecked(EARLY).isChecked(EXCUSED).deadlineComes();
    expectStory(story, { phase: 'verifying', circuit: 'CLOSED 0', dueInMs: POLICY.graceMs });
    expectStory(up().isChecked(EARLY).deadlineComes(), { phase: 'stopping, then start', circuit: 'CLOSED 1' });
  });

  it('the latest failed one is the reason once the grace is over', () => {
    const later = { problem: { cause: 'hung', line: 'no answer' } as const, withinGrace: true };
    const story = up().isChecked(EARLY).isChecked(later).deadlineComes();
    expect(stateOf(story).lastFailure).toMatchObject({
      cause: 'hung',
      line: 'no good check within 30 s of the start: no answer',
    });
  });

  it.each<readonly [string, () => Story]>([
    ['in a fleet incident', () => new Story({ ...CHECKED, isFleetIncident: true }).isUp()],
    ['while it is paused', () => up().send({ type: 'pause-asked', until: Infinity })],
  ])('decide alone after a grace that passed %s', (_, play) => {
    const story = play().isChecked(EARLY).deadlineComes();
    expectStory(story, { phase: 'verifying', acts: [], records: ['agent.unhealthy'] });
    expect(stateOf(story).phase).toMatchObject({ checked: { kind: 'failed' } });
    expect(stateOf(story.waits(5).isChecked()).phase).toMatchObject({ checked: { kind: 'good', since: story.now } });
  });
});

describe('a check that shows nothing new changes nothing, so that nothing is saved', () => {
  it.each<readonly [string, () => Story, object]>([
    ['a good one after a good one', () => up().isChecked(), {}],
    ['a failed one after a failed one', () => up().isChecked(BAD), BAD],
    ['a failed one after a failed one after a good one', () => up().isChecked().isChecked(BAD), BAD],
    ['an excused one after none', up, EXCUSED],
    ['an excused one after a good one', () => up().isChecked(), EXCUSED],
    ['a good one of a stable agent', () => verified().isChecked().deadlineComes(), {}],
    ['a failed one of a stable agent', () => verified().isChecked().deadlineComes(), BAD],
    [
      'a good one after a recovery',
      () =>
        up()
          .isChecked()
          .isChecked({ ...BAD, failing: HUNG, mayAct: false })
          .isChecked(),
      {},
    ],
  ])('%s', (_, play, check) => {
    const story = play();
    const before = story.machineState;
    story.isChecked(check);
    expect([story.machineState === before, story.effects]).toEqual([true, []]);
  });
});

describe('a verified agent', () => {
  it('is stable at the end of its time, once a check since then was good', () => {
    const story = verified().waits(POLICY.stableMs);
    expectStory(story.send({ type: 'timer' }), { phase: 'running' });
    expectStory(story.isChecked(), { phase: 'running, stable' });
    expectStory(verified().isChecked().deadlineComes(), { phase: 'running, stable' });
  });

  it('is not stable before', () => {
    const story = verified()
      .waits(POLICY.stableMs - 1)
      .isChecked();
    expectStory(story, { phase: 'running', dueInMs: 1 });
  });

  it('closes the circuit of a trial, without an incident too', () => {
    const story = new Story().isUp().tripsByHand().killEnds().asksStop().killEnds().asksStart().launchSucceeds();
    expectStory(story, { circuit: 'HALF_OPEN 1', attempt: null });
    expectStory(story.becomesStable(), { phase: 'running, stable', circuit: 'CLOSED 0', records: ['circuit.closed'] });
  });
});

describe('a failing verdict', () => {
  it('restarts at once in a fleet incident if it may be acted on, because only restarts after exits are spread', () => {
    const fleet = { isFleetIncident: true };
    expectStory(new Story(fleet).isUp().isChecked({ failing: HUNG }).killEnds(), { phase: 'starting' });
    expectStory(new Story(fleet).isUp().exits(), { phase: 'down, backing-off', dueInMs: 30_000 });
  });

  it('is recorded once per process', () => {
    const story = up().isChecked({ failing: HUNG, mayAct: false }).isChecked({ failing: HUNG, mayAct: false });
    expectStory(story, { records: [] });
    expectStory(story.isChecked(BAD), { records: [] });
  });
});
