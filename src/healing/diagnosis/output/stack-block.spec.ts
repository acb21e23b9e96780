import { readReason } from './reason';

const STACK = '    at main (/srv/a.js:4:7)\n    at node:internal/main:1:1\n';
const read = (...texts: readonly string[]) => readReason(texts.join('')).block;

describe('the error of a stack', () => {
  it.each([
    ['stands above it', 'TypeError: x\n', 'TypeError: x'],
    ['may have a code', 'Error [ERR_X]: x\n', 'Error [ERR_X]: x'],
    ['may stand behind words of the program', 'Fatal error in main(): Error: x\n', 'Fatal error in main(): Error: x'],
    ['may have several lines', 'Error: x\nsecond\n\nthird\n', 'Error: x'],
    ['may have a name of its own', 'SeatsTaken: x\n', 'SeatsTaken: x'],
    ['may have a name of a package', 'app.Refused: x\n', 'app.Refused: x'],
    ['may be of Bun', '1 | throw x\n          ^\nerror: x\n', 'error: x'],
    ['of .NET has no words of the runtime', 'Unhandled exception. System.Exception: x\n', 'System.Exception: x'],
    ['of Java has no words of the runtime', 'Exception in thread "main" java.lang.Error: x\n', 'java.lang.Error: x'],
    ['of Deno has no words of the runtime', 'error: Uncaught (in promise) Error: x\n', 'Error: x'],
  ])('%s', (_, head, line) => {
    // An error that was handled earlier must not be taken for the head.
    expect(read('Error: cache away\nretrying\n', head, STACK)?.line).toBe(line);
  });

  it('keeps its stack if it is a syntax error, which Python prints without one', () => {
    expect(read('SyntaxError: x\n', STACK)?.frames).toHaveLength(2);
  });

  it('is no earlier line that stands behind another stack', () => {
    expect(read('Error: cache away\n', STACK, 'polling\n', 'it broke\n', STACK)?.line).not.toBe('Error: cache away');
  });
});

describe('what follows a stack', () => {
  it('are the members of the error', () => {
    const block = read('Error: x\n', STACK.trimEnd(), " {\n  code: 'EADDRINUSE',\n  port: 80\n}\n");
    expect(block?.details).toEqual(["code: 'EADDRINUSE',", 'port: 80']);
  });

  it.each([
    ['Node', `  [cause]: Error: y\n  ${STACK}`],
    ['Java', 'Caused by: Error: y\n\tat a.B.c(B.java:1)\n\t... 3 more\n'],
    ['pino', 'caused by: Error: y\n    at b.js:1:1\n'],
    ['an error of errors', `  [errors]: [\n    Error: y\n    ${STACK}  ]\n`],
  ])('is its cause in the words of %s', (_, cause) => {
    const block = read('Error: x\n', STACK, cause);
    expect([block?.line, JSON.stringify([block?.causes, block?.details]).includes('Error: y')]).toEqual([
      'Error: x',
      true,
    ]);
  });

  it('are the modules that asked for one that is missing', () => {
    const stack = "Error: Cannot find module 'x'\nRequire stack:\n- /srv/a.js\n";
    expect(read(stack, STACK)?.details).toEqual(['Require stack:', '- /srv/a.js']);
  });

  it('is no traceback', () => {
    const group = [
      '  + Exception Group Traceback (most recent call last):',
      '  |   File "a.py", line 1',
      '  | ValueError: y',
      '  +----',
    ];
    expect(read('polling\n', STACK, group.join('\n'), '\n')?.line).toBe('ValueError: y');
  });
});

describe('the standing of a stack', () => {
  it.each([
    ['bare', '', ''],
    ['fatal', '', '\nNode.js v20.20.2\n'],
    ['fatal', 'ERROR cannot start\n', '\nNode.js v20.20.2\n'],
    ['logged', 'ERROR cannot start\n', ''],
    ['bare', 'INFO polling\n', ''],
  ])('is %s between %j and %j', (standing, before, after) => {
    expect(read(before, 'Error: x\n', STACK, after)?.standing).toBe(standing);
  });

  it('is logged if it comes from a record: words about another error tell the reason then', () => {
    const record = JSON.stringify({ level: 50, time: 1, msg: 'cache away', err: { stack: `Error: y\n${STACK}` } });
    expect(read(record, '\n')).toMatchObject({ standing: 'logged', line: 'Error: y' });
    expect(read(record, '\nFATAL: the queue is sealed\n')).toBeNull();
  });
});
