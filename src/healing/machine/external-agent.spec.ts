import { ANSWERED_500, HUNG, POLICY } from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';
import type { MachineEvent } from './event';

const EXTERNAL = { isExternal: true, circuit: { ...POLICY.circuit, failureThreshold: 2 } };
type Checked = Extract<MachineEvent, { type: 'checked' }>;

class Outside extends Story {
  constructor() {
    super(EXTERNAL);
    this.machineState = { ...this.machineState, desired: 'running' };
  }

  looks(changes: Partial<Checked> = {}): this {
    const good = { incarnation: null, problem: null, withinGrace: false, failing: null, mayAct: true };
    return this.waits(15_000).send({ type: 'checked', ...good, ...changes });
  }

  fails(times = 1, changes: Partial<Checked> = {}): this {
    for (let count = 0; count < times; count += 1) this.looks({ problem: ANSWERED_500, failing: HUNG, ...changes });
    return this;
  }

  get notified(): string[] {
    return this.effects.flatMap((effect) => (effect.type === 'notify' ? [effect.news.kind] : []));
  }
}

describe('an external agent', () => {
  it('is not counted as failing before its first good check', () => {
    expectStory(new Outside().fails(30), { circuit: 'CLOSED 0', records: [] });
  });

  it('is not considered seen after an excused check', () => {
    expectStory(new Outside().looks({ isExcused: true }).fails(30), { circuit: 'CLOSED 0', records: [] });
    expectStory(new Outside().looks().fails(4).deadlineComes().looks({ isExcused: true }), { circuit: 'HALF_OPEN 2' });
  });

  it('counts one failure per three failed checks, and is never acted on', () => {
    const outside = new Outside().looks().fails();
    expectStory(outside, { circuit: 'CLOSED 1', acts: [] });
    expect(outside.records).toContain('agent.unhealthy');
    expectStory(outside.fails(2), { circuit: 'CLOSED 1', acts: [] });
    expectStory(outside.fails(), { circuit: 'OPEN 2', acts: [] });
  });

  it('is escalated once when its circuit opens', () => {
    const outside = new Outside().looks().fails(4);
    expect(outside.notified).toEqual(['escalated']);
    expect(outside.fails(20).notified).toEqual([]);
  });

  it('has a trial after the cool-down, and recovers with a good check', () => {
    const outside = new Outside().looks().fails(4);
    expectStory(outside.deadlineComes(), { circuit: 'HALF_OPEN 2' });
    expectStory(outside.looks(), { circuit: 'CLOSED 0' });
    expect(outside.notified).toEqual(['recovered']);
  });

  it('has its circuit open for twice the cool-down after a failed trial, without another escalation', () => {
    const outside = new Outside().looks().fails(4).deadlineComes().fails();
    expectStory(outside, { circuit: 'OPEN 3', dueInMs: 2 * POLICY.circuit.cooldownMs });
    expect(outside.notified).toEqual([]);
  });

  it('recovers after the stable time without a failure', () => {
    const outside = new Outside().looks().fails().looks();
    expectStory(outside, { circuit: 'CLOSED 1' });
    for (let count = 0; count < 5; count += 1) outside.looks();
    expectStory(outside, { circuit: 'CLOSED 0' });
    expect(outside.machineState.state.incident).toBeNull();
  });

  it('is not counted in a fleet incident', () => {
    expectStory(new Outside().looks().fails(9, { mayAct: false }), { circuit: 'CLOSED 0' });
  });

  it('is not counted while it is paused', () => {
    const outside = new Outside().looks();
    outside.send({ type: 'pause-asked', until: outside.now + 3_600_000 });
    expectStory(outside.fails(9), { circuit: 'CLOSED 0' });
  });

  it('is reset by an operator', () => {
    expectStory(new Outside().looks().fails(4).asksReset(), { circuit: 'CLOSED 0', answers: ['up: done'] });
  });

  it('ignores events about processes', () => {
    const outside = new Outside().looks();
    const before = outside.machineState;
    for (const heard of [() => outside.asksStart(), () => outside.exits(), () => outside.sees()]) {
      heard();
      expect([outside.machineState, outside.acts]).toEqual([before, []]);
    }
  });
});

it.each<readonly [string, MachineEvent, string]>([
  ['start', { type: 'start-asked', by: 'operator', mayTrial: true }, 'up: external-agent'],
  ['restart', { type: 'restart-asked', reason: 'asked', delayMs: 0 }, 'up: external-agent'],
  ['recovery', { type: 'recovery-asked', reason: 'asked' }, 'up: external-agent'],
  ['stop', { type: 'stop-asked', by: 'an operator', hasFreshSnapshot: true }, 'down: external-agent'],
])('a command on the process of an external agent is refused: %s', (_, event, answer) => {
  expectStory(new Outside().send(event), { desired: 'running', answers: [answer], acts: [] });
});
