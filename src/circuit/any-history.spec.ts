import fc from 'fast-check';
import { HOUR, MINUTE, anyHistory, anyPolicy, failure, policy, walk } from '../../test/support/circuit-histories';

describe('any history of events', () => {
  it('keeps every number within its range, and sets only the members of its state', () => {
    fc.assert(
      fc.property(anyHistory, anyPolicy, (history, rules) => {
        walk(history, rules, (_before, event, circuit, now) => {
          expect(circuit.failureCount).toBeGreaterThanOrEqual(0);
          expect(circuit.recentFailures.length).toBeLessThanOrEqual(rules.failuresPerHour);
          if (event.type === 'failure')
            for (const time of circuit.recentFailures) expect(now - time).toBeLessThan(HOUR);
          expect([...circuit.recentFailures].sort((left, right) => left - right)).toEqual(circuit.recentFailures);
          expect(circuit.cooldownMs).toBeLessThanOrEqual(Math.max(HOUR, rules.cooldownMs));
          expect(circuit.trialBy !== null).toBe(circuit.state === 'HALF_OPEN');
          expect(circuit.trippedAt === null).toBe(circuit.state === 'CLOSED');
          if (circuit.state === 'CLOSED') expect([circuit.dueAt, circuit.cooldownMs]).toEqual([null, 0]);
          else expect(circuit.cooldownMs).toBeGreaterThanOrEqual(rules.cooldownMs);
        });
      }),
    );
  });

  it('opens the circuit exactly at one of the two limits, or if no restart can cure the cause', () => {
    fc.assert(
      fc.property(anyHistory, anyPolicy, (history, rules) => {
        const times: number[] = [];
        let inARow = 0;
        walk(history, rules, (before, event, circuit, now) => {
          if (event.type === 'failure') {
            inARow += 1;
            times.push(now);
          } else if (event.type === 'success' || event.type === 'reset') inARow = 0;
          if (event.type === 'reset') times.length = 0;
          if (before.state !== 'CLOSED') return;
          const withinHour = times.filter((time) => time > now - HOUR).length;
          const isDue =
            event.type === 'failure' &&
            (!event.restartable || inARow >= rules.failureThreshold || withinHour >= rules.failuresPerHour);
          expect(circuit.state).toBe(isDue ? 'OPEN' : 'CLOSED');
        });
      }),
    );
  });

  it('lengthens a cool-down only after a failed trial of healing, and at most doubles it', () => {
    fc.assert(
      fc.property(anyHistory, anyPolicy, (history, rules) => {
        walk(history, rules, (before, event, circuit) => {
          if (before.state === 'CLOSED' || circuit.state === 'CLOSED' || circuit.cooldownMs === before.cooldownMs)
            return;
          expect([event.type, before.state, before.trialBy]).toEqual(['failure', 'HALF_OPEN', 'healing']);
          expect(circuit.cooldownMs).toBe(Math.min(2 * before.cooldownMs, Math.max(HOUR, before.cooldownMs)));
        });
      }),
    );
  });

  it('opens the circuit of a loop that fails twenty times an hour, despite its successes', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 2.8 * MINUTE }), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(gaps, (passed) => {
        let tripped = false;
        const history = passed.flatMap((gap) => [[failure, gap] as const, [{ type: 'success' as const }, 0] as const]);
        walk(history, policy, (_before, _event, circuit) => (tripped ||= circuit.state === 'OPEN'));
        expect(tripped).toBe(true);
      }),
    );
  });
});
