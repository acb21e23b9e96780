import { FAILED, FAILING, GOOD, HUNG, ids, makeFleet, MINUTE } from '../../../test/support/watched-fleet';
import * as fc from 'fast-check';
import { seededRandom } from '../../../test/support/seeded';
import { diagnosisOf, type FailureCause } from '../../kernel';
import { type FleetCheck } from './fleet-watch';
import { fleetBound } from '../machine';

describe('the bound of a fleet incident', () => {
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
  it('begins when enough agents turn failing within a minute, and is reported once', () => {
    const { fleet, reports, fails } = makeFleet(20);
    fails(...ids(4));
    expect(fleet.isIncident()).toBe(false);
    expect(fails('a4', 'a5', 'a6')).toEqual([false, false, false]);
    expect(reports).toEqual(['degraded by health: 5']);
  });

  it('does not begin if agents turn failing over a longer time', async () => {
    const { fleet, fails, recovers, waits } = makeFleet(20);
    for (const agentId of ids(12)) {
      fails(agentId);
      await waits(2 * MINUTE);
      recovers(agentId);
    }
    expect(fleet.isIncident()).toBe(false);
  });

  it('lets a single hung agent among many healthy ones be acted on at once', () => {
    const { fails, recovers } = makeFleet(200);
    recovers(...ids(199));
    expect(fails('a199')).toEqual([true]);
  });

  it('holds a verdict back while enough other agents have begun to fail', () => {
    const { fleet, fails } = makeFleet(20);
    for (const agentId of ids(4)) fleet.noteCheck(agentId, FAILED);
    expect(fails('a9')).toEqual([false]);
    expect(fleet.isIncident()).toBe(false);
  });

  it.each<readonly [string, FleetCheck]>([
    ['its heartbeats say that it is failing again', { ...GOOD, isWell: false }],
    ['its check is misconfigured', { ...GOOD, isWell: false }],
  ])('a canary has not helped, although it is verified, where %s', async (_, check) => {
    const { fleet, fails, waits, isVerified } = makeFleet(20);
    for (const agentId of ids(10))
      fleet.noteCheck(agentId, { ...GOOD, isWell: false, failing: HUNG, signalMs: 2 * MINUTE });
    await waits(15 * MINUTE);
    fleet.noteCheck('a0', check);
    await waits(10_000);
    isVerified('a0');
    for (let count = 0; count < 6; count += 1) {
      fleet.noteCheck('a0', check);
      await waits(30_000);
    }
    expect(fails('a1', 'a2')).toEqual([false, false]);
  });

  it('holds all agents back that report failing for two minutes, including the first', async () => {
    const { fleet, waits } = makeFleet(20);
    const reports: FleetCheck = { ...GOOD, isWell: false, saysFailing: true };
    for (const agentId of ids(10)) {
      fleet.noteCheck(agentId, reports);
      await waits(3_000);
    }
    await waits(90_000);
    const acts = ids(10).map((agentId) =>
      fleet.noteCheck(agentId, { ...reports, failing: HUNG, signalMs: 2 * MINUTE }),
    );
    expect(acts).toEqual(acts.map(() => false));
  });

  it.each(['network', 'rate-limited', 'credentials'] as const)('begins by one external cause: %s', (cause) => {
    const { fleet, reports } = makeFleet(20);
    for (const agentId of ids(5)) fleet.noteDiagnosis(agentId, diagnosisOf(cause, 'the same'));
    expect(reports).toEqual(['degraded by outside: 5']);
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

  it("begins by a lag of the supervisor's event loop, and is over a minute later", async () => {
    const { fleet, reports, waits } = makeFleet(3);
    fleet.noteLag();
    expect(fleet.isIncident()).toBe(true);
    await waits(MINUTE + 10_000);
    expect(reports).toEqual(['degraded by own-lag: 0', 'restored']);
  });

  it('is reported once for 200 agents whose dependency is away for 90 s, and never acted on', async () => {
    const { clock, fleet, reports } = makeFleet(200);
    const random = seededRandom(3);
    const began = clock.now();
    const streaks = new Map<string, number>();
    const acted: string[] = [];
    const check = (agentId: string) => {
      const since = clock.now() - began;
      const isGood = since < 60_000 || since > 150_000;
      const streak = isGood ? 0 : (streaks.get(agentId) ?? 0) + 1;
      streaks.set(agentId, streak);
      const isFailing = streak >= 3;
      if (!fleet.noteCheck(agentId, isGood ? GOOD : isFailing ? FAILING : FAILED)) return;
      if (isFailing) acted.push(agentId);
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
    expect(reports).toEqual(['degraded by health: 40', 'restored']);
  });

  it('never begins below its bound', () => {
    const checks = fc.array(fc.tuple(fc.nat(3), fc.boolean()), { maxLength: 200 });
    fc.assert(
      fc.property(checks, (given) => {
        const { fleet } = makeFleet(20);
        for (const [agent, isGood] of given) fleet.noteCheck(`a${agent}`, isGood ? GOOD : FAILING);
        expect(fleet.isIncident()).toBe(false);
      }),
    );
  });
});
