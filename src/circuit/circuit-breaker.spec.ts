import { FakeClock } from '../../test/support/fake-clock';
import { CircuitBreaker, type CircuitCommands } from './circuit-breaker';
import { Circuits } from './circuits';
import { CLOSED_CIRCUIT, nextCircuit, type Circuit } from './transitions';

const MINUTE = 60_000;

function makeBreaker(rows: ReadonlyMap<string, Circuit> = new Map()) {
  const clock = new FakeClock();
  const thresholds: Readonly<Record<string, number>> = { a: 3, b: 2 };
  const policyOf = (agentId: string) => ({
    failureThreshold: thresholds[agentId] ?? 5,
    failuresPerHour: 20,
    cooldownMs: MINUTE,
  });
  const circuits = new Circuits(clock, { loadAll: () => Promise.resolve(rows) });
  const requests: string[] = [];
  const refusal: { error: Error | null } = { error: null };
  /** Acts as healing does: decides on the event, and sets the result. */
  const commands: CircuitCommands = {
    applyToCircuit: (agentId, event) => {
      if (refusal.error !== null) return Promise.reject(refusal.error);
      requests.push(`${event.type} ${agentId}`);
      const moment = { now: clock.now(), wall: clock.wall() };
      circuits.set(agentId, nextCircuit(circuits.circuitOf(agentId), event, policyOf(agentId), moment));
      return Promise.resolve();
    },
    resetCircuit: (agentId) => {
      if (refusal.error !== null) return Promise.reject(refusal.error);
      requests.push(`reset ${agentId}`);
      return Promise.resolve();
    },
  };
  const breaker = new CircuitBreaker(circuits, commands);
  const fail = async (agentId: string, times: number) => {
    for (let count = 0; count < times; count += 1) await breaker.recordFailure(agentId);
  };
  return { clock, circuits, breaker, requests, refusal, fail };
}

describe('recordFailure', () => {
  it("adds 1, and trips at the limit of the agent's policy", async () => {
    const { breaker, clock } = makeBreaker();
    expect([breaker.getState('a'), breaker.isTripped('a')]).toEqual(['CLOSED', false]);
    expect((await breaker.recordFailure('a')).failureCount).toBe(1);
    expect(await breaker.recordFailure('a')).toMatchObject({ state: 'CLOSED', failureCount: 2 });
    expect(await breaker.recordFailure('a')).toMatchObject({ state: 'OPEN', trippedAt: clock.wall() });
    expect([breaker.getState('a'), breaker.isTripped('a')]).toEqual(['OPEN', true]);
  });

  it('does not affect another agent', async () => {
    const { breaker, fail } = makeBreaker();
    await fail('a', 3);
    await fail('b', 1);
    expect([breaker.getState('a'), breaker.getState('b')]).toEqual(['OPEN', 'CLOSED']);
    await fail('b', 1);
    expect(breaker.getState('b')).toBe('OPEN');
  });

  it('sends each failure to the mailbox of the agent, which decides', async () => {
    const { breaker, requests, fail } = makeBreaker();
    await fail('a', 3);
    expect([requests, breaker.getState('a')]).toEqual([['failure a', 'failure a', 'failure a'], 'OPEN']);
  });

  it('shows wall-clock times, and measures the cool-down by Clock.now()', async () => {
    const { breaker, clock } = makeBreaker();
    clock.setWallBy(7 * MINUTE);
    const open = await breaker.recordFailure('a', { restartable: false });
    expect(open).toMatchObject({ lastFailureAt: clock.wall(), trippedAt: clock.wall(), dueAt: clock.now() + MINUTE });
    expect((await breaker.recordFailure('b', { restartable: false, trial: false })).dueAt).toBeNull();
  });

  it('changes nothing if the mailbox refuses it', async () => {
    const { breaker, refusal } = makeBreaker();
    refusal.error = new Error('the database is unavailable');
    await expect(breaker.recordFailure('a')).rejects.toBe(refusal.error);
    await expect(breaker.reset('a')).rejects.toBe(refusal.error);
    expect(breaker.circuitOf('a')).toEqual(CLOSED_CIRCUIT);
  });
});

describe('recordSuccess', () => {
  it.each([2, 3])('closes a circuit of %i failures, with count 0, at once', async (failures) => {
    const { breaker, fail } = makeBreaker();
    await fail('a', failures);
    expect(await breaker.recordSuccess('a')).toMatchObject({ state: 'CLOSED', failureCount: 0 });
    expect([breaker.getState('a'), breaker.isTripped('a')]).toEqual(['CLOSED', false]);
  });
});

describe('reset', () => {
  it('acts like the route: healing closes the circuit and starts an agent that should run', async () => {
    const { breaker, requests, fail } = makeBreaker();
    await fail('a', 3);
    await breaker.reset('a');
    expect([requests.at(-1), breaker.getState('a')]).toEqual(['reset a', 'OPEN']);
  });
});

describe('a circuit', () => {
  it('of an agent without a row is closed', () => {
    expect(makeBreaker().breaker.circuitOf('a')).toEqual(CLOSED_CIRCUIT);
  });

  it('that was saved keeps its state, and its due time is limited to now plus the cool-down', async () => {
    const clock = new FakeClock();
    const saved: Circuit = {
      ...{ ...CLOSED_CIRCUIT, state: 'OPEN', failureCount: 3, cooldownMs: MINUTE },
      ...{ trippedAt: clock.now() - 10, lastFailureAt: clock.now() - 10, dueAt: clock.now() + 1000 * MINUTE },
    };
    const { breaker, circuits } = makeBreaker(new Map([['a', saved]]));
    await circuits.load();
    expect(breaker.circuitOf('a')).toEqual({ ...saved, dueAt: clock.now() + MINUTE });
  });

  it('is closed for an agent that is registered again', async () => {
    const { circuits, breaker, fail } = makeBreaker();
    await fail('a', 3);
    circuits.forget('a');
    expect(breaker.circuitOf('a')).toEqual(CLOSED_CIRCUIT);
  });
});
