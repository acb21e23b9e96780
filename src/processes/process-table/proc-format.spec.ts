import fc from 'fast-check';
import { parseEnviron, parseEnvironSize, parseStat, parseUnixSockets } from './proc-format';

/** Recorded from /proc of a Linux 6 machine. */
const TAIL =
  '0 -1 4194304 127 0 0 0 0 0 0 0 20 0 1 0 362613 2990080 390 18446744073709551615 94147302055936 94147302073865 ' +
  '140733276081456 0 0 0 0 6 0 1 0 0 17 1 0 0 0 0 0 94147302087952 94147302089216 94147975188480 140733276089046 ' +
  '140733276089063 140733276089063 140733276090345 0\n';
const ZOMBIE =
  '13963 (python3) Z 13922 13910 6122 0 -1 4227148 227 0 0 0 0 0 0 0 20 0 1 0 362673 0 0 18446744073709551615 0 0 0 0 ' +
  '0 0 0 16781312 2 1 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n';
const KERNEL =
  '2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 14 0 0 18446744073709551615 0 0 0 0 0 0 0 2147483647 0 ' +
  '1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n';

const line = (name: string, state = 'S') => `13915 (${name}) ${state} 13910 13900 6122 ${TAIL}`;
const facts = { pid: 13915, startTime: 362613, parentPid: 13910, sessionId: 6122 };

describe('a line of /proc/PID/stat', () => {
  it.each(['sleep', 'a b', 'a) R 1 (b', ')', '(', '', 'x\ny', ') Z 1 1 1', 'tmux: server', '✓'])(
    'is parsed with the process name %j',
    (name) => {
      expect(parseStat(line(name))).toEqual(facts);
    },
  );

  it('is parsed with any process name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 15 }), (name) => {
        expect(parseStat(line(name))).toEqual(facts);
      }),
    );
  });

  it.each(['R', 'S', 'D', 'T', 't', 'I'])('shows a process in state %s as alive', (state) => {
    expect(parseStat(line('a', state))).toEqual(facts);
  });

  it.each(['Z', 'X', 'x'])('is ignored in state %s, because the process is dead and not reaped', (state) => {
    expect(parseStat(line('a', state))).toBeNull();
  });

  it('is parsed as recorded on a real machine', () => {
    expect(parseStat(ZOMBIE)).toBeNull();
    expect(parseStat(KERNEL)).toEqual({ pid: 2, startTime: 14, parentPid: 0, sessionId: 0 });
  });

  it.each([
    '',
    'no such file',
    '(a) S 1 1 1',
    'x (a) S 1 1 1',
    '13915 (a',
    '13915 (a)',
    '13915 (a) S 13910',
    line('a').replace('13915', 'x'),
    `13915 13910 13900 6122 ${TAIL}`,
    line('a').slice(0, 60),
    line('a').replace('13910', 'x'),
    line('a').replace('6122', 'x'),
    line('a').replace('362613', 'x'),
  ])('is ignored if it is truncated or invalid: %j', (text) => {
    expect(parseStat(text)).toBeNull();
  });
});

describe('the size of an environment, by a line of /proc/PID/stat', () => {
  it('is the difference of its two addresses', () => {
    expect(parseEnvironSize(line('a'))).toBe(140733276090345 - 140733276089063);
  });

  it('is unknown while the process is inside execve, when both addresses are 0', () => {
    const inside = line('a').replace('140733276089063 140733276090345 0', '0 0 0');
    expect(parseEnvironSize(inside)).toBe('changing');
  });

  it('is unknown while execve fills the environment, when it looks empty and the code has no end yet', () => {
    const filling = line('a')
      .replace('140733276090345 0', '140733276089063 0')
      .replace('94147302055936 94147302073865', '0 0');
    expect(parseEnvironSize(filling)).toBe('changing');
  });

  it('is 0 if the environment is empty', () => {
    expect(parseEnvironSize(line('a').replace('140733276090345 0', '140733276089063 0'))).toBe(0);
  });

  it.each([ZOMBIE, KERNEL, '', 'no such file'])('does not exist for a process without memory: %j', (text) => {
    expect(parseEnvironSize(text)).toBe('none');
  });
});

describe('/proc/net/unix', () => {
  const table = [
    'Num       RefCount Protocol Flags    Type St Inode Path',
    '0000000000000001: 00000003 00000000 00000000 0001 03  1175',
    '0000000000000002: 00000002 00000000 00010000 0001 01 20001 /home/a/.pm2/rpc.sock',
    '0000000000000003: 00000003 00000000 00000000 0001 03 20900 /home/a/.pm2/rpc.sock',
    '0000000000000004: 00000002 00000000 00010000 0001 01 20500 /home/a/.pm2/rpc.sock',
    // A connection that was not accepted yet.
    '0000000000000006: 00000003 00000000 00000000 0001 02     0 /home/a/.pm2/rpc.sock',
    '0000000000000005: 00000002 00000000 00010000 0001 01 20700 /home/with  two spaces/rpc.sock',
    '',
  ].join('\n');

  it('shows the listening sockets and the accepted connections of a path', () => {
    expect(parseUnixSockets(table, '/home/a/.pm2/rpc.sock')).toEqual({
      listening: ['20001', '20500'],
      accepted: ['20900'],
    });
  });

  it.each(['/home/b/.pm2/rpc.sock', '/home/a/.pm2/rpc', '', 'Path'])('shows no sockets at %j', (path) => {
    expect(parseUnixSockets(table, path)).toEqual({ listening: [], accepted: [] });
  });

  it('keeps spaces within a path', () => {
    expect(parseUnixSockets(table, '/home/with  two spaces/rpc.sock').listening).toEqual(['20700']);
  });
});

describe('/proc/PID/environ', () => {
  it('is parsed by variable, and a value may contain anything but NUL', () => {
    expect([...parseEnviron('A=1\0B=two words\nand a line\0C=x=y\0D=\0')]).toEqual([
      ['A', '1'],
      ['B', 'two words\nand a line'],
      ['C', 'x=y'],
      ['D', ''],
    ]);
  });

  it('ignores entries without a name or without =', () => {
    expect([...parseEnviron('=x\0nothing\0\0A=1')]).toEqual([['A', '1']]);
    expect([...parseEnviron('')]).toEqual([]);
  });
});
