import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { messageOf } from '../kernel';

export const USAGE = `Usage: npm run diagnose -- FILE [--stdout FILE] [--exit CODE | --signal NAME] [--json]

Says why a program failed, as agent-spawner diagnoses it from the end of its log.

  FILE           what it wrote to standard error, or both; - reads standard input
  --stdout FILE  what it wrote to standard output
  --exit CODE    its exit code, 0 to 255; 1 if it is not given
  --signal NAME  the signal that killed it, such as SIGKILL
  --json         prints the diagnosis as JSON`;

/** Task that the arguments describe. */
export interface DiagnoseArguments {
  /** Path of a file, or `-` for standard input. */
  readonly stderr: string;
  /** null: not given. */
  readonly stdout: string | null;
  /** null: a signal killed the program. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly isJson: boolean;
}

export type ParsedArguments =
  | { readonly kind: 'diagnose'; readonly arguments: DiagnoseArguments }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problem: string };

const OPTIONS = {
  stdout: { type: 'string' },
  exit: { type: 'string' },
  signal: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads the arguments of the command; pure. */
export function parseArguments(args: readonly string[]): ParsedArguments {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    if (values.help === true) return { kind: 'help' };
    const { stdout = null, exit, signal, json: isJson = false } = values;
    const [stderr, ...others] = positionals;
    if (stderr === undefined) return wrong('The file is missing.');
    if (others.length > 0) return wrong(`Only one file is read: ${others.join(' ')} is too many.`);
    if (stderr === '-' && stdout === '-') return wrong('Standard input can be read only once.');
    if (exit !== undefined && signal !== undefined) return wrong('--exit and --signal exclude each other.');
    const exitCode = signal !== undefined ? null : readExitCode(exit ?? '1');
    if (exitCode === undefined) return wrong(`--exit must be a number from 0 to 255, not ${exit ?? ''}.`);
    const name = signal === undefined ? null : readSignal(signal);
    if (name === undefined) return wrong(`--signal must be a name such as SIGKILL, not ${signal ?? ''}.`);
    return { kind: 'diagnose', arguments: { stderr, stdout, exitCode, signal: name, isJson } };
  } catch (error) {
    return wrong(messageOf(error));
  }
}

function wrong(problem: string): ParsedArguments {
  return { kind: 'wrong', problem };
}

function readExitCode(text: string): number | undefined {
  const code = /^\d{1,3}$/.test(text) ? Number(text) : 256;
  return code > 255 ? undefined : code;
}

/** Accepts `SIGKILL`, `KILL` and `kill`. */
function readSignal(text: string): string | undefined {
  const name = text.toUpperCase().replace(/^(?!SIG)/, 'SIG');
  return name in constants.signals ? name : undefined;
}
