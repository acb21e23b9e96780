import { readFileSync } from 'node:fs';
import { NOISE } from '../../../../test/support/output-pieces';
import { isNoise } from './noise';
import { readLines } from './output-line';
import { readReason } from './reason';

describe('what is printed at the exit', () => {
  it.each(Object.entries(NOISE).filter(([name]) => !name.startsWith('a task')))('is no last word: %s', (_, text) => {
    const { words, block } = readReason(`the queue is sealed\n${text}`);
    expect([words.map((line) => line.words), block]).toEqual([['the queue is sealed'], null]);
  });

  it.each([
    ['npm-run-all', 'ERROR: "start:bot" exited with 1.'],
    ['concurrently', '[0] python a.py exited with code 1'],
    ['concurrently that kills', '--> Sending SIGTERM to other processes..'],
    ['nodemon', '[nodemon] app crashed - waiting for file changes before starting...'],
    ['just', 'error: Recipe `run` failed on line 3 with exit code 1'],
    ['conda', 'ERROR conda.cli.main_run:execute(127): `conda run python a.py` failed. (See above for error)'],
    ['gRPC', 'E0000 00:00:1772445600.123456     812 init.cc:232] grpc_wait_for_shutdown_with_timeout() timed out.'],
    ['Node', '(Use `node --trace-uncaught ...` to show where the exception was thrown)'],
    ['a warning of Node', '(node:812) [DEP0040] DeprecationWarning: The `punycode` module is deprecated.'],
    ['carets', '    ~~~~^^^^^'],
    ['the helper of an agent', "heartbeat failed, retrying: ConnectionRefusedError(111, 'Connection refused')"],
    ['the helper of an agent, later', 'heartbeats work again'],
    ['a farewell with a sign', '👋 Goodbye!'],
  ])('is noise by %s', (_, text) => {
    expect(readLines(text).map(isNoise)).toEqual([true]);
  });

  it.each([
    ['an error about a warning', 'UserWarning: the queue is sealed'],
    ['an error of a program named npm', 'npmlog: the queue is sealed'],
    ['a path in an error', '/srv/app: no such queue'],
    ['an alarm about an exit', 'ERROR: stopped because the queue is sealed'],
    ['a long farewell, which may give the reason', `shutting down because ${'the queue is sealed '.repeat(4)}`],
    ['a status', 'status 401'],
  ])('is no noise if it is %s', (_, text) => {
    expect(readLines(text).map(isNoise)).toEqual([false]);
  });
});

describe('the lines of the helpers for agents', () => {
  it.each(['agent_spawner.py', 'agent-spawner.mjs'])('are noise as %s prints them', (name) => {
    const helper = readFileSync(`examples/agents/${name}`, 'utf8');
    const lines = [...helper.matchAll(/["'`](heartbeats? (?:failed|work)[^"'`]*)/g)].map(([, line = '']) => line);
    expect(lines).toHaveLength(2);
    expect(lines.flatMap((line) => readLines(line).map(isNoise))).toEqual([true, true]);
  });
});

describe('an error that Python ignored at the exit', () => {
  it('has no head if it has no stack', () => {
    const text =
      "Exception ignored in: <_io.TextIOWrapper name='<stdout>' mode='w'>\nBrokenPipeError: [Errno 32] Broken pipe\n";
    expect(readReason(`the queue is sealed\n${text}`).words.map(({ words }) => words)).toEqual(['the queue is sealed']);
  });

  it('does not hide the original one below it', () => {
    const traceback = (error: string) => `Traceback (most recent call last):\n  File "a.py", line 1\n${error}\n`;
    const text = `Error in sys.excepthook:\n${traceback('TypeError: x')}\nOriginal exception was:\n${traceback('ValueError: y')}`;
    expect(readReason(text).block?.line).toBe('ValueError: y');
  });
});
