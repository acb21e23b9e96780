import path from 'node:path';
import { findOnPath, isExecutable, realPath, shebangOf } from '../launch/executable';

/** Variables by which a runtime finds the IPC channel that PM2 opens to every child. */
const VARIABLES = ['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE'] as const;

/** Runtimes that use the channel and remove its variables before they start other programs. */
const RUNTIMES = /^(?:node|nodejs|bun|deno)[\d.]*$/;

const ENV = '/usr/bin/env';

/** A program and its arguments. */
export interface Execution {
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * Returns the plan with its program run by env(1), which hides the channel from it ({@link hideChannel}). The plan is
 * unchanged if the program uses the channel itself, or if there is no env.
 *
 * The plan is also unchanged if the system refuses the program: a launch by env would succeed and then exit, which
 * would hide the error.
 *
 * @param pathVariable PATH of the supervisor
 */
export function removeChannel<T extends Execution>(plan: T, pathVariable: string | undefined): T {
  const { program } = plan;
  const shebang = shebangOf(program);
  if (mayBeRefused(program, shebang)) return plan;
  if (takesChannel(program, shebang) || takesChannel(realPath(program) ?? program, null)) return plan;
  const env = findOnPath('env', pathVariable) ?? (isExecutable(ENV) ? ENV : null);
  return env === null ? plan : { ...plan, ...hideChannel(plan, env) };
}

/** Returns true for a program that cannot be executed, or whose interpreter cannot or is itself a script. */
function mayBeRefused(program: string, shebang: string | null): boolean {
  if (!isExecutable(program)) return true;
  const interpreter = shebang?.split(/[ \t]/, 1)[0] ?? '';
  return interpreter !== '' && (!isExecutable(interpreter) || shebangOf(interpreter) !== null);
}

/**
 * Returns true if the program handles the channel itself.
 *
 * @param program any of its names: as given, or its real path
 * @param shebang its first line without `#!`; null if it is not a script
 */
export function takesChannel(program: string, shebang: string | null): boolean {
  const names = [program, ...(shebang === null ? [] : readInterpreters(shebang))];
  return names.some((name) => RUNTIMES.test(path.basename(name)));
}

function readInterpreters(shebang: string): string[] {
  const [program = '', ...words] = shebang.split(/[ \t]+/);
  if (path.basename(program) !== 'env') return [program];
  // Handles for example `env -S FOO=bar node --flag`.
  return words.filter((word) => !word.startsWith('-') && !word.includes('=')).slice(0, 1);
}

/**
 * Wraps a program so that it runs without the channel's variables. Other programs would pass the variables on to Node
 * children without the descriptor. These children take an unrelated descriptor with that number for the channel, and
 * abort (PM2 issue 517). `env` replaces itself by the program, so the pid and the start time stay the same.
 *
 * @param env absolute path of env(1)
 */
export function hideChannel({ program, args }: Execution, env: string): Execution {
  const options = VARIABLES.flatMap((name) => ['-u', name]);
  // `env` takes a word with `=` for a variable, so a program whose name contains one is run through a shell.
  const command = program.includes('=') ? ['sh', '-c', 'exec "$0" "$@"', program] : [program];
  return { program: env, args: [...options, ...command, ...args] };
}
