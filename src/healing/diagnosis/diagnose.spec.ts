import * as fc from 'fast-check';
import { diagnose, type DiagnosisFacts } from './diagnose';
import { maskSecrets } from '../../kernel';
import { plainLine } from '../../kernel';

const makeFacts = (changes: Partial<DiagnosisFacts> = {}): DiagnosisFacts => ({
  ...{
    exitCode: 1,
    signal: null,
    stderr: '',
    stdout: '',
    oomKills: null,
    memoryBytes: null,
    secrets: [],
    program: null,
    stderrAt: null,
    stdoutAt: null,
    variables: null,
  },
  ...changes,
});
const FATAL = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nValueError: the fatal one\n';

describe('a diagnosis', () => {
  it.each([
    ['SIGKILL', { signal: 'SIGKILL' }, 'killed-by-signal'],
    ['SIGKILL while the kernel was short of memory', { signal: 'SIGKILL', oomKills: 1 }, 'out-of-memory'],
    ['SIGTERM meanwhile', { signal: 'SIGTERM', oomKills: 1 }, 'killed-by-signal'],
    [
      'SIGABRT of a full heap',
      { signal: 'SIGABRT', stderr: 'FATAL ERROR: Reached heap limit - JavaScript heap out of memory\n' },
      'out-of-memory',
    ],
    ['exit 0', { exitCode: 0, stderr: FATAL }, 'clean-exit'],
    ['a code that was not seen', { exitCode: null }, 'unknown'],
    ['a shell without its command', { exitCode: 127, stderr: 'sh: 1: ffmpeg: not found\n' }, 'missing-dependency'],
    ['a shell that may not', { exitCode: 126, stderr: 'sh: 1: ./x: Permission denied\n' }, 'configuration'],
    ['a fatal error on standard output', { stdout: FATAL }, 'unhandled-exception'],
    [
      'the lost heartbeats of the helper alone',
      { stderr: 'heartbeat failed, retrying: Error: connect ECONNREFUSED 127.0.0.1:3100\nheartbeats work again\n' },
      'unknown',
    ],
    [
      'an error before the lost heartbeats of the helper',
      { stderr: `${FATAL}heartbeat failed, retrying: HTTP 401 unauthenticated\n` },
      'unhandled-exception',
    ],
    ['429 in its last words', { stderr: 'giving up: HTTP 429\n' }, 'rate-limited'],
    ['401 in its last words', { stderr: 'giving up: status 401\n' }, 'credentials'],
    ['4290 in its last words', { stderr: 'used 4290 tokens\n' }, 'unknown'],
  ] as const)('by %s', (_, changes, cause) => {
    expect(diagnose(makeFacts(changes)).cause).toBe(cause);
  });

  it('of outside causes says that they are waited for, and of others what the operator has to do', () => {
    const remedyOf = (stderr: string) => diagnose(makeFacts({ stderr })).remedy;
    expect([remedyOf('HTTP 429\n'), remedyOf('ECONNREFUSED\n'), remedyOf('status 401\n'), remedyOf(FATAL)]).toEqual([
      ...['wait', 'wait', 'person', 'restart'],
    ]);
  });

  it('is not changed by whatever was written before', () => {
    const lines = fc.array(fc.oneof(fc.string(), fc.constantFrom(...FATAL.split('\n'), 'HTTP 429', 'Error: x')));
    fc.assert(
      fc.property(lines, (before) => {
        const { cause, line } = diagnose(makeFacts({ stderr: `${before.join('\n')}\n${FATAL}` }));
        expect([cause, line]).toEqual(['unhandled-exception', 'ValueError: the fatal one']);
      }),
      { numRuns: 500 },
    );
  });

  it('of any text is one line of plain words, not too long', () => {
    const text = fc.string({ unit: 'binary', maxLength: 5_000 });
    fc.assert(
      fc.property(text, text, fc.option(fc.integer({ min: 0, max: 255 })), (stderr, stdout, exitCode) => {
        const { line, evidence } = diagnose(makeFacts({ stderr, stdout, exitCode }));
        for (const shown of [line, ...evidence.map(({ detail }) => detail)]) {
          expect(shown.length).toBeLessThanOrEqual(500);
          expect(shown).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['one endless line', (size: number) => 'x'.repeat(500 * size)],
    ['endless heads', (size: number) => 'Traceback (most recent call last):\n'.repeat(15 * size)],
    [
      'endless chains',
      (size: number) =>
        `${FATAL}\nDuring handling of the above exception, another exception occurred:\n\n`.repeat(4 * size),
    ],
    ['endless spaces', (size: number) => `${' '.repeat(500 * size)}:`],
    ['endless dots', (size: number) => `${'a.'.repeat(250 * size)}Error`],
    ['endless stacks', (size: number) => `Error: x\n${'    at f (a.js:1:1)\n'.repeat(20 * size)}`],
  ])('of %s takes no longer than in proportion', (_, textOf) => {
    // Four times the text: quadratic work takes 16 times as long. The floor is there because short times are measured
    // badly.
    const [small, large] = [cpuTimeOf(textOf(500)), cpuTimeOf(textOf(2_000))];
    expect(large).toBeLessThan(10 * Math.max(small, 30_000));
  });
});

/** Returns the CPU time of one diagnosis in microseconds. Other processes do not affect it. */
function cpuTimeOf(stderr: string): number {
  const before = process.cpuUsage();
  diagnose(makeFacts({ stderr }));
  return process.cpuUsage(before).user;
}

describe('masking', () => {
  it('finds a secret in plain text, in a URL, in JSON and in base64, the longest first', () => {
    const secret = 'pa"ss word/1';
    const encoded = Buffer.from(secret).toString('base64');
    const text = `${secret} ${encodeURIComponent(secret)} ${JSON.stringify(secret)} ${encoded}`;
    expect(maskSecrets(text, [secret, secret.slice(0, 7)])).toBe('*** *** "***" ***');
  });

  it('leaves short values: they would blot out everything', () => {
    expect(maskSecrets('port 8080 in use', ['8080', 'in'])).toBe('port 8080 in use');
  });

  it('comes before a line is cut: no half of a secret is left', () => {
    const { line } = diagnose(
      makeFacts({ stderr: `Error: ${'x'.repeat(280)}MARKED-SECRET-VALUE\n`, secrets: ['MARKED-SECRET-VALUE'] }),
    );
    expect(line).not.toContain('MARKED');
  });
});

describe('a plain line', () => {
  it('has no colours, no controls, and nothing that turns text around', () => {
    expect(plainLine('\u001b[31mred\u001b[0m\u202e \u0007\ta\u200bb\r\n', 80)).toBe('red a b');
    expect(plainLine('\u001b]8;;http://x\u0007link\u001b]8;;\u0007', 80)).toBe('link');
    expect(plainLine('abcdef', 4)).toBe('abc…');
  });
});
