import { HUNG, NO_PID, PM2_AWAY, TRIPS_AT_ONCE, YOUNGER_DAEMON } from '../../../test/support/machine-builders';
import { diagnosisOf, FAILURE_CAUSES } from '../../kernel';
import { expectStory, Story } from '../../../test/support/machine-story';
import type { Effect } from './effect';

const STUCK = diagnosisOf('stuck', 'no progress for 60 s while busy with "crawl shop"');
const isStuck = (story: Story) => story.isChecked({ failing: STUCK });
const failureOf = (story: Story) => story.launch.launch.failure;
const TOLD = { cause: STUCK.cause, line: STUCK.line };

/** Halted because it was stuck. */
const halted = () => isStuck(new Story(TRIPS_AT_ONCE).isUp()).killEnds();

describe('a launch after a failure', () => {
  it.each(FAILURE_CAUSES.filter((cause) => diagnosisOf(cause, '').remedy === 'restart'))(
    'carries the cause and the line: %s',
    (cause) => {
      const story = new Story()
        .isUp()
        .isChecked({ failing: diagnosisOf(cause, 'what happened') })
        .killEnds();
      expect(failureOf(story)).toEqual({ cause, line: 'what happened' });
    },
  );

  it.each<readonly [string, () => Story]>([
    ['the first restart', () => isStuck(new Story().isUp()).killEnds()],
    [
      'a restart after its back-off',
      () => isStuck(isStuck(new Story().isUp()).killEnds().launchSucceeds()).killEnds().deadlineComes(),
    ],
    ['the trial after the cool-down', () => halted().deadlineComes()],
    ['a spawn while it is halted', () => halted().asksStart()],
    [
      'a spawn while it is being killed to be halted',
      () => isStuck(new Story(TRIPS_AT_ONCE).isUp()).asksStart().killEnds(),
    ],
    ['a spawn that takes over the restart', () => isStuck(new Story().isUp()).asksStart().killEnds()],
    ['a restart without a reason while it is halted', () => halted().asksRestart()],
    ['a circuit reset', () => halted().asksReset()],
    [
      'a recovery that a caller asks for',
      () =>
        isStuck(isStuck(new Story().isUp()).killEnds().launchSucceeds())
          .killEnds()
          .send({ type: 'recovery-asked', reason: 'asked' }),
    ],
    ['a retry, as PM2 was away', () => isStuck(new Story().isUp()).killEnds().launchFails(PM2_AWAY).deadlineComes()],
    ['a circuit closed through the API', () => halted().send({ type: 'circuit-asked', event: { type: 'success' } })],
    [
      'a restart at the end of a pause',
      () =>
        isStuck(new Story().isUp())
          .send({ type: 'pause-asked', until: Number.MAX_SAFE_INTEGER })
          .killEnds()
          .send({ type: 'resume-asked' })
          .deadlineComes(),
    ],
  ])('carries the failure: %s', (_, tell) => {
    expect(failureOf(tell())).toEqual(TOLD);
  });

  it('carries the latest failure, also that of a launch', () => {
    const story = isStuck(new Story().isUp()).killEnds().launchFails(NO_PID).deadlineComes();
    expect(failureOf(story)).toEqual({ cause: 'unknown', line: 'could not be launched: PM2 gave no pid.' });
  });

  it.each<readonly [string, () => Story]>([
    ['a first start', () => new Story().asksStart()],
    ["an operator's restart of a healthy agent", () => new Story().isUp().asksRestart().killEnds()],
    [
      "an operator's restart with a reason",
      () => halted().send({ type: 'restart-asked', reason: 'new key', delayMs: 0 }),
    ],
    ['a start after a stop', () => halted().asksStop().killEnds().asksStart()],
    ['a loss of the daemon', () => new Story().isUp().sees({ daemon: YOUNGER_DAEMON, scanned: true })],
    [
      'a restart after the recovery',
      () => isStuck(new Story().isUp()).killEnds().launchSucceeds().becomesStable().asksRestart().killEnds(),
    ],
  ])('carries none after %s', (_, tell) => {
    expect(failureOf(tell())).toBeUndefined();
  });
});

describe('a launch of healing beyond the token budget', () => {
  const line = 'used 1200 tokens; its budget is 1000';
  const REFUSED = { kind: 'refused', refusal: 'over-budget', evidence: line } as const;
  const notified = (story: Story) => story.effects.filter(({ type }) => type === 'notify');

  it('halts the agent without a trial, and notifies the operator once', () => {
    const story = new Story().isUp().exits().launchFails(REFUSED);
    expectStory(story, { phase: 'down, halted', desired: 'running', circuit: 'OPEN 2', dueInMs: null });
    expect(story.machineState.state.lastFailure).toMatchObject({ cause: 'over-budget', line, action: 'halt' });
    expect(notified(story)).toMatchObject([
      {
        news: { diagnosis: { cause: 'over-budget', evidence: [{ source: 'heartbeat', detail: line }] }, trialAt: null },
      },
    ]);
  });

  it('as the trial ends it: no further trial, and no second message', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits().deadlineComes().launchFails(REFUSED);
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: null });
    expect(notified(story)).toEqual([]);
  });

  it('tells a caller what to do', () => {
    const story = new Story().isUp().exits().launchSucceeds().exits();
    story.send({ type: 'recovery-asked', reason: 'asked' }).launchFails(REFUSED);
    const detail = `The agent is over its token budget (it ${line}). Reset its circuit, which grants a new budget.`;
    expect(story.effects).toContainEqual({
      type: 'answer',
      waiters: 'up',
      answer: { kind: 'refused', code: 'operation-in-progress', detail },
    });
  });
});

describe('the task that a recovered process was given', () => {
  const named = (effects: readonly Effect[]) =>
    effects.filter((effect) => JSON.stringify(effect).includes('crawl shop'));
  const recovering = (resumedTask?: string) =>
    halted()
      .deadlineComes()
      .launchSucceeds(resumedTask === undefined ? {} : { resumedTask });

  it('is named in the history, and in the notification of the recovery', () => {
    const story = recovering('crawl shop').deadlineComes();
    expect(story.records).toEqual(['recovery.verified']);
    expect(named(story.effects)).toMatchObject([{ event: 'recovery.verified', data: { resumedTask: 'crawl shop' } }]);
    story.deadlineComes();
    expect(named(story.effects)).toMatchObject([
      { event: 'agent.healthy', data: { incidentOver: true, resumedTask: 'crawl shop' } },
      { type: 'notify', news: { kind: 'recovered', resumedTask: 'crawl shop' } },
    ]);
  });

  it('is not named if there was none', () => {
    const story = recovering().becomesStable();
    expect(story.effects.filter((effect) => JSON.stringify(effect).includes('resumedTask'))).toEqual([]);
  });

  it('is that of the process that recovered, not of one before it', () => {
    const story = recovering('crawl shop').isChecked({ failing: HUNG }).killEnds().deadlineComes().launchSucceeds();
    story.becomesStable();
    expect(named(story.effects)).toEqual([]);
  });

  it('is not named if the operator closed the incident', () => {
    const story = recovering('crawl shop').asksReset();
    expect(story.effects.filter(({ type }) => type === 'notify')).toMatchObject([{ news: { kind: 'closed' } }]);
  });
});
