import fc from 'fast-check';
import { parseEnviron, parseStat, parseUnixSockets } from './proc-format';

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
    'is read whatever the process calls itself: %j',
    (name) => {
      expect(parseStat(line(name))).toEqual(facts);
    },
  );

  it('is read for every name that a process can give itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 15 }), (name) => {
        expect(parseStat(line(name))).toEqual(facts);
      }),
    );
  });

  it.each(['R', 'S', 'D', 'T', 't', 'I'])('of a process in state %s is one that lives', (state) => {
    expect(parseStat(line('a', state))).toEqual(facts);
  });

  it.each(['Z', 'X', 'x'])('of a process in state %s is none: it is dead, only not reaped yet', (state) => {
    expect(parseStat(line('a', state))).toBeNull();
  });

  it('is read as it was recorded', () => {
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
  ])('is none where it is cut off or something else: %j', (text) => {
    expect(parseStat(text)).toBeNull();
  });
});

describe('/proc/net/unix', () => {
  const table = [
    'Num       RefCount Protocol Flags    Type St Inode Path',
    '0000000000000001: 00000003 00000000 00000000 0001 03  1175',
    '0000000000000002: 00000002 00000000 00010000 0001 01 20001 /home/a/.pm2/rpc.sock',
    '0000000000000003: 00000003 00000000 00000000 0001 03 20900 /home/a/.pm2/rpc.sock',
    '0000000000000004: 00000002 00000000 00010000 0001 01 20500 /home/a/.pm2/rpc.sock',
    // A connection that waits for being accepted.
    '0000000000000006: 00000003 00000000 00000000 0001 02     0 /home/a/.pm2/rpc.sock',
    '0000000000000005: 00000002 00000000 00010000 0001 01 20700 /home/with  two spaces/rpc.sock',
    '',
  ].join('\n');

  it('tells who listens at a path, and which connections were accepted there', () => {
    expect(parseUnixSockets(table, '/home/a/.pm2/rpc.sock')).toEqual({
      listening: ['20001', '20500'],
      accepted: ['20900'],
    });
  });

  it.each(['/home/b/.pm2/rpc.sock', '/home/a/.pm2/rpc', '', 'Path'])('tells of nobody at %j', (path) => {
    expect(parseUnixSockets(table, path)).toEqual({ listening: [], accepted: [] });
  });

  it('holds a path whole', () => {
    expect(parseUnixSockets(table, '/home/with  two spaces/rpc.sock').listening).toEqual(['20700']);
  });
});

describe('/proc/PID/environ', () => {
  it('is read variable by variable, and a value may hold everything but NUL', () => {
    expect([...parseEnviron('A=1\0B=two words\nand a line\0C=x=y\0D=\0')]).toEqual([
      ['A', '1'],
      ['B', 'two words\nand a line'],
      ['C', 'x=y'],
      ['D', ''],
    ]);
  });

  it('has no variable in what has no name or no =', () => {
    expect([...parseEnviron('=x\0nothing\0\0A=1')]).toEqual([['A', '1']]);
    expect([...parseEnviron('')]).toEqual([]);
  });
});
