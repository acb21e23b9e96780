import * as fc from 'fast-check';
import type { Heartbeat } from '../../kernel';
import { livenessFrom, resumeLiveness, selfFailingOf, vitalsFrom, withHeartbeat, type Liveness } from './liveness';

/** Applies heartbeats of one process, each a number of milliseconds after the one before. */
function applyHeartbeats(...heartbeats: readonly (readonly [number, Heartbeat])[]): Liveness {
  let now = 0;
  const known = heartbeats.reduce<Liveness | null>((before, [afterMs, heartbeat]) => {
    now += afterMs;
    return withHeartbeat(before, 'run-1:10', heartbeat, now);
  }, null);
  return known ?? livenessFrom('run-1:10', 0);
}
const FAILING: Heartbeat = { status: 'failing', message: 'no update for 11 days' };

describe('selfFailingOf', () => {
  it.each<readonly [string, readonly (readonly [number, Heartbeat])[], ReturnType<typeof selfFailingOf>]>([
    ['null without heartbeats', [], null],
    ['null for ok', [[0, { status: 'ok' }]], null],
    ['0 ms after one failing heartbeat', [[0, FAILING]], { forMs: 0, message: 'no update for 11 days' }],
    [
      'the time since the first failing heartbeat',
      [
        [0, FAILING],
        [60_000, FAILING],
        [60_000, FAILING],
      ],
      { forMs: 120_000, message: 'no update for 11 days' },
    ],
    [
      'the latest message of the series',
      [
        [0, FAILING],
        [1_000, { status: 'failing', message: 'no update for 12 days' }],
        [1_000, { status: 'failing' }],
      ],
      { forMs: 2_000, message: 'no update for 12 days' },
    ],
    [
      'the earlier status and message if a heartbeat omits them',
      [
        [0, FAILING],
        [5_000, {}],
      ],
      { forMs: 5_000, message: 'no update for 11 days' },
    ],
    [
      '0 ms after another status in between, without the earlier message',
      [
        [0, FAILING],
        [60_000, { status: 'degraded', message: 'trying again' }],
        [60_000, { status: 'failing' }],
      ],
      { forMs: 0, message: null },
    ],
    [
      'null if the latest heartbeat is ok',
      [
        [0, FAILING],
        [60_000, { status: 'ok' }],
      ],
      null,
    ],
  ])('is %s', (_, heartbeats, expected) => {
    expect(selfFailingOf(applyHeartbeats(...heartbeats))).toEqual(expected);
  });

  it('starts over after a suspend, and with another process', () => {
    const failing = applyHeartbeats([0, FAILING], [90_000, FAILING]);
    const resumed = withHeartbeat(resumeLiveness(failing, 200_000), 'run-1:10', FAILING, 230_000);
    expect(selfFailingOf(resumed)?.forMs).toBe(30_000);
    expect(selfFailingOf(withHeartbeat(failing, 'run-2:11', FAILING, 91_000))?.forMs).toBe(0);
    expect(selfFailingOf(withHeartbeat(failing, 'run-2:11', {}, 91_000))).toBeNull();
  });

  it('spans the latest unbroken series of failing heartbeats', () => {
    const statuses = fc.array(fc.constantFrom('ok' as const, 'degraded' as const, 'failing' as const), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(statuses, (given) => {
        const row = given.length - 1 - given.findLastIndex((status) => status !== 'failing');
        const forMs =
          selfFailingOf(applyHeartbeats(...given.map((status) => [1_000, { status }] as const)))?.forMs ?? null;
        expect(forMs).toBe(row === 0 ? null : (row - 1) * 1_000);
      }),
    );
  });
});

describe('the time without progress', () => {
  const at = (liveness: Liveness, now: number) => vitalsFrom(liveness, now).withoutProgressMs;
  const BUSY: Heartbeat = { busy: true, task: 'crawl shop', progress: 7 };

  it.each<readonly [string, readonly (readonly [number, Heartbeat])[], number | null]>([
    ['null if it never said busy', [[0, { progress: 1 }]], null],
    [
      'null once it is no longer busy',
      [
        [0, BUSY],
        [50, {}],
      ],
      null,
    ],
    [
      'counted from the first busy heartbeat',
      [
        [0, {}],
        [50, BUSY],
        [50, BUSY],
      ],
      50,
    ],
    [
      'counted from the latest change of the counter',
      [
        [0, BUSY],
        [50, { ...BUSY, progress: 8 }],
        [20, BUSY],
      ],
      0,
    ],
    [
      '0 after a counter that goes down or wraps',
      [
        [0, BUSY],
        [50, { ...BUSY, progress: -7 }],
      ],
      0,
    ],
    [
      '0 after another task',
      [
        [0, BUSY],
        [50, { ...BUSY, task: 'crawl mall' }],
      ],
      0,
    ],
    [
      '0 after the task ended while it is busy',
      [
        [0, BUSY],
        [50, { ...BUSY, task: null }],
      ],
      0,
    ],
    [
      'not affected by members that are omitted',
      [
        [0, BUSY],
        [50, { busy: true }],
      ],
      50,
    ],
    [
      'not affected by tokens, status and message',
      [
        [0, BUSY],
        [50, { ...BUSY, tokensUsed: 9, message: 'x' }],
      ],
      50,
    ],
    [
      'counted from the end of a wait',
      [
        [0, BUSY],
        [50, { busy: false }],
        [50, BUSY],
        [30, BUSY],
      ],
      30,
    ],
  ])('is %s', (_, heartbeats, expected) => {
    const now = heartbeats.reduce((sum, [afterMs]) => sum + afterMs, 0);
    expect(at(applyHeartbeats(...heartbeats), now)).toBe(expected);
  });

  it('grows in silence, once the next heartbeat is late', () => {
    const once = applyHeartbeats([0, BUSY]);
    expect([at(once, 10), at(once, 99_000)]).toEqual([10, 99_000]);
    const regular = applyHeartbeats([0, BUSY], [1_000, { ...BUSY, progress: 8 }]);
    expect([at(regular, 2_500), at(regular, 2_501)]).toEqual([0, 1_501]);
  });

  it('starts over in another process, although it sends the same', () => {
    const known = applyHeartbeats([0, BUSY], [90_000, BUSY]);
    expect(at(withHeartbeat(known, 'run-1:11', BUSY, 90_001), 90_001)).toBe(0);
    expect(at(withHeartbeat(known, 'run-1:11', {}, 90_001), 99_999)).toBeNull();
  });

  it('starts over after a suspend', () => {
    const resumed = resumeLiveness(applyHeartbeats([0, BUSY], [1_000, BUSY]), 200_000);
    expect([at(resumed, 200_010), at(resumed, 201_501)]).toEqual([0, 1_501]);
  });

  it('is 0 while a counter changes in each heartbeat, however rare they are', () => {
    const counters = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 3, maxLength: 20 });
    const distinct = (given: number[]) => given.filter((value, index) => value !== given[index - 1]);
    fc.assert(
      fc.property(counters.map(distinct), fc.integer({ min: 1, max: 600_000 }), (given, everyMs) => {
        const sent = given.map((progress) => [everyMs, { busy: true, progress }] as const);
        fc.pre(sent.length >= 2);
        expect(at(applyHeartbeats(...sent), sent.length * everyMs + everyMs)).toBe(0);
      }),
    );
  });
});
