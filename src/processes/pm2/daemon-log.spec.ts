import { wasExitOrdered } from './daemon-log';

const at = (line: string) => `2026-11-26T04:24:57: PM2 log: ${line}`;
const START = [at('App [x:0] starting in -fork mode-'), at('App [x:0] online')];
const STOP = [
  at('Stopping app:x id:0'),
  at('App [x:0] exited with code [0] via signal [SIGINT]'),
  at('pid=4848 msg=process tree killed (1 pids)'),
];
const CRASH = [at('App [x:0] exited with code [0] via signal [SIGKILL]')];
const DAEMON = [at('--- New PM2 Daemon started ----------------------------------------------------')];
/** The supervisor stops an entry whose program could not be executed; it was never online. */
const NO_PROCESS = [at('App [x:0] starting in -fork mode-'), at('Stopping app:x id:0')];

describe("the latest exit of an entry in the daemon's log", () => {
  it.each([
    ['is ordered after a stop', [...START, ...STOP], true],
    ['is not ordered after a crash', [...START, ...CRASH], false],
    ['is not ordered after a restart and a crash', [...START, ...STOP, ...START, ...CRASH], false],
    ['is ordered after a crash, a start and a stop', [...START, ...CRASH, ...START, ...STOP], true],
    ['does not exist after a stop and a start', [...START, ...STOP, ...START], false],
    ['does not exist during a stop', [...START, STOP[0] ?? ''], false],
    ['is ordered if the log shows it twice', [...START, ...STOP, STOP[1] ?? ''], true],
    ['is not ordered if the log lacks the stop', [STOP[1] ?? ''], false],
    ['is not ordered if the log lacks the start', STOP, false],
    ['does not count under a later daemon', [...START, ...STOP, ...DAEMON], false],
    ['does not exist for a program that could not be executed', NO_PROCESS, false],
    ['does not exist in an empty log', [], false],
  ])('%s', (_, lines, ordered) => {
    expect(wasExitOrdered(lines.join('\n'), 'x', 0)).toBe(ordered);
  });

  it('is not confused with an entry of a similar name or number', () => {
    const log = [...START, ...STOP].join('\n');
    expect([wasExitOrdered(log, 'x', 1), wasExitOrdered(log, 'xx', 0), wasExitOrdered(log, 'x', 10)]).toEqual([
      false,
      false,
      false,
    ]);
    const others = [...START, ...STOP].join('\n').replaceAll('x:0', 'ax:0').replaceAll('app:x', 'app:ax');
    expect(wasExitOrdered(others, 'x', 0)).toBe(false);
  });
});
