import { findListenerByLsof } from './mac-listener';

/** A Mac with one process, and what its programs print. */
function mac(output: { readonly lsof: string; readonly ps: string }) {
  const calls: string[] = [];
  const find = findListenerByLsof((program, args) => {
    calls.push([program, ...args].join(' '));
    return Promise.resolve(program.endsWith('lsof') ? output.lsof : output.ps);
  });
  return { calls, find: () => find(3000, new AbortController().signal) };
}

describe('the process that listens on a port, by lsof', () => {
  it('is named by its command line', async () => {
    const { find, calls } = mac({ lsof: 'p4711\ncnode\nf21\n', ps: '/opt/homebrew/bin/node server.js --key abc\n' });
    expect(await find()).toEqual({ pid: 4711, program: 'node server.js' });
    expect(calls).toEqual([
      '/usr/sbin/lsof -nP -w +c 0 -iTCP:3000 -sTCP:LISTEN -Fpc',
      '/bin/ps -ww -o command= -p 4711',
    ]);
  });

  it.each([
    ['ps prints nothing', 'p4711\ncnode\n', '', { pid: 4711, program: 'node' }],
    ['its path has spaces', 'p9\ncMy\\x20App\n', '/Applications/My App.app/My App', { pid: 9, program: 'My App' }],
    ['lsof prints no process', '', 'node server.js', null],
    ['nothing is known but the pid', 'p4711\n', '', null],
  ])('is named by what is known if %s', async (_, lsof, ps, expected) => {
    expect(await mac({ lsof, ps }).find()).toEqual(expected);
  });

  it('is unknown if the programs cannot be started', async () => {
    const find = findListenerByLsof();
    expect(await find(1, AbortSignal.abort())).toBeNull();
  });
});
