import fc from 'fast-check';
import { HALF_OPEN, HOUR, MINUTE, OPEN, T0, anyHistory, anyPolicy, walk } from '../../test/support/circuit-histories';
import { CLOSED_CIRCUIT, rehydrateCircuit } from './transitions';

describe('a rehydrated circuit', () => {
  it('is unchanged if the clock was not set', () => {
    expect(rehydrateCircuit(OPEN, T0 + MINUTE / 2)).toEqual(OPEN);
    expect(rehydrateCircuit(HALF_OPEN, T0 + MINUTE)).toEqual(HALF_OPEN);
    expect(rehydrateCircuit(CLOSED_CIRCUIT, T0)).toEqual(CLOSED_CIRCUIT);
  });

  it('is due within its cool-down, and has no failure in the future, after any jump of the clock', () => {
    const jump = fc.integer({ min: -1000 * 24 * HOUR, max: 1000 * 24 * HOUR });
    fc.assert(
      fc.property(anyHistory, anyPolicy, jump, (history, rules, jumped) => {
        let saved = CLOSED_CIRCUIT;
        walk(history, rules, (_before, _event, circuit) => (saved = circuit));
        const now = T0 + jumped;
        const rehydrated = rehydrateCircuit(saved, now);
        expect(rehydrated).toMatchObject({
          state: saved.state,
          failureCount: saved.failureCount,
          trialBy: saved.trialBy,
        });
        expect(rehydrated.dueAt === null).toBe(saved.dueAt === null);
        if (rehydrated.dueAt !== null) {
          expect(rehydrated.dueAt).toBeGreaterThanOrEqual(now);
          expect(rehydrated.dueAt).toBeLessThanOrEqual(now + saved.cooldownMs);
        }
        for (const time of rehydrated.recentFailures) expect(time).toBeLessThanOrEqual(now);
        // Times for display stay as stored.
        expect(rehydrated).toMatchObject({ lastFailureAt: saved.lastFailureAt, trippedAt: saved.trippedAt });
      }),
    );
  });
});
