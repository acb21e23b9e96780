import {
  ANSWERED_500,
  checkOf,
  expectStory,
  HUNG,
  OVER_BUDGET,
  POLICY,
  Story,
  TRIPS_AT_ONCE,
} from '../../../test/support/machine-builders';
import { diagnosisOf } from '../../kernel';

const CHECKED = { isChecked: true };
const FAILED = { problem: ANSWERED_500 };
const FAILING = { problem: ANSWERED_500, failing: HUNG };

describe('the verification, where there is a health URL', () => {
  it('begins with the first good check, not with the launch', () => {
    const story = new Story(CHECKED).isUp().waits(25_000).isChecked();
    expectStory(story, { phase: 'verifying', dueInMs: POLICY.verifyMs });
    expectStory(story.deadlineComes(), { phase: 'running' });
  });

  it('without a URL begins with the launch', () => {
    expectStory(new Story().isUp(), { phase: 'verifying', dueInMs: POLICY.verifyMs });
  });

  it('is put off by a failed check, until its time after the next good one', () => {
    const story = new Story(CHECKED).isUp().isChecked().waits(9_000).isChecked(FAILED);
    expectStory(story, { phase: 'verifying', dueInMs: null });
    expectStory(story.waits(5_000).isChecked(), { phase: 'verifying', dueInMs: POLICY.verifyMs });
  });

  it('a start of 25 s is waited for, with a grace of 30 s', () => {
    const story = new Story(CHECKED).isUp();
    for (let second = 0; second < 25; second += 1) story.waits(1_000).isChecked({ ...FAILED, withinGrace: true });
    expectStory(story.isChecked(), { phase: 'verifying', circuit: 'CLOSED 0' });
    expectStory(story.deadlineComes(), { phase: 'running', circuit: 'CLOSED 0' });
  });

  it('goes on where no check has ended yet: nothing is known against it', () => {
    const story = new Story(CHECKED).isUp();
    expectStory(story.deadlineComes(), { phase: 'verifying', dueInMs: POLICY.graceMs, circuit: 'CLOSED 0' });
  });

  it('fails where no good check came within the grace: the latest failed one says why', () => {
    const story = new Story(CHECKED).isUp().waits(1_000);
    story.isChecked({ ...FAILED, withinGrace: true });
    const { process } = story.run;
    expectStory(story.deadlineComes(), {
      ...{ phase: 'stopping, then start', circuit: 'CLOSED 1', acts: [`kill run ${process.pid}`] },
      records: ['agent.unhealthy', 'recovery.diagnosed', 'recovery.scheduled'],
    });
    expect(story.situation.state.lastFailure).toMatchObject({
      ...{ cause: 'unhealthy-response', line: 'no good check within 30 s of its start: answered 500' },
    });
  });

  it('a check of another process says nothing of this one', () => {
    const story = new Story(CHECKED).isUp();
    const older = { ...story.run, process: { pid: 1, startTime: 1 } };
    const before = story.situation;
    story.send(checkOf(older, FAILING));
    expect(story.situation).toBe(before);
  });
});

describe('stable, where there is a health URL', () => {
  const verified = () => new Story(CHECKED).isUp().exits().launchSucceeds().isChecked().deadlineComes();

  it('needs at least one good check since the verification', () => {
    const story = verified();
    expectStory(story, { phase: 'running', dueInMs: null });
    expectStory(story.waits(POLICY.stableMs + 1_000), { phase: 'running', circuit: 'CLOSED 1' });
    expectStory(story.isChecked(), { phase: 'running, stable', circuit: 'CLOSED 0', attempt: null });
  });

  it('needs the latest check to be a good one', () => {
    const story = verified().isChecked().waits(1_000).isChecked(FAILED);
    expectStory(story, { phase: 'running', dueInMs: null });
    expectStory(story.waits(POLICY.stableMs).isChecked(), { phase: 'running, stable', circuit: 'CLOSED 0' });
  });

  it('comes by itself, where checks were good', () => {
    const story = verified().isChecked();
    expectStory(story, { dueInMs: POLICY.stableMs });
    expectStory(story.deadlineComes(), { phase: 'running, stable', circuit: 'CLOSED 0' });
  });

  it('begins anew after a time in which nothing ran', () => {
    const story = verified().isChecked().waits(59_000).send({ type: 'resumed' });
    expectStory(story, { phase: 'running', dueInMs: null });
  });
});

describe('a failing verdict', () => {
  it('ends the process and starts it anew: one failure', () => {
    const story = new Story(CHECKED).isUp().isChecked().deadlineComes();
    const { pid } = story.run.process;
    expectStory(story.isChecked(FAILING), {
      ...{ phase: 'stopping, then start', circuit: 'CLOSED 1', acts: [`kill run ${pid}`], status: 'recovering' },
      records: ['agent.unhealthy', 'recovery.diagnosed', 'recovery.scheduled'],
    });
    expectStory(story.killEnds(), { phase: 'starting', attempt: 0 });
  });

  it('is one failure a generation, whatever follows from it', () => {
    const story = new Story(CHECKED).isUp().isChecked().isChecked(FAILING);
    const { run } = story;
    for (const follows of [
      () => story.send(checkOf(run, FAILING)),
      () => story.exits(),
      () => story.send(checkOf(run, FAILED)),
      () => story.killEnds(),
    ])
      expectStory(follows(), { circuit: 'CLOSED 1' });
  });

  it('under policy.restart never is recorded once, and nothing is done', () => {
    const story = new Story({ ...CHECKED, restart: 'never' }).isUp().isChecked();
    expectStory(story.isChecked(FAILING), { phase: 'verifying', acts: [], records: ['agent.unhealthy'] });
    expectStory(story.isChecked(FAILING), { acts: [], records: [], circuit: 'CLOSED 0' });
    expectStory(story.isChecked(), { records: ['agent.healthy'] });
  });

  it('of many is recorded only, and acted on once it may be', () => {
    const story = new Story(CHECKED).isUp().isChecked();
    expectStory(story.isChecked({ ...FAILING, mayAct: false }), {
      ...{ phase: 'verifying', acts: [], records: ['agent.unhealthy'], circuit: 'CLOSED 0' },
    });
    expectStory(story.isChecked(FAILING), { phase: 'stopping, then start', circuit: 'CLOSED 1' });
  });

  it('that trips the circuit ends the process: halted means none', () => {
    const story = new Story({ ...CHECKED, ...TRIPS_AT_ONCE }).isUp().isChecked().isChecked(FAILING);
    expectStory(story, { phase: 'stopping, then halted', circuit: 'OPEN 1', status: 'halted' });
    expect(story.acts).toEqual([`kill agent ${story.run.process.pid}`]);
    expectStory(story.killEnds(), { phase: 'down, halted' });
  });

  it('of memory is a failure like any other', () => {
    const failing = diagnosisOf('memory-limit', 'uses 300 MB');
    const story = new Story(CHECKED).isUp().isChecked().isChecked({ failing });
    expectStory(story, { phase: 'stopping, then start', circuit: 'CLOSED 1' });
    expect(story.situation.state.lastFailure?.cause).toBe('memory-limit');
  });

  it('fails the trial of an open circuit; only stable closes it', () => {
    const trial = () =>
      new Story({ ...CHECKED, ...TRIPS_AT_ONCE }).isUp().exits().deadlineComes().launchSucceeds().isChecked();
    expectStory(trial(), { circuit: 'HALF_OPEN 1' });
    expectStory(trial().isChecked(FAILING), { circuit: 'OPEN 2', phase: 'stopping, then halted' });
    const verified = trial().deadlineComes();
    expectStory(verified, { circuit: 'HALF_OPEN 1', phase: 'running' });
    expectStory(verified.isChecked().deadlineComes(), { circuit: 'CLOSED 0', phase: 'running, stable' });
  });
});

describe('over its token budget', () => {
  it.each([
    ['whatever the policy', { restart: 'never' as const }, {}],
    ['in a fleet incident too', { isFleetIncident: true }, { mayAct: false }],
  ])('it is halted without a trial, %s', (_, policy, check) => {
    const story = new Story(policy).isUp().isChecked({ failing: OVER_BUDGET, ...check });
    expectStory(story, { phase: 'stopping, then halted', circuit: 'OPEN 1' });
    expectStory(story.killEnds(), { phase: 'down, halted', dueInMs: null });
  });

  it('until a person resets or restarts it', () => {
    const halted = () => new Story().isUp().isChecked({ failing: OVER_BUDGET }).killEnds();
    expectStory(halted().asksReset(), { phase: 'starting', circuit: 'CLOSED 0' });
    expectStory(halted().asksRestart(), { phase: 'starting', circuit: 'HALF_OPEN 1' });
  });
});
