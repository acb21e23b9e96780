import { diagnoseExit, diagnoseLaunch } from './diagnose';
import { CLEAN_EXIT, CRASH, KILLED } from '../../../test/support/machine-builders';

describe('what an exit tells by itself', () => {
  it.each([
    ['a signal', KILLED, { cause: 'killed-by-signal', line: 'ended by SIGKILL', remedy: 'restart' }],
    [
      'a signal beside a code, since PM2 reports such a death as exit code 0',
      { exitCode: 137, signal: 'SIGTERM' },
      { cause: 'killed-by-signal', line: 'ended by SIGTERM', remedy: 'restart' },
    ],
    ['exit code 0', CLEAN_EXIT, { cause: 'clean-exit', line: 'ended with exit code 0', remedy: 'restart' }],
    ['another code', CRASH, { cause: 'unknown', line: 'ended with exit code 1', remedy: 'restart' }],
    [
      'nothing, since nobody watched',
      { exitCode: null, signal: null },
      { cause: 'unknown', line: 'ended while nobody watched; its exit code is not known', remedy: 'restart' },
    ],
  ] as const)('by %s', (_, exit, failure) => {
    expect(diagnoseExit(exit)).toMatchObject(failure);
  });
});

describe('what a launch without a process tells', () => {
  it.each(['entry-point-missing', 'interpreter-missing'] as const)('%s: no restart can cure it', (refusal) => {
    expect(diagnoseLaunch(refusal, 'There is no file agent.py.')).toMatchObject({
      cause: refusal,
      line: 'There is no file agent.py.',
      remedy: 'person',
    });
  });

  it('anything else may be cured by another try', () => {
    expect(diagnoseLaunch(null, 'PM2 gave no pid.')).toMatchObject({
      cause: 'unknown',
      line: 'could not be launched: PM2 gave no pid.',
      remedy: 'restart',
    });
  });
});
