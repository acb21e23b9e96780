import { ANSWER_RULES } from './answer-rules';
import { CLOUD_RULES } from './cloud-rules';
import { CONFIGURATION_RULES } from './configuration-rules';
import { DATABASE_RULES } from './database-rules';
import { DEPENDENCY_RULES } from './dependency-rules';
import { KEY_RULES } from './key-rules';
import { LIMIT_RULES } from './limit-rules';
import { MACHINE_RULES } from './machine-rules';
import { NETWORK_RULES } from './network-rules';
import { PROGRAM_RULES } from './program-rules';
import { REFUSAL_RULES } from './refusal-rules';
import type { Rule } from './rule';

/** Line of an error that a rule matched. */
export interface Match {
  readonly rule: Rule;
  readonly line: string;
}

/** All rows, those that tell more first. */
export const RULES: readonly Rule[] = [
  ...ANSWER_RULES,
  ...MACHINE_RULES,
  ...PROGRAM_RULES,
  ...DEPENDENCY_RULES,
  ...LIMIT_RULES,
  ...CLOUD_RULES,
  ...DATABASE_RULES,
  ...KEY_RULES,
  ...REFUSAL_RULES,
  ...CONFIGURATION_RULES,
  ...NETWORK_RULES,
];

/** Refused data that pydantic quotes, such as a model's answer. */
const QUOTED_INPUT = /\binput_value=.*/;

/**
 * Returns the first row that matches a line; of several lines, the first that it matches.
 *
 * @param frames stack of the error, for the rows that ask for one
 */
export function matchRule(lines: readonly string[], frames: readonly string[] = []): Match | null {
  const statements = lines.map((line) => ({ line, said: line.replace(QUOTED_INPUT, '') }));
  for (const rule of RULES) {
    const { frame } = rule;
    if (frame !== undefined && !frames.some((each) => frame.test(each))) continue;
    const statement = statements.find(({ said }) => rule.line.test(said));
    if (statement !== undefined) return { rule, line: statement.line };
  }
  return null;
}
