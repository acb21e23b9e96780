import { ANSWERED_500, HUNG, POLICY } from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';
import { externalStatusOf } from './status';

const HUNG_FACTS = { cause: HUNG.cause, line: HUNG.line };

/** An external agent that is checked every 15 s. Its circuit opens at the second failure. */
class External extends Story {
  constructor() {
    super({ isExternal: true, circuit: { ...POLICY.circuit, failureThreshold: 2 } });
    this.machineState = { ...this.machineState, desired: 'running' };
  }

  looks(changes: object = {}): this {
    const good = { incarnation: null, problem: null, withinGrace: false, failing: null, mayAct: true };
    return this.waits(15_000).send({ type: 'checked', ...good, ...changes });
  }

  fails(times = 1): this {
    for (let count = 0; count < times; count += 1) this.looks({ problem: ANSWERED_500, failing: HUNG });
    return this;
  }

  get news() {
    return this.effects.flatMap((effect) => (effect.type === 'notify' ? [effect.news] : []));
  }

  get data() {
    return this.effects.flatMap((effect) => (effect.type === 'record' ? [[effect.event, effect.data]] : []));
  }
}

const seen = () => new External().looks();
const open = () => seen().fails(4);

describe('the health of an external agent', () => {
  it('is recorded when it turns failing, and once', () => {
    const story = seen().fails();
    expect(story.data).toContainEqual(['agent.unhealthy', HUNG_FACTS]);
    expect(story.fails().records).toEqual([]);
  });

  it('is recorded when it turns good, and once', () => {
    const story = seen().fails().looks();
    expectStory(story, { records: ['agent.healthy'] });
    expectStory(story.looks(), { records: [] });
    expect(story.fails().records).toContain('agent.unhealthy');
  });

  it('is recorded by a failing verdict without a failed check', () => {
    expectStory(seen().looks({ failing: HUNG }), { circuit: 'CLOSED 1' });
  });

  it('counts a failed check without a failing verdict only against the stable time', () => {
    const story = seen().fails().looks().looks().looks().looks();
    expectStory(story.looks({ problem: ANSWERED_500 }), { circuit: 'CLOSED 1', records: [] });
    expectStory(story.looks().looks().looks().looks(), { circuit: 'CLOSED 1' });
    expectStory(story.looks(), { circuit: 'CLOSED 0', records: [] });
  });

  it('is over after exactly the stable time, and the incident with it', () => {
    const story = seen().fails().looks().looks().looks().looks();
    expectStory(story, { circuit: 'CLOSED 1' });
    expect(story.machineState.state.incident).not.toBeNull();
    expectStory(story.looks(), { circuit: 'CLOSED 0' });
    expect(story.machineState.state.incident).toBeNull();
  });

  it('starts a new count of failed checks after a good one', () => {
    const story = seen().fails().looks().fails();
    expectStory(story, { circuit: 'OPEN 2' });
  });

  it('is diagnosed, and the reason is kept for readers', () => {
    const story = seen().fails();
    expect(story.data).toContainEqual([
      'recovery.diagnosed',
      expect.objectContaining({ ...HUNG_FACTS, remedy: 'restart' }),
    ]);
    expect(story.machineState.state.lastFailure).toMatchObject({ ...HUNG_FACTS, action: 'none' });
    expect(story.machineState.state.diagnosis).toMatchObject({ diagnosis: HUNG });
    expect(story.fails(3).machineState.state.lastFailure).toMatchObject({ action: 'halt' });
  });

  it('is escalated with the time of the trial, and nothing is restarted before', () => {
    const story = open();
    expect(story.news).toMatchObject([{ kind: 'escalated', goesOn: false, trialAt: story.now + 60_000 }]);
  });

  it('counts nothing while its circuit is open', () => {
    expectStory(open().fails(3), { circuit: 'OPEN 2', records: [] });
  });

  it('starts over after a suspend', () => {
    const story = seen().fails(3).send({ type: 'resumed' }).fails();
    expectStory(story, { circuit: 'OPEN 2' });
    const calm = seen().fails().looks().looks().looks().send({ type: 'resumed' }).looks().looks();
    expectStory(calm, { circuit: 'CLOSED 1' });
  });
});

describe('the trial of an external agent', () => {
  it('starts when it is due, not before', () => {
    const story = open();
    expectStory(story.waits(59_999).send({ type: 'timer' }), { circuit: 'OPEN 2', records: [] });
    expectStory(story.waits(1).send({ type: 'timer' }), { circuit: 'HALF_OPEN 2' });
    expect(story.data).toContainEqual(['circuit.half-opened', expect.objectContaining({ by: 'healing' })]);
  });

  it('never starts with a closed circuit', () => {
    expectStory(seen().send({ type: 'timer' }), { circuit: 'CLOSED 0', records: [], dueInMs: null });
  });
});

describe('a command on the circuit of an external agent', () => {
  it('that resets it ends the incident, and counts the next failed check', () => {
    const story = open().asksReset();
    expect(story.news).toEqual([{ kind: 'closed' }]);
    expect(story.effects).toContainEqual({ type: 'reset-tokens' });
    expectStory(story.fails(), { circuit: 'CLOSED 1' });
    expectStory(seen().fails(2).asksReset().fails(), { circuit: 'CLOSED 1' });
  });

  it('that closes it by hand ends the incident', () => {
    const story = open().send({ type: 'circuit-asked', event: { type: 'success' } });
    expect(story.news).toEqual([{ kind: 'closed' }]);
    expectStory(story, { circuit: 'CLOSED 0', answers: ['decided: done'] });
  });

  it('that counts a failure by hand keeps the incident', () => {
    const story = open().send({ type: 'circuit-asked', event: { type: 'failure', restartable: true, trial: true } });
    expect([story.news, story.machineState.state.incident === null]).toEqual([[], false]);
    expectStory(story, { circuit: 'OPEN 3', answers: ['decided: done'] });
  });
});

it('an external agent is unregistered at once, and its incident ends', () => {
  const story = open().send({ type: 'unregister-asked' });
  expectStory(story, { acts: ['unregister'], records: ['agent.unregistered'], answers: ['down: done'] });
  expect(story.news).toEqual([{ kind: 'closed' }]);
});

describe('the status of an external agent', () => {
  it.each<readonly [string, string, () => External]>([
    ['unknown', 'before its first check', () => new External()],
    ['unknown', 'before its first good check', () => new External().fails()],
    ['running', 'after a good check', seen],
    ['running', 'with one failure', () => seen().fails()],
    ['unhealthy', 'with an open circuit', open],
    ['running', 'on trial', () => open().deadlineComes()],
  ])('is %s %s', (status, _, play) => {
    expect(externalStatusOf(play().machineState)).toBe(status);
  });
});
