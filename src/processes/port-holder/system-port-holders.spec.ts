import { FakeClock } from '../../../test/support/fake-clock';
import { SystemPortHolders, type FindListener } from './system-port-holders';

const LISTENER = { pid: 4711, program: 'node server.js' };
const LIMIT_MS = 300;
const noAgent = () => null;

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
});

describe('the holder of a port', () => {
  it.each([
    ['an agent', () => 'crawler', 'crawler'],
    ['no agent', noAgent, null],
    [
      'no known agent if the process table cannot be read',
      () => {
        throw new Error('ps failed');
      },
      null,
    ],
  ])('belongs to %s', async (_, agentOf, agentId) => {
    const holders = new SystemPortHolders(() => Promise.resolve(LISTENER), agentOf, clock);
    expect(await holders.holderOf(3000, LIMIT_MS)).toEqual({ ...LISTENER, agentId });
  });

  it.each<[string, FindListener]>([
    ['none is found', () => Promise.resolve(null)],
    ['the search fails', () => Promise.reject(new Error('EMFILE'))],
    [
      'the search throws',
      () => {
        throw new Error('spawn failed');
      },
    ],
  ])('is unknown if %s', async (_, find) => {
    expect(await new SystemPortHolders(find, noAgent, clock).holderOf(3000, LIMIT_MS)).toBeNull();
  });

  it('is unknown after the time limit, which also ends the search', async () => {
    const signals: AbortSignal[] = [];
    const find: FindListener = (_port, signal) => {
      signals.push(signal);
      return new Promise(() => undefined); // not even the signal ends it
    };
    const asking = new SystemPortHolders(find, noAgent, clock).holderOf(3000, LIMIT_MS);
    let isOver = false;
    void asking.then(() => (isOver = true));
    await clock.advance(LIMIT_MS - 1);
    expect([isOver, signals[0]?.aborted]).toEqual([false, false]);
    await clock.advance(1);
    expect([await asking, signals[0]?.aborted]).toEqual([null, true]);
  });

  it('leaves no timer behind', async () => {
    const signals: AbortSignal[] = [];
    const find: FindListener = (_port, signal) => {
      signals.push(signal);
      return Promise.resolve(LISTENER);
    };
    await new SystemPortHolders(find, noAgent, clock).holderOf(3000, LIMIT_MS);
    await clock.advance(LIMIT_MS * 2);
    expect(signals[0]?.aborted).toBe(false);
  });
});
