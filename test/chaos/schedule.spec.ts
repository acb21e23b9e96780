import { seededRandom } from '../support/seeded';
import { AGENT_FAULTS, ALONE_MS, COMMON_FAULTS, isCommon, drawSchedule } from './schedule';

describe('a schedule of faults', () => {
  it('contains each kind at least five times in ten minutes', () => {
    const faults = drawSchedule(seededRandom(1), 10);
    for (const kind of [...AGENT_FAULTS, ...COMMON_FAULTS])
      expect(faults.filter((fault) => fault.kind === kind).length).toBeGreaterThanOrEqual(5);
  });

  it('contains each kind once in one minute, common faults one after the other', () => {
    const faults = drawSchedule(seededRandom(2), 1);
    expect(faults.map(({ kind }) => kind).sort()).toEqual([...AGENT_FAULTS, ...COMMON_FAULTS].sort());
    const common = faults.filter(({ kind }) => isCommon(kind)).map(({ at }) => at);
    common.slice(1).forEach((at, index) => {
      expect(at - (common[index] ?? 0)).toBeGreaterThanOrEqual(2_500);
    });
    expect(faults.every(({ at }) => at >= 0 && at <= 70_000)).toBe(true);
  });

  it('freezes the service for 5 to 90 s, with no other common fault for a while after each thaw', () => {
    for (const seed of [1, 2, 3]) {
      const faults = drawSchedule(seededRandom(seed), 10);
      const freezes = faults.filter(({ kind }) => kind === 'supervisor frozen');
      for (const { freezeMs } of freezes) {
        expect(freezeMs).toBeGreaterThanOrEqual(5_000);
        expect(freezeMs).toBeLessThanOrEqual(90_000);
      }
      const common = faults.filter(({ kind }) => isCommon(kind));
      for (const { at, freezeMs } of freezes) {
        const next = common.find((fault) => fault.at > at);
        if (next !== undefined) expect(next.at - at).toBeGreaterThanOrEqual(freezeMs + ALONE_MS - 1);
      }
    }
  });

  it('depends on the seed alone', () => {
    const textOf = (seed: number) => JSON.stringify(drawSchedule(seededRandom(seed), 1));
    expect([textOf(7) === textOf(7), textOf(7) === textOf(8)]).toEqual([true, false]);
  });
});
