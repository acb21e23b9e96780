import { settled } from '../../../test/support/fake-clock';
import { follow, makeWaits } from '../../../test/support/waiting-callers';

const MINUTE = { timeoutMs: 60_000 };

describe('until', () => {
  it('answers at once what is known, and waits for nothing', async () => {
    const { waits, clock, runs, change } = makeWaits();
    change('a', 'running');
    expect(await waits.until(['a'], runs('a'), MINUTE)).toBe('a');
    expect([waits.size, clock.timerCount]).toEqual([0, 0]);
  });

  it('answers when one of its agents changes, and not before', async () => {
    const { waits, runs, change } = makeWaits();
    const wait = follow(waits.until(['a', 'b'], runs('b'), MINUTE));
    change('c', 'running');
    change('a', 'running');
    await settled();
    expect(wait.outcome).toBe('waits');
    change('b', 'running');
    await settled();
    expect(wait.outcome).toBe('b');
  });

  it('checks once per turn, however many changes its agents note', async () => {
    const { waits, change } = makeWaits();
    const settle = jest.fn(() => null);
    void waits.until(['a', 'b'], settle, MINUTE);
    for (let each = 0; each < 50; each += 1) change(each % 2 === 0 ? 'a' : 'b', 'running');
    await settled();
    expect(settle).toHaveBeenCalledTimes(2);
  });

  it('checks the present state: a change that was undone within the turn is not seen', async () => {
    const { waits, runs, change } = makeWaits();
    const wait = follow(waits.until(['a'], runs('a'), MINUTE));
    change('a', 'running');
    change('a', 'stopped');
    await settled();
    expect(wait.outcome).toBe('waits');
  });

  it('answers null at its timeout, and not a millisecond earlier', async () => {
    const { waits, clock, runs } = makeWaits();
    const wait = follow(waits.until(['a'], runs('a'), { timeoutMs: 1_000 }));
    await clock.advance(999);
    expect(wait.outcome).toBe('waits');
    await clock.advance(1);
    expect(wait.outcome).toBeNull();
  });

  it('answers at once with a timeout of 0', async () => {
    const { waits, clock, runs } = makeWaits();
    expect(await waits.until(['a'], runs('a'), { timeoutMs: 0 })).toBeNull();
    expect([waits.size, clock.timerCount]).toEqual([0, 0]);
  });

  it('loses no change that comes with the timeout', async () => {
    const { waits, clock, statuses, runs } = makeWaits();
    const wait = follow(waits.until(['a'], runs('a'), { timeoutMs: 1_000 }));
    statuses.set('a', 'running');
    await clock.advance(1_000);
    expect(wait.outcome).toBe('a');
  });

  it('does not count a suspend, and sees what changed during it', async () => {
    const { waits, clock, runs, change } = makeWaits();
    const [first, second] = ['a', 'b'].map((agentId) => follow(waits.until([agentId], runs(agentId), MINUTE)));
    clock.freezeFor(600_000);
    change('b', 'running');
    await clock.advance(59_000);
    expect([first?.outcome, second?.outcome]).toEqual(['waits', 'b']);
    await clock.advance(500);
    expect(first?.outcome).toBeNull();
  });

  it('rejects with what its check throws, at once or later, and disturbs no other wait', async () => {
    const { waits, runs, change } = makeWaits();
    const fault = new Error('fault');
    await expect(
      waits.until(
        ['a'],
        () => {
          throw fault;
        },
        MINUTE,
      ),
    ).rejects.toBe(fault);
    const settle = jest.fn<null, []>(() => null);
    const thrower = follow(waits.until(['a'], settle, MINUTE));
    const other = follow(waits.until(['a'], runs('a'), MINUTE));
    settle.mockImplementation(() => {
      throw fault;
    });
    change('a', 'running');
    await settled();
    expect([thrower.outcome, other.outcome]).toEqual([fault, 'a']);
  });

  it('rejects with the reason of its signal, aborted before or during the wait', async () => {
    const { waits, runs } = makeWaits();
    const reason = new Error('gone');
    await expect(waits.until(['a'], runs('a'), { ...MINUTE, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const aborter = new AbortController();
    const wait = follow(waits.until(['a'], runs('a'), { ...MINUTE, signal: aborter.signal }));
    aborter.abort(reason);
    expect(waits.size).toBe(0);
    await settled();
    expect(wait.outcome).toBe(reason);
  });

  it('refuses every caller at shutdown, and every later one', async () => {
    const { waits, runs } = makeWaits();
    const wait = follow(waits.until(['a'], runs('a'), MINUTE));
    waits.end();
    const later = follow(waits.until(['a'], runs('a'), MINUTE));
    await settled();
    expect([wait.outcome, later.outcome, waits.size]).toEqual(['operation-in-progress', 'operation-in-progress', 0]);
  });

  it('holds at most 10,000 waits, so that its memory is bounded', async () => {
    const { waits, clock, runs } = makeWaits();
    const held = Array.from({ length: 10_000 }, () => follow(waits.until(['a'], runs('a'), MINUTE)));
    await expect(waits.until(['a'], runs('a'), MINUTE)).rejects.toMatchObject({ code: 'too-many-requests' });
    await clock.advance(60_000);
    expect(held.every(({ outcome }) => outcome === null)).toBe(true);
    expect(waits.size).toBe(0);
  });
});

describe('waitFor', () => {
  it('answers with the view once the condition holds', async () => {
    const { waits, change } = makeWaits();
    expect(await waits.waitFor('a', 'stopped', { timeoutSeconds: 0 })).toMatchObject({ status: 'stopped' });
    const wait = follow(waits.waitFor('a', 'healthy', { timeoutSeconds: 60 }));
    change('a', 'running');
    await settled();
    expect(wait.outcome).toMatchObject({ agentId: 'a', status: 'running' });
  });

  it('answers at its timeout with the view at that time', async () => {
    const { waits, clock, change } = makeWaits();
    const wait = waits.waitFor('a', 'running', { timeoutSeconds: 1 });
    const refused = expect(wait).rejects.toMatchObject({
      code: 'wait-timeout',
      members: { agent: { agentId: 'a', status: 'halted' } },
    });
    await clock.advance(500);
    change('a', 'halted');
    await clock.advance(500);
    await refused;
  });

  it('refuses an unknown agent, and one that is unregistered meanwhile', async () => {
    const { waits, change } = makeWaits();
    await expect(waits.waitFor('b', 'running', { timeoutSeconds: 60 })).rejects.toMatchObject({
      code: 'agent-not-found',
    });
    const wait = follow(waits.waitFor('a', 'running', { timeoutSeconds: 60 }));
    change('a', null);
    await settled();
    expect([wait.outcome, waits.size]).toEqual(['agent-not-found', 0]);
  });
});
