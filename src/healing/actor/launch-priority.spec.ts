import type { Launch } from '../machine';
import { priorityOf } from './launch-priority';

const LAUNCH: Launch = {
  ...{ runId: 'run-1', by: 'healing', reason: 'crashed', kind: 'restart', pidBefore: 10, attempt: 1, trial: false },
  ...{ mustBeListed: false, afterSweeps: false, fallback: null },
};

describe('the priority of a launch', () => {
  it('decreases from the operator to routing, first restarts, later restarts and trials', () => {
    const launches: readonly Partial<Launch>[] = [
      { by: 'operator' },
      { by: 'routing' },
      { attempt: 1 },
      { attempt: 2 },
      { attempt: 2, trial: true },
    ];
    expect(launches.map((launch) => priorityOf({ ...LAUNCH, ...launch }))).toEqual([0, 1, 2, 3, 4]);
  });

  it.each<readonly [string, Partial<Launch>, Partial<Launch>]>([
    [
      'a trial for the operator equals another launch for the operator',
      { by: 'operator', trial: true },
      { by: 'operator' },
    ],
    ['a recovery equals a first restart', { by: 'recovery', attempt: null }, { attempt: 1 }],
    ['a launch without an attempt equals a first restart', { attempt: null }, { attempt: 1 }],
    ['a ninth restart equals a second', { attempt: 9 }, { attempt: 2 }],
  ])('is the same: %s', (_, one, other) => {
    expect(priorityOf({ ...LAUNCH, ...one })).toBe(priorityOf({ ...LAUNCH, ...other }));
  });
});
