import * as fc from 'fast-check';
import { parseSavedCircuit } from './saved-circuit';
import { CLOSED_CIRCUIT, rehydrateCircuit, type Circuit } from './transitions';

const OPEN: Circuit = {
  ...{ state: 'OPEN', failureCount: 5, recentFailures: [1, 2], lastFailureAt: 2, trippedAt: 2, dueAt: 100 },
  ...{ cooldownMs: 60, trialBy: null },
};

describe('a saved circuit', () => {
  it('is read unchanged if it is valid', () => {
    expect(parseSavedCircuit(OPEN)).toEqual({ value: OPEN, faults: [] });
  });

  it.each([
    ['failures that are not a list', { recentFailures: 'many' }, { ...OPEN, recentFailures: [] }, '/recentFailures'],
    ['an invalid time', { recentFailures: [1, null] }, { ...OPEN, recentFailures: [] }, '/recentFailures/1'],
    ['a negative cool-down', { cooldownMs: -1 }, { ...OPEN, cooldownMs: 0 }, '/cooldownMs'],
    ['an unknown state', { state: 'AJAR' }, CLOSED_CIRCUIT, '/state'],
    ['an invalid date', { trippedAt: NaN }, { ...OPEN, trippedAt: null }, '/trippedAt'],
  ])('with %s keeps its other members, and reports the invalid one', (_, changes, value, pointer) => {
    const read = parseSavedCircuit({ ...OPEN, ...changes });
    expect(read.value).toEqual(value);
    expect(read.faults.map((fault) => fault.pointer)).toEqual([pointer]);
  });

  it('without a valid due time is due after the whole cool-down', () => {
    const { value } = parseSavedCircuit({ ...OPEN, dueAt: NaN });
    expect(rehydrateCircuit(value, 1_000).dueAt).toBe(1_060);
  });

  it('is usable for any saved JSON', () => {
    const anyCircuit = fc.record(
      Object.fromEntries(Object.keys(OPEN).map((name) => [name, fc.oneof(fc.jsonValue(), fc.double())])),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(anyCircuit, fc.jsonValue()), (json) => {
        const { dueAt, recentFailures, cooldownMs } = rehydrateCircuit(parseSavedCircuit(json).value, 1_000);
        expect(dueAt === null || (dueAt >= 1_000 && dueAt <= 1_000 + cooldownMs)).toBe(true);
        expect(recentFailures.every(Number.isFinite)).toBe(true);
      }),
    );
  });
});
