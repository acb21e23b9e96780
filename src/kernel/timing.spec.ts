import fc from 'fast-check';
import { exponentialDelay, isoTime } from './timing';

const LIMITS = { baseMs: 1_000, maxMs: 60_000 };

describe('exponentialDelay', () => {
  it.each([
    [1, 0, 750],
    [1, 0.5, 1_000],
    [2, 0.5, 2_000],
    [6, 0.5, 32_000],
    [7, 0.5, 60_000],
    [5_000, 0.5, 60_000],
  ])('delay %d, with chance %d: %d ms', (n, chance, expected) => {
    expect(exponentialDelay(n, LIMITS, () => chance)).toBe(expected);
  });

  it('is never more than the maximum, nor less than three quarters of the base', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), chance, (n, random) => {
        const delay = exponentialDelay(n, LIMITS, () => random);
        expect(delay).toBeGreaterThanOrEqual(750);
        expect(delay).toBeLessThanOrEqual(60_000);
      }),
    );
  });
});

describe('isoTime', () => {
  it.each([
    [Date.UTC(2026, 0, 1, 12, 30, 15, 7), '2026-01-01T12:30:15.007Z'],
    [0, '1970-01-01T00:00:00.000Z'],
    [-1, '1969-12-31T23:59:59.999Z'],
    [8.64e15, '+275760-09-13T00:00:00.000Z'],
  ])('formats %d as %s', (epochMs, time) => {
    expect(isoTime(epochMs)).toBe(time);
  });

  it.each([8.64e15 + 1, -8.64e15 - 1, Number.NaN])('refuses %d, which no date can represent', (epochMs) => {
    expect(() => isoTime(epochMs)).toThrow(RangeError);
  });
});
