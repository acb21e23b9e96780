import {
  ANSWERED_500,
  checkOf,
  HUNG,
  OVER_BUDGET,
  POLICY,
  TRIPS_AT_ONCE,
} from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';
import { diagnosisOf } from '../../kernel';

const CHECKED = { isChecked: true };
const FAILED = { problem: ANSWERED_500 };
const FAILING = { problem: ANSWERED_500, failing: HUNG };

describe('the verification with a health URL', () => {
  it('starts at the first good check, not at the launch', () => {
    const story = new Story(CHECKED).isUp().waits(25_000).isChecked();
    expectStory(story, { phase: 'verifying', dueInMs: POLICY.verifyMs });
    expectStory(story.deadlineComes(), { phase: 'running' });
  });

  it('starts at the launch if there is no health URL', () => {
    expectStory(new Story().isUp(), { phase: 'verifying', dueInMs: POLICY.verifyMs });
  });

  it('starts again at the first good check after a failed one', () => {
    const story = new Story(CHECKED).isUp().isChecked().waits(9_000).isChecked(FAILED);
    expectStory(story, { phase: 'verifying', dueInMs: null });
    expectStory(story.waits(5_000).isChecked(), { phase: 'verifying', dueInMs: POLICY.verifyMs });
  });

  it('waits for a start of 25 s with a startup grace of 30 s', () => {
    const story = new Story(CHECKED).isUp();
    for (let second = 0; second < 25; second += 1) story.waits(1_000).isChecked({ ...FAILED, withinGrace: true });
    expectStory(story.isChecked(), { phase: 'verifying', circuit: 'CLOSED 0' });
    expectStory(story.deadlineComes(), { phase: 'running', circuit: 'CLOSED 0' });
  });

  it('continues while no check has completed', () => {
    const story = new Story(CHECKED).isUp();
    expectStory(story.deadlineComes(), { phase: 'verifying', dueInMs: POLICY.graceMs, circuit: 'CLOSED 0' });
  });

  it('fails if no check within the startup grace is good, and names the latest problem', () => {
    const story = new Story(CHECKED).isUp().waits(1_000);
    story.isChecked({ ...FAILED, withinGrace: true });
    const { process } = story.run;
    expectStory(story.deadlineComes(), {
      ...{ phase: 'stopping, then start', circuit: 'CLOSED 1', acts: [`kill run ${process.pid}`] },
      records: ['agent.unhealthy', 'recovery.diagnosed', 'recovery.scheduled'],
    });
    expect(story.machineState.state.lastFailure).toMatchObject({
      ...{ cause: 'unhealthy-response', line: 'no good check within 30 s of the start: answered 500' },
    });
  });

  it('advises a longer startup grace and names the policy and the setting', () => {
    const story = new Story({ ...CHECKED, ...TRIPS_AT_ONCE, graceMs: 1_500 }).isUp();
    story.isChecked({ ...FAILED, withinGrace: true }).deadlineComes();
    const advice = story.machineState.state.diagnosis?.diagnosis.advice ?? '';
    for (const part of ['1.5 s', 'policy.startupGraceSeconds', 'STARTUP_GRACE_SECONDS', 'healthUrl'])
      expect(advice).toContain(part);
    expect(story.machineState.state.lastFailure?.line).toContain('within 1.5 s of the start');
    const notifications = story.effects.flatMap((effect) => (effect.type === 'notify' ? [effect.news] : []));
    expect(notifications).toMatchObject([{ kind: 'escalated', diagnosis: { advice } }]);
  });

  it('continues for a busy agent whose first check timed out before its first heartbeat', () => {
    const story = new Story(CHECKED)
      .isUp()
      .waits(1_000)
      .isChecked({ ...FAILED, withinGrace: true });
    for (let check = 0; check < 10; check += 1) story.isChecked({ isExcused: true });
    expectStory(story.deadlineComes(), { phase: 'verifying', dueInMs: POLICY.graceMs, circuit: 'CLOSED 0', acts: [] });
    expectStory(story.isChecked({ ...FAILED, withinGrace: true }).deadlineComes(), { phase: 'stopping, then start' });
  });

  it('counts an excused check as neither good nor failed', () => {
    const awaited = new Story(CHECKED).isUp().isChecked({ isExcused: true });
    expectStory(awaited, { phase: 'verifying', dueInMs: POLICY.graceMs });
    const good = new Story(CHECKED).isUp().isChecked().isChecked({ isExcused: true });
    expectStory(good, { phase: 'verifying', dueInMs: POLICY.verifyMs });
    const failed = new Story(CHECKED).isUp().isChecked().isChecked(FAILED).isChecked({ isExcused: true });
    expectStory(failed, { phase: 'verifying', dueInMs: null });
  });

  it('ignores the check of another process', () => {
    const story = new Story(CHECKED).isUp();
    const older = { ...story.run, process: { pid: 1, startTime: 1 } };
    const before = story.machineState;
    story.send(checkOf(older, FAILING));
    expect(story.machineState).toBe(before);
  });
});

describe('stability with a health URL', () => {
  const verified = () => new Story(CHECKED).isUp().exits().launchSucceeds().isChecked().deadlineComes();

  it('needs at least one good check since the verification', () => {
    const story = verified();
    expectStory(story, { phase: 'running', dueInMs: null });
    expectStory(story.waits(POLICY.stableMs + 1_000), { phase: 'running', circuit: 'CLOSED 1' });
    expectStory(story.isChecked(), { phase: 'running, stable', circuit: 'CLOSED 0', attempt: null });
  });

  it('needs the latest check to be good', () => {
    const story = verified().isChecked().waits(1_000).isChecked(FAILED);
    expectStory(story, { phase: 'running', dueInMs: null });
    expectStory(story.waits(POLICY.stableMs).isChecked(), { phase: 'running, stable', circuit: 'CLOSED 0' });
  });

  it('follows after its time if the checks were good', () => {
    const story = verified().isChecked();
    expectStory(story, { dueInMs: POLICY.stableMs });
    expectStory(story.deadlineComes(), { phase: 'running, stable', circuit: 'CLOSED 0' });
  });

  it('is awaited from the start after a suspend', () => {
    const story = verified().isChecked().waits(59_000).send({ type: 'resumed' });
    expectStory(story, { phase: 'running', dueInMs: null });
  });
});

describe('a failing verdict', () => {
  it('restarts the process and counts one failure', () => {
    const story = new Story(CHECKED).isUp().isChecked().deadlineComes();
    const { pid } = story.run.process;
    expectStory(story.isChecked(FAILING), {
      ...{ phase: 'stopping, then start', circuit: 'CLOSED 1', acts: [`kill run ${pid}`], status: 'recovering' },
      records: ['agent.unhealthy', 'recovery.diagnosed', 'recovery.scheduled'],
    });
    expectStory(story.killEnds(), { phase: 'starting', attempt: 0 });
  });

  it('is one failure a generation, with all that follows from it', () => {
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

  it('is only recorded, once, under policy.restart never', () => {
    const story = new Story({ ...CHECKED, restart: 'never' }).isUp().isChecked();
    expectStory(story.isChecked(FAILING), { phase: 'verifying', acts: [], records: ['agent.unhealthy'] });
    expectStory(story.isChecked(FAILING), { acts: [], records: [], circuit: 'CLOSED 0' });
    expectStory(story.isChecked(), { records: ['agent.healthy'] });
  });

  it('is not over after an excused check', () => {
    const story = new Story({ ...CHECKED, restart: 'never' }).isUp().isChecked().isChecked(FAILING);
    expectStory(story.isChecked({ isExcused: true }), { phase: 'verifying', records: [] });
    expectStory(story.isChecked(), { records: ['agent.healthy'] });
  });

  it('is only recorded in a fleet incident, until it may be acted on', () => {
    const story = new Story(CHECKED).isUp().isChecked();
    expectStory(story.isChecked({ ...FAILING, mayAct: false }), {
      ...{ phase: 'verifying', acts: [], records: ['agent.unhealthy'], circuit: 'CLOSED 0' },
    });
    expectStory(story.isChecked(FAILING), { phase: 'stopping, then start', circuit: 'CLOSED 1' });
  });

  it('kills the process if it opens the circuit', () => {
    const story = new Story({ ...CHECKED, ...TRIPS_AT_ONCE }).isUp().isChecked().isChecked(FAILING);
    expectStory(story, { phase: 'stopping, then halted', circuit: 'OPEN 1', status: 'halted' });
    expect(story.acts).toEqual([`kill agent ${story.run.process.pid}`]);
    expectStory(story.killEnds(), { phase: 'down, halted' });
  });

  it('for memory is a failure like any other', () => {
    const failing = diagnosisOf('memory-limit', 'uses 300 MB');
    const story = new Story(CHECKED).isUp().isChecked().isChecked({ failing });
    expectStory(story, { phase: 'stopping, then start', circuit: 'CLOSED 1' });
    expect(story.machineState.state.lastFailure?.cause).toBe('memory-limit');
  });

  it('fails a trial, which only stability passes', () => {
    const trial = () =>
      new Story({ ...CHECKED, ...TRIPS_AT_ONCE }).isUp().exits().deadlineComes().launchSucceeds().isChecked();
    expectStory(trial(), { circuit: 'HALF_OPEN 1' });
    expectStory(trial().isChecked(FAILING), { circuit: 'OPEN 2', phase: 'stopping, then halted' });
    const verified = trial().deadlineComes();
    expectStory(verified, { circuit: 'HALF_OPEN 1', phase: 'running' });
    expectStory(verified.isChecked().deadlineComes(), { circuit: 'CLOSED 0', phase: 'running, stable' });
  });
});

describe('an agent over its token budget', () => {
  it.each([
    ['whatever the policy', { restart: 'never' as const }, {}],
    ['in a fleet incident too', { isFleetIncident: true }, { mayAct: false }],
  ])('is halted without a trial, %s', (_, policy, check) => {
    const story = new Story(policy).isUp().isChecked({ failing: OVER_BUDGET, ...check });
    expectStory(story, { phase: 'stopping, then halted', circuit: 'OPEN 1' });
    expectStory(story.killEnds(), { phase: 'down, halted', dueInMs: null });
  });

  it('stays halted until an operator resets or restarts it', () => {
    const halted = () => new Story().isUp().isChecked({ failing: OVER_BUDGET }).killEnds();
    expectStory(halted().asksReset(), { phase: 'starting', circuit: 'CLOSED 0' });
    expectStory(halted().asksRestart(), { phase: 'starting', circuit: 'HALF_OPEN 1' });
  });
});
