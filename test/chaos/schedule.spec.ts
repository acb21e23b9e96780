import { seededRandom } from '../support/seeded';
import { AGENT_FAULTS, COMMON_FAULTS, isCommon, scheduleOf } from './schedule';

describe('the schedule of faults', () => {
  it('of ten minutes has each kind at least five times', () => {
    const faults = scheduleOf(seededRandom(1), 10);
    for (const kind of [...AGENT_FAULTS, ...COMMON_FAULTS])
      expect(faults.filter((fault) => fault.kind === kind).length).toBeGreaterThanOrEqual(5);
  });

  it('of one minute has each kind once, common ones one after the other', () => {
    const faults = scheduleOf(seededRandom(2), 1);
    expect(faults.map(({ kind }) => kind).sort()).toEqual([...AGENT_FAULTS, ...COMMON_FAULTS].sort());
    const common = faults.filter(({ kind }) => isCommon(kind)).map(({ at }) => at);
    common.slice(1).forEach((at, index) => {
      expect(at - (common[index] ?? 0)).toBeGreaterThanOrEqual(2_500);
    });
    expect(faults.every(({ at }) => at >= 0 && at <= 62_000)).toBe(true);
  });

  it('is the same for the same seed, and another for another', () => {
    const of = (seed: number) => JSON.stringify(scheduleOf(seededRandom(seed), 1));
    expect([of(7) === of(7), of(7) === of(8)]).toEqual([true, false]);
  });
});
