import { getEventListeners } from 'node:events';
import { settled } from '../../test/support/fake-clock';
import { makeRouter, VERIFICATION_MS } from '../../test/support/route-world';
import { Problem } from '../kernel';

const RUNNING = { status: 'running', score: 90 } as const;
const NO_FILE = { reason: 'there is no file agent.py', isCommon: false };
const NO_PM2 = { reason: 'PM2 does not answer', isCommon: true };

/** Makes a router with stopped agents, and routes whose outcomes can be read while others wait. */
function world(...agentIds: readonly string[]) {
  const router = makeRouter();
  for (const agentId of agentIds) router.set(agentId, {});
  const begin = (options: Parameters<typeof router.route>[0] = {}) => {
    const begun: { outcome: string } = { outcome: 'waits' };
    router.route(options).then(
      (agentId) => (begun.outcome = agentId),
      (error: unknown) => (begun.outcome = error instanceof Problem ? `${error.code}: ${error.detail}` : String(error)),
    );
    return begun;
  };
  return { ...router, begin };
}

describe('a route to a stopped agent', () => {
  it('starts it, and gets it once it is usable', async () => {
    const { begin, answer, set, asked, waits } = world('a');
    const route = begin();
    await settled();
    answer('a', null);
    await settled();
    expect(route.outcome).toBe('waits');
    set('a', RUNNING);
    await settled();
    expect([route.outcome, asked, waits.size]).toEqual(['a', ['a'], 0]);
  });

  it('shares the start with every other route', async () => {
    const { begin, answer, set, asked } = world('a', 'b');
    const routes = Array.from({ length: 20 }, () => begin());
    await settled();
    answer('a', null);
    routes.push(begin());
    await settled();
    set('a', RUNNING);
    await settled();
    expect([asked, new Set(routes.map(({ outcome }) => outcome))]).toEqual([['a'], new Set(['a'])]);
  });

  it('gets another agent that becomes usable first', async () => {
    const { begin, set } = world('a', 'b');
    const route = begin();
    await settled();
    set('b', RUNNING);
    await settled();
    expect(route.outcome).toBe('b');
  });

  it('tries the next one at once if its start fails, and names every failure', async () => {
    const { begin, answer, asked, set } = world('a', 'b', 'c');
    const [first, other] = [begin(), begin()];
    await settled();
    answer('a', NO_FILE);
    await settled();
    answer('b', NO_FILE);
    await settled();
    expect(asked).toEqual(['a', 'b', 'c']);
    answer('c', null);
    set('c', RUNNING);
    await settled();
    expect([first.outcome, other.outcome]).toEqual(['c', 'c']);
    const refused = begin({ exclude: ['c'] });
    await settled();
    answer('a', NO_FILE);
    await settled();
    answer('b', NO_FILE);
    await settled();
    expect(refused.outcome).toMatch(
      /^no-available-agent: .*a: its start failed: there is no file.*b: its start failed/,
    );
  });

  it('tries no other if PM2 does not answer', async () => {
    const { begin, answer, asked } = world('a', 'b');
    const route = begin();
    await settled();
    answer('a', NO_PM2);
    await settled();
    expect(route.outcome).toMatch(/^no-available-agent: .*b: its start failed: PM2 does not answer/);
    expect(asked).toEqual(['a']);
  });

  it.each([
    ['a stop', true],
    ['an exit in the turn in which it was started', false],
  ])('does not start it again after %s, and says so', async (_, isStop) => {
    const { begin, answer, set, asked } = world('a');
    const route = begin();
    await settled();
    answer('a', null);
    if (isStop) await settled();
    set('a', { status: 'stopped', isOnDemand: false, stopAskedAt: isStop ? 1 : 0 });
    await settled();
    expect(route.outcome).toMatch(/^no-available-agent: .*a: it was stopped(?:, or finished,)? while the task waited/);
    expect(asked).toEqual(['a']);
    expect(begin().outcome).toBe('waits');
    expect(asked).toEqual(['a', 'a']);
  });

  it('does not start an agent that was stopped while another was being started', async () => {
    const { begin, answer, set, asked } = world('a', 'b');
    const route = begin();
    await settled();
    set('b', { stopAskedAt: 1 });
    answer('a', NO_FILE);
    await settled();
    expect(route.outcome).toMatch(/b: it was stopped while the task waited/);
    expect(asked).toEqual(['a']);
  });

  it('starts nothing without spawn', async () => {
    const { begin, asked } = world('a');
    const route = begin({ spawn: false });
    await settled();
    expect([route.outcome.startsWith('no-available-agent'), asked]).toEqual([true, []]);
  });
});

describe('the time that a route waits', () => {
  it('is waitSeconds', async () => {
    const { begin, clock, set } = world();
    set('a', { status: 'recovering', score: 0 });
    const route = begin({ waitSeconds: 3 });
    await clock.advance(2_999);
    expect(route.outcome).toBe('waits');
    await clock.advance(1);
    expect(route.outcome).toMatch(/^no-available-agent: .* after 3 s \(a: its status is recovering\)/);
  });

  it('is longer by the verification of an agent that is started on demand', async () => {
    const { begin, clock, answer } = world('a');
    const route = begin({ waitSeconds: 3 });
    await settled();
    answer('a', null);
    await clock.advance(3_000 + VERIFICATION_MS - 1);
    expect(route.outcome).toBe('waits');
    await clock.advance(1);
    expect(route.outcome).toMatch(/^no-available-agent/);
  });

  it('is nothing for waitSeconds 0, but the agent is being started', async () => {
    const { begin, asked, waits } = world('a');
    const route = begin({ waitSeconds: 0 });
    await settled();
    expect([asked, waits.size]).toEqual([['a'], 0]);
    expect(route.outcome).toMatch(/a: it is being started/);
  });

  it('ends with the caller, and leaves the start alone', async () => {
    const { begin, set, asked, waits } = world('a');
    const caller = new AbortController();
    const route = begin({ signal: caller.signal });
    await settled();
    caller.abort(new Problem('operation-in-progress', 'gone'));
    await settled();
    expect([route.outcome, waits.size]).toEqual(['operation-in-progress: gone', 0]);
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
    set('a', RUNNING);
    expect([begin({ signal: caller.signal }).outcome, asked]).toEqual(['waits', ['a']]);
  });

  it('ends at once if nothing can be waited for any more', async () => {
    const { begin, set } = world();
    set('a', { status: 'backing-off', score: 0 });
    const halted = begin();
    await settled();
    set('a', { status: 'halted', circuit: 'OPEN' });
    await settled();
    expect(halted.outcome).toMatch(/^no-available-agent: .*its circuit is OPEN/);
    set('a', { status: 'recovering', circuit: 'CLOSED' });
    const unregistered = begin();
    await settled();
    set('a', null);
    await settled();
    expect(unregistered.outcome).toMatch(/^no-capable-agent/);
  });

  it('lets an agent serve that gets the capability meanwhile', async () => {
    const { begin, set, clock } = world();
    set('a', { status: 'recovering', score: 0 });
    const route = begin();
    await settled();
    set('later', RUNNING);
    await clock.advance(1_000);
    expect(route.outcome).toBe('later');
  });
});

describe('a thousand routes at once', () => {
  it('share one start and one timer, are spread over the agents, and leave nothing behind', async () => {
    const { begin, set, asked, answer, waits, clock } = world('a', 'b');
    const timersBefore = clock.timerCount;
    const signals = Array.from({ length: 1_000 }, () => new AbortController().signal);
    const routes = signals.map((signal) => begin({ signal }));
    await settled();
    expect([waits.size, asked, clock.timerCount - timersBefore]).toEqual([1_000, ['a'], 1]);
    answer('a', null);
    await settled();
    set('a', RUNNING);
    set('b', RUNNING);
    await settled();
    const counts = ['a', 'b'].map((agentId) => routes.filter(({ outcome }) => outcome === agentId).length);
    expect(counts).toEqual([500, 500]);
    expect([waits.size, clock.timerCount]).toEqual([0, timersBefore]);
    expect(signals.flatMap((signal) => getEventListeners(signal, 'abort'))).toEqual([]);
  });
});
