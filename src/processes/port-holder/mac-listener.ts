import { execFile } from 'node:child_process';
import { parseLsof } from './lsof-format';
import { programOf } from './program-name';
import type { FindListener } from './system-port-holders';

const LSOF = '/usr/sbin/lsof';
const PS = '/bin/ps';
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

/** Runs a program, and returns its output. It is killed when the signal aborts. */
export type RunProgram = (program: string, args: readonly string[], signal: AbortSignal) => Promise<string>;

/** Returns a function that finds the process on a port with `lsof`, which macOS includes. */
export function findListenerByLsof(run: RunProgram = runProgram): FindListener {
  return async (port, signal) => {
    const options = ['-nP', '-w', '+c', '0', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'];
    const found = parseLsof(await run(LSOF, options, signal));
    if (found === null) return null;
    const { pid, name } = found;
    const command = await run(PS, ['-ww', '-o', 'command=', '-p', String(pid)], signal);
    const program = programOf([command.trim()], name);
    return program === '' ? null : { pid, program };
  };
}

/** Returns what the program printed, also if it failed: lsof exits with 1 if a single process could not be read. */
function runProgram(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const options = { encoding: 'utf8', signal, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES } as const;
    execFile(program, args, { ...options, env: { LC_ALL: 'C' } }, (_error, stdout) => {
      resolve(stdout);
    });
  });
}
