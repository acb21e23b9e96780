import { parseArguments } from './diagnose-arguments';

describe('the arguments of the diagnose command', () => {
  const DEFAULTS = { stderr: 'a.log', stdout: null, exitCode: 1, signal: null, isJson: false };

  it.each([
    ['a file', ['a.log'], {}],
    ['both streams', ['a.log', '--stdout', 'b.log'], { stdout: 'b.log' }],
    ['an exit code', ['a.log', '--exit', '137'], { exitCode: 137 }],
    ['an exit code of 0', ['--exit=0', 'a.log'], { exitCode: 0 }],
    ['a signal', ['a.log', '--signal', 'SIGKILL'], { exitCode: null, signal: 'SIGKILL' }],
    ['a signal in short', ['a.log', '--signal', 'term'], { exitCode: null, signal: 'SIGTERM' }],
    ['JSON', ['a.log', '--json'], { isJson: true }],
    ['standard input', ['-'], { stderr: '-' }],
    ['a file that begins with a dash', ['--', '-a.log'], { stderr: '-a.log' }],
  ])('may be %s', (_, args, changes) => {
    expect(parseArguments(args)).toEqual({ kind: 'diagnose', arguments: { ...DEFAULTS, ...changes } });
  });

  it.each([
    ['without a file', [], 'The file is missing'],
    ['with two files', ['a.log', 'b.log'], 'b.log is too many'],
    ['with standard input twice', ['-', '--stdout', '-'], 'only once'],
    ['with a code and a signal', ['a.log', '--exit', '1', '--signal', 'SIGTERM'], 'exclude each other'],
    ['with a code that is no number', ['a.log', '--exit', 'one'], 'not one'],
    ['with a code that is too large', ['a.log', '--exit', '256'], 'not 256'],
    ['with an empty code', ['a.log', '--exit', ''], '--exit must be'],
    ['with an unknown signal', ['a.log', '--signal', 'SIGNONE'], 'not SIGNONE'],
    ['with an unknown option', ['a.log', '--exti', '1'], "'--exti'"],
    ['with an option that lacks its value', ['a.log', '--exit'], '--exit'],
  ])('are refused %s', (_, args, problem) => {
    expect(parseArguments(args)).toEqual({ kind: 'wrong', problem: expect.stringContaining(problem) as string });
  });

  it('may ask for help', () => {
    expect(['-h', '--help'].map((each) => parseArguments([each]).kind)).toEqual(['help', 'help']);
  });
});
