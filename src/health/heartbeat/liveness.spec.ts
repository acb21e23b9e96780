import * as fc from 'fast-check';
import type { Heartbeat } from '../../kernel';
import { livenessFrom, resumeLiveness, selfFailingOf, withHeartbeat, type Liveness } from './liveness';

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
