import type { Diagnosis } from '../kernel';

const WRONG =
  'Is this wrong? Open an issue with this output, the end of the log and the exit code. First check that no secret is ' +
  'left in them: only well-known forms of keys are masked here. docs/diagnosis.md says how to correct it.';

/** Returns a diagnosis as JSON, with the members that `GET /api/agents/:id/diagnosis` has of it. */
export function diagnosisJson(diagnosis: Diagnosis): string {
  const { cause, line, remedy, certainty, rule, block, evidence, advice, exitCode, signal } = diagnosis;
  const members = { cause, line, remedy, certainty, rule, block, evidence, advice, exitCode, signal };
  return `${JSON.stringify(members, null, 2)}\n`;
}

/** Returns a diagnosis for people, and how to report a wrong one. */
export function diagnosisText(diagnosis: Diagnosis): string {
  const { cause, line, certainty, rule, block, advice, exitCode, signal } = diagnosis;
  const rows = [
    ['cause', `${cause} (${certainty})`],
    ['then', describeRemedy(diagnosis)],
    ['line', line],
    ['rule', rule ?? 'no rule matched'],
    ['exit', signal === null ? `code ${exitCode ?? 'unknown'}` : `signal ${signal}`],
    ['advice', advice],
  ] as const;
  const read = block.length === 0 ? [] : ['', 'read from', ...block.map((each) => `  ${each}`)];
  return [...rows.map(([name, value]) => `${name.padEnd(8)}${value}`), ...read, '', WRONG, ''].join('\n');
}

/** Returns what the supervisor does after such an exit. */
function describeRemedy({ remedy, certainty }: Diagnosis): string {
  if (remedy === 'restart') return 'restarted, with a growing delay';
  if (remedy === 'wait') return 'waited for: restarted after a long pause, and not counted as a failure';
  return certainty === 'certain'
    ? 'halted at once, because no restart can help'
    : 'halted if two runs in a row end by this cause; restarted until then';
}
