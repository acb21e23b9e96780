import { constants } from 'node:os';
import type { Certainty, FailureCause } from '../../kernel';

/** Exit codes above this one are 128 plus a signal, by which a shell or npm says how its child was killed. */
const SIGNAL_BASE = 128;
const SIGNALS: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.signals).map(([name, code]) => [code, name]),
);

/** Signals by which programs die. Other codes above 128 are the program's own. */
const DEADLY: ReadonlySet<string> = new Set([
  ...['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGIOT', 'SIGBUS', 'SIGFPE', 'SIGKILL'],
  ...['SIGSEGV', 'SIGPIPE', 'SIGALRM', 'SIGTERM', 'SIGXCPU', 'SIGXFSZ', 'SIGSYS'],
]);

/** Returns the signal that a wrapper reports by its exit code; null: none. */
export function signalOfCode(exitCode: number | null): string | null {
  if (exitCode === null || exitCode <= SIGNAL_BASE) return null;
  const name = SIGNALS.get(exitCode - SIGNAL_BASE) ?? null;
  if (name === 'SIGIOT') return 'SIGABRT';
  return name !== null && DEADLY.has(name) ? name : null;
}

interface Meaning {
  readonly cause: FailureCause;
  readonly certainty: Certainty;
  readonly rule: string;
  readonly advice: string;
}

/**
 * Exit codes with a meaning of their own: those of POSIX shells, and those of `sysexits.h`. Programs may exit with them
 * for other reasons. Only 78 is certain: service managers take it, too, as a request not to restart.
 */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  64: {
    ...{ cause: 'configuration', certainty: 'likely', rule: 'exit-64' },
    advice: 'Exit code 64 says that it was called with wrong arguments. Correct args, then spawn the agent.',
  },
  66: {
    ...{ cause: 'configuration', certainty: 'likely', rule: 'exit-66' },
    advice: 'Exit code 66 says that an input file is missing. Correct args, or put it in place, then spawn the agent.',
  },
  69: {
    ...{ cause: 'network', certainty: 'likely', rule: 'exit-69' },
    advice: 'Exit code 69 says that a service is unavailable. The supervisor restarts it after a long delay.',
  },
  75: {
    ...{ cause: 'network', certainty: 'likely', rule: 'exit-75' },
    advice: 'Exit code 75 asks for another try later. The supervisor restarts it after a long delay.',
  },
  77: {
    ...{ cause: 'credentials', certainty: 'likely', rule: 'exit-77' },
    advice: 'Exit code 77 says that a permission is missing. Read the end of its log.',
  },
  78: {
    ...{ cause: 'configuration', certainty: 'certain', rule: 'exit-78' },
    advice: 'Exit code 78 says that its configuration is wrong. Correct it, then spawn the agent.',
  },
  126: {
    ...{ cause: 'configuration', certainty: 'likely', rule: 'exit-126' },
    advice: 'Exit code 126 says that a file is not executable. Make it executable, then spawn the agent.',
  },
  127: {
    ...{ cause: 'missing-dependency', certainty: 'likely', rule: 'exit-127' },
    advice:
      'Exit code 127 says that a command was not found. Install it, or correct PATH in env, then spawn the agent.',
  },
};

/** Returns what an exit code means by convention; null: nothing. */
export function explainCode(exitCode: number | null): Meaning | null {
  return exitCode === null ? null : (MEANINGS[exitCode] ?? null);
}
