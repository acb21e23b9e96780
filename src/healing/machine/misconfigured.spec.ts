import { checkOf, HUNG, ANSWERED_500, POLICY } from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';
import type { MachineEvent } from './event';

type Checked = Extract<MachineEvent, { type: 'checked' }>;
type Misconfigured = NonNullable<Checked['misconfigured']>;

const ANSWERED_401: Misconfigured = { line: 'answered 401', advice: 'set healthHeaders', setup: 'first' };
const CHECKED = { isChecked: true };

/** Story that keeps the notifications sent to the operator. */
class NotifiedStory extends Story {
  readonly notified: string[] = [];

  override send(event: MachineEvent): this {
    super.send(event);
    for (const effect of this.effects) if (effect.type === 'notify') this.notified.push(effect.news.kind);
    return this;
  }

  answers401(times = 1, changes: Partial<Misconfigured> = {}): this {
    for (let count = 0; count < times; count += 1) this.isMisconfigured({ ...ANSWERED_401, ...changes });
    return this;
  }

  isMisconfigured(misconfigured: Misconfigured): this {
    const isExternal = this.policy.isExternal;
    const good = isExternal ? { ...checkOf(this.runFor('none')), incarnation: null } : checkOf(this.run);
    return this.waits(15_000).send({ ...good, misconfigured });
  }
}

describe('a misconfigured check', () => {
  it('neither restarts the agent nor counts, however long it lasts', () => {
    const story = new NotifiedStory(CHECKED).isUp().isChecked().deadlineComes().answers401(50).deadlineComes();
    expectStory(story, { phase: 'running, stable', circuit: 'CLOSED 0', acts: [], status: 'running' });
  });

  it('lets an agent become verified and stable, because its process answers', () => {
    const story = new NotifiedStory(CHECKED).isUp().waits(POLICY.graceMs - 15_000 - 1);
    expectStory(story.answers401(), { phase: 'verifying', dueInMs: POLICY.verifyMs });
    expectStory(story.deadlineComes(), { phase: 'running' });
    expectStory(story.answers401().deadlineComes(), { phase: 'running, stable', circuit: 'CLOSED 0' });
  });

  it('is notified once, even with excused checks between', () => {
    const story = new NotifiedStory(CHECKED).isUp().answers401(3).isChecked({ isExcused: true }).answers401(3);
    expect(story.notified).toEqual(['check-misconfigured']);
  });

  it('lets an incident close by stability', () => {
    const story = new NotifiedStory(CHECKED).isUp().exits().launchSucceeds().answers401().deadlineComes();
    story.answers401(6).deadlineComes();
    expectStory(story, { phase: 'running, stable', circuit: 'CLOSED 0', attempt: null });
  });

  it('leaves an unhealthy agent unhealthy until a good check', () => {
    const story = new NotifiedStory({ ...CHECKED, restart: 'never' }).isUp().isChecked();
    story.isChecked({ problem: ANSWERED_500, failing: HUNG });
    expectStory(story.answers401(), { records: [] });
    expectStory(story.isChecked(), { records: ['agent.healthy'] });
  });

  it('does not hide a failing verdict', () => {
    const story = new NotifiedStory(CHECKED).isUp().isChecked();
    story.send({ ...checkOf(story.run, { failing: HUNG }), misconfigured: ANSWERED_401 });
    expectStory(story, { phase: 'stopping, then start', circuit: 'CLOSED 1' });
  });
});

describe.each([
  ['of an agent that the supervisor launches', CHECKED],
  ['an external agent', { ...CHECKED, isExternal: true }],
])('the notification of a misconfigured check, %s', (_, policy) => {
  const up = (): NotifiedStory => {
    const story = new NotifiedStory(policy);
    if (!story.policy.isExternal) return story.isUp();
    story.machineState = { ...story.machineState, desired: 'running' };
    return story;
  };
  const good = (story: NotifiedStory) =>
    story.send({
      ...checkOf(story.runFor('none')),
      ...(story.policy.isExternal ? { incarnation: null } : checkOf(story.run)),
    });
  const failed = (story: NotifiedStory) => {
    const { incarnation } = story.policy.isExternal ? { incarnation: null } : checkOf(story.run);
    return story.send({ ...checkOf(story.runFor('none'), { problem: ANSWERED_500 }), incarnation });
  };

  it('is sent at the third check in a row, once', () => {
    const story = up();
    expect(story.answers401(2).notified).toEqual([]);
    expect(story.answers401().notified).toEqual(['check-misconfigured']);
    expect(story.effects).toContainEqual(
      expect.objectContaining({
        type: 'notify',
        news: { kind: 'check-misconfigured', line: 'answered 401', advice: 'set healthHeaders' },
      }),
    );
    expect(story.answers401(200).notified).toHaveLength(1);
  });

  it('needs three in a row, without a good or failed check between', () => {
    const story = up();
    good(story.answers401(2)).answers401(2);
    failed(story).answers401(2);
    expect(story.notified).toEqual([]);
    expect(story.answers401().notified).toHaveLength(1);
  });

  it('is sent again after a good check, not after a failed one', () => {
    const story = up().answers401(3);
    failed(story).answers401(9);
    expect(story.notified).toHaveLength(1);
    good(story).answers401(3);
    expect(story.notified).toHaveLength(2);
  });

  it('is sent again after a change of healthUrl or healthHeaders that did not help', () => {
    const story = up().answers401(3).answers401(2, { setup: 'second' });
    expect(story.notified).toHaveLength(1);
    expect(story.answers401(5, { setup: 'second' }).notified).toHaveLength(2);
  });

  it('is not sent again after a supervisor restart', () => {
    const story = up().answers401(3);
    story.supervisorRestarts();
    expect(story.answers401(9).notified).toHaveLength(1);
  });

  it('waits while the agent is paused', () => {
    const story = up();
    story.send({ type: 'pause-asked', until: story.now + 3_600_000 }).answers401(9);
    expect(story.notified).toEqual([]);
    story.send({ type: 'resume-asked' });
    expect(story.answers401(3).notified).toHaveLength(1);
  });
});

describe('an external agent', () => {
  const EXTERNAL = { ...CHECKED, isExternal: true };

  it('keeps its status over misconfigured checks', () => {
    const story = new NotifiedStory(EXTERNAL);
    story.machineState = { ...story.machineState, desired: 'running' };
    story.answers401(5);
    expect(story.machineState.state.external).toBeNull();
    const checked = (changes: Partial<Checked>) =>
      story.send({ ...checkOf(story.runFor('none'), changes), incarnation: null });
    checked({});
    for (let count = 0; count < 30; count += 1) checked({ problem: ANSWERED_500, failing: HUNG });
    const { circuit } = story;
    expect(circuit).toMatch(/^OPEN/);
    story.answers401(5);
    expectStory(story, { circuit });
  });
});
