import fc from 'fast-check';
import { exponentialDelay } from './backoff';

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
