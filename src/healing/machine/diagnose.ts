import type { Failure } from './cause';
import type { ExitFacts } from './state';

/** What an exit tells by itself: its code and the signal that PM2's log names. */
export function diagnoseExit(exit: ExitFacts): Failure {
  if (exit.signal !== null) {
    return { cause: 'killed-by-signal', line: `ended by ${exit.signal}`, restartable: true };
  }
  if (exit.exitCode === 0) return { cause: 'clean-exit', line: 'ended with exit code 0', restartable: true };
  if (exit.exitCode === null) {
    return { cause: 'unknown', line: 'ended while nobody watched; its exit code is not known', restartable: true };
  }
  return { cause: 'unknown', line: `ended with exit code ${exit.exitCode}`, restartable: true };
}

/** What a launch that did not succeed tells, where the fault is the agent's. */
export function diagnoseLaunch(
  refusal: 'entry-point-missing' | 'interpreter-missing' | null,
  evidence: string,
): Failure {
  if (refusal !== null) return { cause: refusal, line: evidence, restartable: false };
  return { cause: 'unknown', line: `could not be launched: ${evidence}`, restartable: true };
}
