import { installAdvice, type RunProgram } from './install-advice';
import type { Match } from './rules/all-rules';

/** Names of variables, without their values. */
export interface KnownVariables {
  /** Variables that the agent's definition sets or passes on. */
  readonly agent: readonly string[];
  /** Variables of the supervisor that `envFrom` may pass on. */
  readonly supervisor: readonly string[];
}

interface AdviceFacts {
  readonly program: RunProgram | null;
  readonly variables: KnownVariables | null;
  /** Lines that the diagnosis was read from. */
  readonly lines: readonly string[];
}

/** Rows that speak of variables of the environment. */
const ABOUT_VARIABLES: ReadonlySet<string> = new Set([
  ...['key-variable-missing', 'missing-key-variable', 'key-not-set', 'environment-key', 'environment-variable'],
  ...['missing-variable', 'unbound-variable', 'go-environment', 'settings-validation', 'invalid-environment'],
  ...['variable-not-set', 'variable-words', 'settings-library'],
  ...['sdk-no-key', 'langchain-no-key', 'ai-sdk-no-key', 'litellm-no-key'],
]);

/** Returns the next step for a cause; undefined: the advice that belongs to the cause. */
export function adviseOn({ rule, line }: Match, { program, variables, lines }: AdviceFacts): string | undefined {
  if (rule.cause === 'missing-dependency' && program !== null) return installAdvice(line, program) ?? rule.advice;
  if (!ABOUT_VARIABLES.has(rule.name)) return rule.advice;
  const names = rule.name === 'settings-validation' ? settingsOf(lines) : variablesOf(line);
  return names.length === 0 ? rule.advice : variableAdvice(names, variables);
}

/** Signals that the kernel sends to a program for what the program did. */
const CRASH_SIGNALS: ReadonlySet<string> = new Set([
  ...['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGABRT', 'SIGTRAP', 'SIGSYS'],
]);

/** Returns the next step for a program that crashed in native code; undefined: another process sent the signal. */
export function adviseOnSignal(signal: string): string | undefined {
  return CRASH_SIGNALS.has(signal)
    ? 'It crashed in native code. Update or rebuild its native modules; a core dump (coredumpctl) names the one at fault.'
    : undefined;
}

const VARIABLE = /\b[A-Z][A-Z0-9]{0,40}(?:_[A-Z0-9]{1,40}){1,8}\b|\b[A-Z]{4,40}(?:KEY|TOKEN)\b/g;
const MOST_NAMES = 6;

/** Returns the names of variables in a line, as programs write them. */
function variablesOf(line: string): string[] {
  const names =
    line.match(VARIABLE) ??
    /^KeyError: '(\w+)'$/.exec(line)?.slice(1) ??
    /(\w+): (?:unbound|parameter)/.exec(line)?.slice(1) ??
    [];
  return [...new Set(names)].slice(0, MOST_NAMES);
}

/** Returns the fields that pydantic reports, as the variables that set them. */
function settingsOf(lines: readonly string[]): string[] {
  const fields = lines.filter(
    (line, index) => /^[A-Za-z]\w{0,80}$/.test(line) && (lines[index + 1] ?? '').startsWith('Field required'),
  );
  return [...new Set(fields.map((field) => field.toUpperCase()))].slice(0, MOST_NAMES);
}

function variableAdvice(names: readonly string[], variables: KnownVariables | null): string {
  const named = names.join(', ');
  if (variables === null) return `Set ${named} in env, or pass it on by envFrom. Then spawn the agent.`;
  const { agent, supervisor } = variables;
  const passable = names.filter((name) => supervisor.includes(name));
  if (names.every((name) => agent.includes(name)))
    return `${named} is set in env or envFrom, but empty or refused: correct its value. Then spawn the agent.`;
  if (passable.length === 0)
    return `Set ${named} in env, then spawn the agent. envFrom cannot pass it on: the supervisor does not have it.`;
  const rest = names.length === passable.length ? '' : ` Set the others in env.`;
  return `Add ${passable.join(', ')} to envFrom: the supervisor has it and can pass it on.${rest} Then spawn the agent.`;
}
