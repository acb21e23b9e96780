import type { AgentStatus } from '../kernel';
import { presenceOf, type WatchTarget } from './watch-target';

const PROCESS = { pid: 7, startTime: 1 };
const TARGET: WatchTarget = {
  ...{ isExternal: false, shouldRun: true, status: 'running', isFresh: false },
  ...{ incarnation: 'run:7', process: PROCESS, upSince: 0 },
};

describe('presence', () => {
  it.each<[string, string, Partial<WatchTarget>]>([
    ['up', 'has a process', {}],
    ['up', 'is external', { isExternal: true, process: null }],
    ['off', 'should not run', { shouldRun: false }],
    ['off', 'is being launched for the first time', { process: null, status: 'starting' }],
    ...(['recovering', 'backing-off', 'halted'] as AgentStatus[]).map(
      (status): [string, string, Partial<WatchTarget>] => [
        'down',
        `has no process and is ${status}`,
        { process: null, status },
      ],
    ),
  ])('is %s while the agent %s', (presence, _, target) => {
    expect(presenceOf({ ...TARGET, ...target })).toBe(presence);
  });
});
