import * as fc from 'fast-check';
import { FakeClock } from '../../test/support/fake-clock';
import { countedIds, seededRandom } from '../../test/support/seeded';
import { diagnosisOf, type FailureCause } from '../kernel';
import { FleetWatch } from './fleet-watch';
import { fleetBound } from './machine';

const HUNG = diagnosisOf('hung', '3 checks in a row failed: no answer');
const MINUTE = 60_000;

const ids = (count: number) => Array.from({ length: count }, (_, index) => `a${index}`);

function makeFleet(running: number) {
  let downIds: readonly string[] = [];
  const clock = new FakeClock();
  const told: string[] = [];
  const fleet = new FleetWatch(clock, countedIds(), {
    degraded: ({ reason, affected }) => told.push(`degraded by ${reason}: ${affected.length}`),
    changed: () => undefined,
    canary: (_, agentId) => told.push(`canary ${agentId}`),
    restored: () => told.push('restored'),
  });
  fleet.attach(() => ids(running).filter((agentId) => !downIds.includes(agentId)));
  const goDown = (...agentIds: string[]) => {
    downIds = agentIds;
  };
  const fails = (...agentIds: string[]) => agentIds.map((agentId) => fleet.noteCheck(agentId, false, HUNG));
  const recovers = (...agentIds: string[]) => agentIds.map((agentId) => fleet.noteCheck(agentId, true, null));
  const waits = async (ms: number) => {
    for (let waited = 0; waited < ms; waited += 5_000) {
      await clock.advance(5_000);
      fleet.pass();
    }
  };
  return { clock, fleet, told, fails, recovers, waits, goDown };
}

describe('how many make a fleet incident', () => {
  it.each([
    [0, 5],
    [5, 5],
    [24, 5],
    [25, 5],
    [26, 6],
    [200, 40],
  ])('of %d that run: %d', (running, bound) => {
    expect(fleetBound(running)).toBe(bound);
  });
});

describe('a fleet incident', () => {
  it('begins when as many turn failing within a minute, and is told once', () => {
    const { fleet, told, fails } = makeFleet(20);
    fails(...ids(4));
    expect(fleet.isIncident()).toBe(false);
    expect(fails('a4', 'a5', 'a6')).toEqual([false, false, false]);
    expect(told).toEqual(['degraded by health: 5']);
  });

  it('does not begin where they turn failing one after the other, over a longer time', async () => {
    const { fleet, fails, recovers, waits } = makeFleet(20);
    for (const agentId of ids(12)) {
      fails(agentId);
      await waits(2 * MINUTE);
      recovers(agentId);
    }
    expect(fleet.isIncident()).toBe(false);
  });

  it('one that hangs among many that are well is acted on at once', () => {
    const { fails, recovers } = makeFleet(200);
    recovers(...ids(199));
    expect(fails('a199')).toEqual([true]);
  });

  it('a verdict is held back while as many others have begun to fail', () => {
    const { fleet, fails } = makeFleet(20);
    for (const agentId of ids(4)) fleet.noteCheck(agentId, false, null);
    expect(fails('a9')).toEqual([false]);
    expect(fleet.isIncident()).toBe(false);
  });

  it('is over once under half of them have been failing for a minute', async () => {
    const { told, fails, recovers, waits } = makeFleet(20);
    fails(...ids(10));
    await waits(3 * MINUTE);
    recovers(...ids(5));
    await waits(2 * MINUTE);
    expect(told).toEqual(['degraded by health: 5']);
    recovers('a5');
    await waits(MINUTE - 10_000);
    expect(told).toHaveLength(1);
    await waits(20_000);
    expect(told).toEqual(['degraded by health: 5', 'restored']);
    expect(fails('a0')).toEqual([true]);
  });

  it('after 15 minutes one is tried, and the others only if that helped', async () => {
    const { told, fails, recovers, waits } = makeFleet(20);
    fails(...ids(10));
    await waits(15 * MINUTE);
    expect(told).toContain('canary a0');
    expect(fails('a0', 'a1')).toEqual([true, false]);
    await waits(10_000);
    recovers('a0');
    await waits(10_000);
    expect(fails('a1', 'a2')).toEqual([true, true]);
  });

  it('does not wait for those that have no process any more', async () => {
    const { told, fails, recovers, waits, goDown } = makeFleet(20);
    fails(...ids(10));
    goDown('a0', 'a1', 'a2', 'a3', 'a4', 'a5');
    recovers('a6', 'a7');
    await waits(MINUTE + 10_000);
    expect(told).toContain('restored');
  });

  it('one try that did not help is followed by no other for a while', async () => {
    const { told, fails, waits } = makeFleet(20);
    fails(...ids(10));
    await waits(20 * MINUTE);
    expect(told.filter((line) => line.startsWith('canary'))).toHaveLength(1);
    expect(fails('a1')).toEqual([false]);
  });

  it.each(['network', 'rate-limited', 'credentials'] as const)('begins by the same outside cause: %s', (cause) => {
    const { fleet, told } = makeFleet(20);
    for (const agentId of ids(5)) fleet.noteDiagnosis(agentId, diagnosisOf(cause, 'the same'));
    expect(told).toEqual(['degraded by outside: 5']);
  });

  it.each<readonly FailureCause[]>([
    ['unhandled-exception', 'unhandled-exception', 'unhandled-exception', 'unhandled-exception', 'unhandled-exception'],
    ['network', 'network', 'rate-limited', 'rate-limited', 'credentials'],
  ])('does not begin by %s and others', (...causes) => {
    const { fleet } = makeFleet(20);
    causes.forEach((cause, index) => {
      fleet.noteDiagnosis(`a${index}`, diagnosisOf(cause, 'x'));
    });
    expect(fleet.isIncident()).toBe(false);
  });

  it('begins by our own lag, and is over a minute after it', async () => {
    const { fleet, told, waits } = makeFleet(3);
    fleet.noteLag();
    expect(fleet.isIncident()).toBe(true);
    await waits(MINUTE + 10_000);
    expect(told).toEqual(['degraded by own-lag: 0', 'restored']);
  });

  it('that was open when we ended goes on, and ends', async () => {
    const first = makeFleet(20);
    first.fails(...ids(10));
    const later = makeFleet(20);
    later.fleet.load(first.fleet.current());
    expect(later.fleet.isIncident()).toBe(true);
    await later.waits(MINUTE + 10_000);
    expect(later.told).toEqual(['restored']);
  });

  it('of 200 agents whose dependency is away for 90 s: never acted on, begun once, ended once', async () => {
    const { clock, fleet, told } = makeFleet(200);
    const random = seededRandom(3);
    const began = clock.now();
    const streaks = new Map<string, number>();
    const acted: string[] = [];
    const check = (agentId: string) => {
      const since = clock.now() - began;
      const isGood = since < 60_000 || since > 150_000;
      const streak = isGood ? 0 : (streaks.get(agentId) ?? 0) + 1;
      streaks.set(agentId, streak);
      const failing = streak >= 3 ? HUNG : null;
      if (!fleet.noteCheck(agentId, isGood, failing)) return;
      if (failing !== null) acted.push(agentId);
    };
    for (const agentId of ids(200)) {
      const again = () => {
        check(agentId);
        clock.after(15_000 * (0.9 + 0.2 * random()), again);
      };
      clock.after(15_000 * random(), again);
    }
    for (let pass = 0; pass < 80; pass += 1) {
      await clock.advance(5_000);
      fleet.pass();
    }
    expect(acted).toEqual([]);
    expect(told).toEqual(['degraded by health: 40', 'restored']);
  });

  it('never begins with fewer than its bound, whatever happens', () => {
    const checks = fc.array(fc.tuple(fc.nat(3), fc.boolean()), { maxLength: 200 });
    fc.assert(
      fc.property(checks, (given) => {
        const { fleet } = makeFleet(20);
        for (const [agent, isGood] of given) fleet.noteCheck(`a${agent}`, isGood, isGood ? null : HUNG);
        expect(fleet.isIncident()).toBe(false);
      }),
    );
  });
});
