import { diagnose } from '../../src/healing/diagnosis/diagnose';
import type { Rule } from '../../src/healing/diagnosis/rules/rule';
import type { Certainty, Diagnosis, FailureCause, Remedy } from '../../src/kernel';

/** Cause and certainty that a row stands for, then outputs that it has to explain. */
type Row = readonly [expected: `${FailureCause} ${Certainty}`, sample: string, ...samples: string[]];

const WAITED_FOR: readonly string[] = ['network', 'rate-limited'];
const RESTARTED: readonly string[] = ['out-of-memory', 'port-in-use', 'unhandled-exception', 'unknown'];

/** Returns what Python prints of an exception that nothing catches. @param frames of the library, the last ones */
export function python(exception: string, ...frames: string[]): string {
  const own = '  File "/srv/agent/main.py", line 41, in <module>\n    main()\n';
  return `Traceback (most recent call last):\n${own}${frames.map((frame) => `  ${frame}\n`).join('')}${exception}\n`;
}

/** Returns what Node prints of an error that nothing catches. @param members of the error, besides its message */
export function node(error: string, ...members: string[]): string {
  const stack = '    at step (/srv/agent/index.js:12:11)\n    at node:internal/main/run_main_module:28:49';
  const printed = members.length === 0 ? '' : ` {\n${members.map((member) => `  ${member}\n`).join('')}}`;
  return `/srv/agent/index.js:12\n    throw error;\n    ^\n\n${error}\n${stack}${printed}\n\nNode.js v22.11.0\n`;
}

/** Diagnoses a run that printed this to standard error and exited with this code. */
export function diagnoseOutput(stderr: string, exitCode: number | null = 1): Diagnosis {
  return diagnose({
    ...{ exitCode, signal: null, stderr, stdout: '', stderrAt: null, stdoutAt: null },
    ...{ oomKills: null, memoryBytes: null, secrets: [], program: null, variables: null },
  });
}

export function remedyOf(cause: string): Remedy {
  return WAITED_FOR.includes(cause) ? 'wait' : RESTARTED.includes(cause) ? 'restart' : 'person';
}

/** Checks that each row of a table has samples, and that the diagnosis of each of them is this row's. */
export function checkRows(rules: readonly Rule[], rows: Readonly<Record<string, Row>>): void {
  it('has a sample for every row', () => {
    expect(Object.keys(rows)).toEqual(rules.map(({ name }) => name));
  });

  const samples = Object.entries(rows).flatMap(([name, [expected, ...texts]]) =>
    texts.map((text) => [name, text, expected] as const),
  );
  it.each(samples)('says %s of %j', (name, text, expected) => {
    const { rule, cause, certainty, remedy, line } = diagnoseOutput(text);
    expect([line, rule, `${cause} ${certainty}`, remedy]).toEqual([line, name, expected, remedyOf(cause)]);
  });
}
