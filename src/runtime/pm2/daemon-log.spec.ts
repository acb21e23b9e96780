import { wasEndOrdered } from './daemon-log';

const at = (line: string) => `2026-11-26T04:24:57: PM2 log: ${line}`;
const START = [at('App [x:0] starting in -fork mode-'), at('App [x:0] online')];
const STOP = [
  at('Stopping app:x id:0'),
  at('App [x:0] exited with code [0] via signal [SIGINT]'),
  at('pid=4848 msg=process tree killed (1 pids)'),
];
const CRASH = [at('App [x:0] exited with code [0] via signal [SIGKILL]')];
const DAEMON = [at('--- New PM2 Daemon started ----------------------------------------------------')];
/** We stop an entry whose program could not be executed: it was never online. */
const NO_PROCESS = [at('App [x:0] starting in -fork mode-'), at('Stopping app:x id:0')];

describe("the end of an entry, as the daemon's log tells it", () => {
  it.each([
    ['a stop', [...START, ...STOP], true],
    ['a crash', [...START, ...CRASH], false],
    ['a crash after a restart', [...START, ...STOP, ...START, ...CRASH], false],
    ['a stop after a crash', [...START, ...CRASH, ...START, ...STOP], true],
    ['a start after a stop', [...START, ...STOP, ...START], false],
    ['a stop that has not ended yet', [...START, STOP[0] ?? ''], false],
    ['an end that is told twice', [...START, ...STOP, STOP[1] ?? ''], true],
    ['a stop whose beginning is not there', [STOP[1] ?? ''], false],
    ['a stop that no start precedes', STOP, false],
    ['a stop under an earlier daemon', [...START, ...STOP, ...DAEMON], false],
    ['what could not be executed', NO_PROCESS, false],
    ['nothing', [], false],
  ])('%s', (_, lines, ordered) => {
    expect(wasEndOrdered(lines.join('\n'), 'x', 0)).toBe(ordered);
  });

  it('is not mistaken for that of an entry of a similar name or number', () => {
    const log = [...START, ...STOP].join('\n');
    expect([wasEndOrdered(log, 'x', 1), wasEndOrdered(log, 'xx', 0), wasEndOrdered(log, 'x', 10)]).toEqual([
      false,
      false,
      false,
    ]);
    const others = [...START, ...STOP].join('\n').replaceAll('x:0', 'ax:0').replaceAll('app:x', 'app:ax');
    expect(wasEndOrdered(others, 'x', 0)).toBe(false);
  });
});
