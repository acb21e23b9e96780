import * as fc from 'fast-check';
import { parseSavedCircuit } from './saved-circuit';
import type { Circuit } from './transitions';

const time = fc.nat();
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });

/** Every circuit that the type allows. */
const circuits: fc.Arbitrary<Circuit> = fc.record({
  state: fc.constantFrom('CLOSED', 'OPEN', 'HALF_OPEN'),
  failureCount: fc.nat(),
  recentFailures: fc.array(time),
  lastFailureAt: orNull(time),
  trippedAt: orNull(time),
  dueAt: orNull(time),
  cooldownMs: time,
  trialBy: fc.constantFrom('healing', 'operator', null),
});

it('a saved circuit is restored unchanged, whatever its type allows', () => {
  fc.assert(
    fc.property(circuits, (circuit) => {
      expect(parseSavedCircuit(JSON.parse(JSON.stringify(circuit)))).toEqual({ value: circuit, faults: [] });
    }),
  );
});
