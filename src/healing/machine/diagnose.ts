import { diagnosisOf, type Diagnosis } from '../../kernel';
import type { LaunchRefusal } from './event';
import type { ExitFacts } from './state';

/** What an exit tells by itself: its code and the signal that PM2's log names. */
export function diagnoseExit({ exitCode, signal }: ExitFacts): Diagnosis {
  const facts = { exitCode: signal === null ? exitCode : null, signal };
  if (signal !== null) return diagnosisOf('killed-by-signal', `ended by ${signal}`, facts);
  if (exitCode === 0) return diagnosisOf('clean-exit', 'ended with exit code 0', facts);
  if (exitCode === null) return diagnosisOf('unknown', 'ended while nobody watched; its exit code is not known', facts);
  return diagnosisOf('unknown', `ended with exit code ${exitCode}`, facts);
}

/** What a launch that did not succeed tells, where the fault is the agent's. */
export function diagnoseLaunch(refusal: LaunchRefusal | null, evidence: string): Diagnosis {
  const facts = { evidence: [{ source: 'launch', detail: evidence }] } as const;
  return refusal === null
    ? diagnosisOf('unknown', `could not be launched: ${evidence}`, facts)
    : diagnosisOf(refusal, evidence, facts);
}
