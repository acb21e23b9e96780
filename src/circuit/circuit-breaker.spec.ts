import { FakeClock } from '../../test/support/fake-clock';
import { CircuitBreaker, type CircuitRows } from './circuit-breaker';
import { CLOSED_CIRCUIT, type Circuit } from './transitions';

const MINUTE = 60_000;

class FakeRows implements CircuitRows {
  readonly saved: [string, Circuit][] = [];

  constructor(private readonly rows: ReadonlyMap<string, Circuit> = new Map()) {}

  loadAll(): Promise<ReadonlyMap<string, Circuit>> {
    return Promise.resolve(this.rows);
  }

  saveEventually(agentId: string, circuit: Circuit): void {
    this.saved.push([agentId, circuit]);
  }
}

function makeBreaker(rows = new FakeRows()) {
  const clock = new FakeClock();
  const thresholds: Readonly<Record<string, number>> = { a: 3, b: 2 };
  const policyOf = (agentId: string) => ({
    failureThreshold: thresholds[agentId] ?? 5,
    failuresPerHour: 20,
    cooldownMs: MINUTE,
  });
  const breaker = new CircuitBreaker(clock, policyOf, rows);
  const told: string[] = [];
  breaker.attach({
    moved: (agentId) => told.push(`moved ${agentId}`),
    reset: (agentId) => {
      told.push(`reset ${agentId}`);
      return Promise.resolve();
    },
  });
  const fail = (agentId: string, times: number, options = {}) => {
    for (let count = 0; count < times; count += 1) breaker.recordFailure(agentId, options);
  };
  return { clock, breaker, rows, told, fail };
}

describe('recordFailure', () => {
  it('adds 1, and trips at the limit of that agent', () => {
    const { breaker, clock } = makeBreaker();
    expect([breaker.getState('a'), breaker.isTripped('a')]).toEqual(['CLOSED', false]);
    expect(breaker.recordFailure('a').failureCount).toBe(1);
    expect(breaker.recordFailure('a')).toMatchObject({ state: 'CLOSED', failureCount: 2 });
    expect(breaker.recordFailure('a')).toMatchObject({ state: 'OPEN', trippedAt: clock.now() });
    expect([breaker.getState('a'), breaker.isTripped('a')]).toEqual(['OPEN', true]);
  });

  it('of one agent does not concern another', () => {
    const { breaker, fail } = makeBreaker();
    fail('a', 3);
    fail('b', 1);
    expect([breaker.getState('a'), breaker.getState('b')]).toEqual(['OPEN', 'CLOSED']);
    fail('b', 1);
    expect(breaker.getState('b')).toBe('OPEN');
  });

  it('by a caller is saved each time, and halts the agent once', () => {
    const { breaker, rows, told, fail } = makeBreaker();
    fail('a', 5);
    expect(told).toEqual(['moved a']);
    expect(rows.saved.map(([agentId, { failureCount }]) => [agentId, failureCount])).toEqual([
      ['a', 1],
      ['a', 2],
      ['a', 3],
      ['a', 4],
      ['a', 5],
    ]);
    expect(rows.saved.at(-1)?.[1]).toEqual(breaker.circuitOf('a'));
  });

  it('by healing is saved and acted on by healing', () => {
    const { breaker, rows, told, fail } = makeBreaker();
    fail('a', 3, { byHealing: true });
    expect([breaker.getState('a'), rows.saved, told]).toEqual(['OPEN', [], []]);
  });

  it('of what no restart can cure trips at once, with a trial or without', () => {
    const { breaker, clock, told } = makeBreaker();
    expect(breaker.recordFailure('a', { restartable: false })).toMatchObject({
      state: 'OPEN',
      dueAt: clock.now() + MINUTE,
    });
    expect(breaker.recordFailure('b', { restartable: false, trial: false })).toMatchObject({
      state: 'OPEN',
      dueAt: null,
    });
    expect(told).toEqual(['moved a', 'moved b']);
  });

  it('in a trial trips it again', () => {
    const { breaker, told, fail } = makeBreaker();
    fail('a', 3);
    breaker.apply('a', { type: 'trial', by: 'healing' });
    expect([breaker.getState('a'), breaker.isTripped('a')]).toEqual(['HALF_OPEN', false]);
    fail('a', 1);
    expect([breaker.isTripped('a'), told]).toEqual([true, ['moved a', 'moved a']]);
  });
});

describe('recordSuccess', () => {
  it.each([
    ['counting', 2, false, []],
    ['open', 3, false, ['moved a']],
    ['half-open', 3, true, ['moved a']],
  ])('closes a circuit that is %s, with count 0, at once', (_state, failures, isTrial, moves) => {
    const { breaker, rows, told, fail } = makeBreaker();
    fail('a', failures);
    if (isTrial) breaker.apply('a', { type: 'trial', by: 'healing' });
    told.length = 0;
    expect(breaker.recordSuccess('a')).toMatchObject({ state: 'CLOSED', failureCount: 0 });
    expect([breaker.getState('a'), breaker.isTripped('a')]).toEqual(['CLOSED', false]);
    expect(rows.saved.at(-1)).toEqual(['a', breaker.circuitOf('a')]);
    expect(told).toEqual(moves);
  });

  it('by healing is saved and acted on by healing', () => {
    const { breaker, rows, told, fail } = makeBreaker();
    fail('a', 3, { byHealing: true });
    breaker.recordSuccess('a', { byHealing: true });
    expect([breaker.circuitOf('a').failureCount, rows.saved, told]).toEqual([0, [], []]);
  });
});

describe('reset', () => {
  it('is what the route does: healing closes the circuit and starts what should run', async () => {
    const { breaker, rows, told, fail } = makeBreaker();
    fail('a', 3, { byHealing: true });
    await breaker.reset('a');
    expect([told, rows.saved, breaker.getState('a')]).toEqual([['reset a'], [], 'OPEN']);
  });

  it('closes it and saves it where nobody else does', async () => {
    const rows = new FakeRows();
    const breaker = new CircuitBreaker(
      new FakeClock(),
      () => ({ failureThreshold: 1, failuresPerHour: 20, cooldownMs: 1 }),
      rows,
    );
    breaker.recordFailure('a');
    await breaker.reset('a');
    expect(breaker.circuitOf('a')).toMatchObject({ state: 'CLOSED', failureCount: 0, recentFailures: [] });
    expect(rows.saved.at(-1)).toEqual(['a', breaker.circuitOf('a')]);
  });
});

describe('a circuit', () => {
  it('of an agent that nobody spoke of is closed', () => {
    expect(makeBreaker().breaker.circuitOf('a')).toEqual(CLOSED_CIRCUIT);
  });

  it('that was saved is as it was, due by the clock of today', async () => {
    const clock = new FakeClock();
    const saved: Circuit = {
      ...{ ...CLOSED_CIRCUIT, state: 'OPEN', failureCount: 3, cooldownMs: MINUTE },
      ...{ trippedAt: clock.now() - 10, lastFailureAt: clock.now() - 10, dueAt: clock.now() + 1000 * MINUTE },
    };
    const { breaker } = makeBreaker(new FakeRows(new Map([['a', saved]])));
    await breaker.load();
    expect(breaker.circuitOf('a')).toEqual({ ...saved, dueAt: clock.now() + MINUTE });
  });

  it('is closed again for an agent that is registered anew', () => {
    const { breaker, fail } = makeBreaker();
    fail('a', 3);
    breaker.forget('a');
    expect(breaker.circuitOf('a')).toEqual(CLOSED_CIRCUIT);
  });
});
