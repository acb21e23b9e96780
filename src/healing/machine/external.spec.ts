import { ANSWERED_500, expectStory, HUNG, POLICY, Story } from '../../../test/support/machine-builders';
import type { MachineEvent } from './event';

const EXTERNAL = { isExternal: true, circuit: { ...POLICY.circuit, failureThreshold: 2 } };
type Checked = Extract<MachineEvent, { type: 'checked' }>;

class Outside extends Story {
  constructor() {
    super(EXTERNAL);
    this.situation = { ...this.situation, desired: 'running' };
  }

  looks(changes: Partial<Checked> = {}): this {
    const good = { incarnation: null, problem: null, withinGrace: false, failing: null, mayAct: true };
    return this.waits(15_000).send({ type: 'checked', ...good, ...changes });
  }

  fails(times = 1, changes: Partial<Checked> = {}): this {
    for (let count = 0; count < times; count += 1) this.looks({ problem: ANSWERED_500, failing: HUNG, ...changes });
    return this;
  }

  get told(): string[] {
    return this.effects.flatMap((effect) => (effect.type === 'notify' ? [effect.news.kind] : []));
  }
}

describe('an external agent', () => {
  it('counts nothing before it was seen well once', () => {
    expectStory(new Outside().fails(30), { circuit: 'CLOSED 0', records: [] });
  });

  it('counts a failure a three failed checks, and is never acted upon', () => {
    const outside = new Outside().looks().fails();
    expectStory(outside, { circuit: 'CLOSED 1', acts: [] });
    expect(outside.records).toContain('agent.unhealthy');
    expectStory(outside.fails(2), { circuit: 'CLOSED 1', acts: [] });
    expectStory(outside.fails(), { circuit: 'OPEN 2', acts: [] });
  });

  it('that goes OPEN is told once', () => {
    const outside = new Outside().looks().fails(4);
    expect(outside.told).toEqual(['escalated']);
    expect(outside.fails(20).told).toEqual([]);
  });

  it('has a trial after the cool-down: a good check closes, and its end is told', () => {
    const outside = new Outside().looks().fails(4);
    expectStory(outside.deadlineComes(), { circuit: 'HALF_OPEN 2' });
    expectStory(outside.looks(), { circuit: 'CLOSED 0' });
    expect(outside.told).toEqual(['recovered']);
  });

  it('whose trial fails is OPEN again, for twice the time, and not told again', () => {
    const outside = new Outside().looks().fails(4).deadlineComes().fails();
    expectStory(outside, { circuit: 'OPEN 3', dueInMs: 2 * POLICY.circuit.cooldownMs });
    expect(outside.told).toEqual([]);
  });

  it('is well again after a stable time without a failure', () => {
    const outside = new Outside().looks().fails().looks();
    expectStory(outside, { circuit: 'CLOSED 1' });
    for (let count = 0; count < 5; count += 1) outside.looks();
    expectStory(outside, { circuit: 'CLOSED 0' });
    expect(outside.situation.state.incident).toBeNull();
  });

  it('of many that fail by one cause is not counted', () => {
    expectStory(new Outside().looks().fails(9, { mayAct: false }), { circuit: 'CLOSED 0' });
  });

  it('is not counted while it is paused', () => {
    const outside = new Outside().looks();
    outside.send({ type: 'pause-asked', until: outside.now + 3_600_000 });
    expectStory(outside.fails(9), { circuit: 'CLOSED 0' });
  });

  it('is reset by a person', () => {
    expectStory(new Outside().looks().fails(4).asksReset(), { circuit: 'CLOSED 0', answers: ['up: done'] });
  });

  it('hears nothing of processes: it has none of ours', () => {
    const outside = new Outside().looks();
    const before = outside.situation;
    for (const heard of [() => outside.asksStart(), () => outside.exits(), () => outside.sees()]) {
      heard();
      expect([outside.situation, outside.acts]).toEqual([before, []]);
    }
  });
});
