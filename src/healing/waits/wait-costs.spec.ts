import { settled } from '../../../test/support/fake-clock';
import { follow, makeWaits } from '../../../test/support/waiting-callers';

const MINUTE = { timeoutMs: 60_000 };

describe('the cost of waits', () => {
  it('is one timer for any number of agents and waits, and none without a wait', async () => {
    const { waits, clock, runs, change } = makeWaits();
    const aborters: AbortController[] = [];
    const aborterOf = () => {
      const aborter = new AbortController();
      aborters.push(aborter);
      return aborter;
    };
    const agentIds = Array.from({ length: 500 }, (_, index) => `agent-${index}`);
    const held = agentIds.flatMap((agentId, index) =>
      [1, 2].map((each) =>
        follow(waits.until([agentId], runs(agentId), { timeoutMs: 1_000 * each + index, signal: aborterOf().signal })),
      ),
    );
    expect([waits.size, clock.timerCount]).toEqual([1_000, 1]);
    for (const agentId of agentIds.slice(0, 100)) change(agentId, 'running');
    await settled();
    expect([waits.size, clock.timerCount]).toEqual([800, 1]);
    await clock.advance(1_250);
    expect([waits.size, clock.timerCount]).toEqual([649, 1]);
    for (const aborter of aborters) aborter.abort();
    await settled();
    expect([waits.size, clock.timerCount]).toEqual([0, 0]);
    expect(held.some(({ outcome }) => outcome === 'waits')).toBe(false);
  });

  it('is nothing once they are over: no listener is left', async () => {
    const { waits, changes, runs, change } = makeWaits();
    const subscribe = jest.spyOn(changes, 'subscribe');
    const aborter = new AbortController();
    const removed = jest.spyOn(aborter.signal, 'removeEventListener');
    void waits.until(['a'], runs('a'), { ...MINUTE, signal: aborter.signal });
    void waits.until(['a'], runs('a'), { ...MINUTE, signal: aborter.signal });
    expect(subscribe).toHaveBeenCalledTimes(1);
    change('a', 'running');
    await settled();
    expect([waits.size, removed.mock.calls.length]).toEqual([0, 2]);
    const schedule = jest.spyOn(globalThis, 'setImmediate');
    changes.note('a');
    expect(schedule).not.toHaveBeenCalled();
    schedule.mockRestore();
  });

  it('is one view per change for 1,000 callers that wait for the same agent', async () => {
    const { waits, reads, change } = makeWaits();
    const held = Array.from({ length: 1_000 }, () => follow(waits.waitFor('a', 'verified', { timeoutSeconds: 60 })));
    change('a', 'starting');
    await settled();
    reads.splice(0);
    change('a', 'unhealthy');
    change('a', 'starting');
    await settled();
    expect(reads).toEqual(['a']);
    change('a', 'running');
    await settled();
    expect(reads).toEqual(['a', 'a']);
    expect(held.every(({ outcome }) => (outcome as { status?: string }).status === 'running')).toBe(true);
  });

  it('is one view for 1,000 timeouts at the same time', async () => {
    const { waits, clock, reads } = makeWaits();
    const held = Array.from({ length: 1_000 }, () => follow(waits.waitFor('a', 'verified', { timeoutSeconds: 1 })));
    reads.splice(0);
    await clock.advance(1_000);
    expect(reads).toEqual(['a']);
    expect(held.every(({ outcome }) => outcome === 'wait-timeout')).toBe(true);
  });
});
