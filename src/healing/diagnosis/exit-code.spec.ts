import { constants } from 'node:os';
import { diagnose, type DiagnosisFacts } from './diagnose';
import { explainCode, signalOfCode } from './exit-code';

const diagnoseCode = (exitCode: number | null, facts: Partial<DiagnosisFacts> = {}) =>
  diagnose({
    ...{ exitCode, signal: null, stderr: '', stdout: '', stderrAt: null, stdoutAt: null },
    ...{ oomKills: null, memoryBytes: null, secrets: [], program: null, variables: null },
    ...facts,
  });

describe('the signal of an exit code', () => {
  it.each([
    ...([
      [129, 'SIGHUP'],
      [130, 'SIGINT'],
      [131, 'SIGQUIT'],
      [132, 'SIGILL'],
      [133, 'SIGTRAP'],
      [134, 'SIGABRT'],
    ] as const),
    ...([
      [135, 'SIGBUS'],
      [136, 'SIGFPE'],
      [137, 'SIGKILL'],
      [139, 'SIGSEGV'],
      [141, 'SIGPIPE'],
      [142, 'SIGALRM'],
    ] as const),
    ...([
      [143, 'SIGTERM'],
      [152, 'SIGXCPU'],
      [153, 'SIGXFSZ'],
      [159, 'SIGSYS'],
    ] as const),
  ])('%i is %s', (exitCode, signal) => {
    expect(signalOfCode(exitCode)).toBe(signal);
    expect(exitCode - 128).toBe(constants.signals[signal]);
  });

  it.each([null, 0, 1, 2, 64, 78, 126, 127, 128, 138, 140, 144, 145, 146, 147, 148, 149, 150, 151, 154, 155, 200, 255])(
    '%p has none',
    (exitCode) => {
      expect(signalOfCode(exitCode)).toBeNull();
    },
  );
});

describe('the meaning of an exit code', () => {
  it.each([
    [64, 'configuration', 'likely', 'person'],
    [66, 'configuration', 'likely', 'person'],
    [69, 'network', 'likely', 'wait'],
    [75, 'network', 'likely', 'wait'],
    [77, 'credentials', 'likely', 'person'],
    [78, 'configuration', 'certain', 'person'],
    [126, 'configuration', 'likely', 'person'],
    [127, 'missing-dependency', 'likely', 'person'],
  ] as const)('%i without words is %s, %s', (exitCode, cause, certainty, remedy) => {
    const found = diagnoseCode(exitCode);
    expect([found.cause, found.certainty, found.remedy, found.rule]).toEqual([
      ...[cause, certainty, remedy, `exit-${exitCode}`],
    ]);
    expect([found.exitCode, found.advice]).toEqual([exitCode, explainCode(exitCode)?.advice]);
  });

  it.each([[1], [2], [70], [128], [138], [255], [null]])('%p without words is unknown', (exitCode) => {
    expect(explainCode(exitCode)).toBeNull();
    const { cause, rule, remedy } = diagnoseCode(exitCode);
    expect([cause, rule, remedy]).toEqual(['unknown', null, 'restart']);
  });

  it('of 0 is that it exited by itself', () => {
    expect(explainCode(0)).toBeNull();
    expect(diagnoseCode(0).cause).toBe('clean-exit');
  });
});

describe('an exit code and the words before it', () => {
  const HEAP = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n';
  it.each([
    ['137 while the kernel was short of memory', 137, { oomKills: 1 }, 'out-of-memory', null],
    ['137 at another time', 137, { oomKills: 0 }, 'killed-by-signal', null],
    ['137 where that is not known', 137, {}, 'killed-by-signal', null],
    ['137 of a program that had no memory', 137, { stderr: `${HEAP}Killed\n` }, 'out-of-memory', 'v8-memory'],
    ['139', 139, { stderr: 'Segmentation fault (core dumped)\n' }, 'killed-by-signal', null],
    ['134 of a full heap', 134, { stderr: `${HEAP}Aborted (core dumped)\n` }, 'out-of-memory', 'v8-memory'],
    ['134 without words', 134, {}, 'killed-by-signal', null],
    ['143', 143, { stderr: 'npm error signal SIGTERM\n' }, 'killed-by-signal', null],
    ['127 of a shell', 127, { stderr: 'sh: 1: tsx: not found\n' }, 'missing-dependency', 'shell-command-not-found'],
    [
      '127 of a library',
      127,
      { stderr: './a: error while loading shared libraries: libx.so: x\n' },
      ...['missing-dependency', 'shared-library'],
    ],
    ['126 of a shell', 126, { stderr: 'sh: 1: ./x: Permission denied\n' }, 'configuration', 'not-executable'],
    ['78 of a program that names a key', 78, { stderr: 'OPENAI_API_KEY is not set\n' }, 'credentials', 'key-not-set'],
    ['78 of a program that names a port', 78, { stderr: 'port 80 is already in use\n' }, 'port-in-use', 'port-in-use'],
    ['75 of a program that names a limit', 75, { stderr: 'got 429 from the API\n' }, 'rate-limited', 'http-429'],
    ['64 of a program that says something else', 64, { stderr: 'usage: agent MODEL\n' }, 'configuration', 'exit-64'],
  ] as readonly (readonly [string, number, Partial<DiagnosisFacts>, string, string | null])[])(
    'of %s',
    (_, exitCode, facts, cause, rule) => {
      const found = diagnoseCode(exitCode, facts);
      expect([found.cause, found.rule]).toEqual([cause, rule]);
    },
  );

  it('names the signal behind a wrapper, and keeps the code', () => {
    const { line, exitCode, signal } = diagnoseCode(139);
    expect(line).toBe('killed by SIGSEGV: exited with code 139, as a wrapper does for its child');
    expect([exitCode, signal]).toEqual([139, null]);
  });
});
