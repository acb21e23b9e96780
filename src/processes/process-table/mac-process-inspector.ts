import { execFileSync } from 'node:child_process';
import { messageOf, Problem } from '../../kernel';
import type { ProcessFacts, ProcessIdentity, ProcessInspector, SocketsAt } from './process-inspector';
import { parseCommands, parseProcess, PROCESS_COLUMNS, valuesIn, variablesIn } from './ps-format';

const PS = '/bin/ps';
const SYSCTL = '/usr/sbin/sysctl';
const TIMEOUT_MS = 5_000;
/**
 * Limit of ps's output. The arguments and variables of one process take at most 1 MiB; those of a thousand ordinary
 * ones, a few MiB.
 */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Runs a program until it exits and returns its output. Throws like `execFileSync`. */
export type RunProgram = (program: string, args: readonly string[]) => string;

/** Result of one `ps` scan, shared within one step of the event loop. */
interface Scan {
  readonly table: ReadonlyMap<number, ProcessFacts>;
  commands: ReadonlyMap<number, string> | null;
}

/**
 * Reads the process table of macOS with `ps`. A call blocks for about 10 to 30 ms, whether it shows one process or all.
 * So `facts` and `environment` share one scan per step of the event loop, until something is awaited. `all`, `children`
 * and `isAlive` always scan again.
 *
 * It is less precise than on Linux: start times are in whole seconds. The system hides the environment of Apple's own
 * programs (`/bin/sh`, `/usr/bin/perl`), so they carry no mark.
 *
 * @throws Problem `process-manager-unavailable` if ps fails: a failed scan never means that a process is gone
 */
export class MacProcessInspector implements ProcessInspector {
  private latest: Scan | null = null;
  private boot: string | null = null;

  constructor(private readonly run: RunProgram = runProgram) {}

  /** Does not use `kern.boottime`, which changes when the clock is set. */
  bootId(): string {
    this.boot ??= this.print(SYSCTL, ['-n', 'kern.bootsessionuuid']).trim();
    if (this.boot === '') throw failure('sysctl printed no boot session');
    return this.boot;
  }

  facts(pid: number): ProcessFacts | null {
    // A process that is missing may have started since the scan.
    return (this.latest ?? this.scan()).table.get(pid) ?? this.readOne(pid);
  }

  isAlive(identity: ProcessIdentity): boolean {
    return identity.startTime !== null && this.readOne(identity.pid)?.startTime === identity.startTime;
  }

  all(): ProcessFacts[] {
    return [...this.scan().table.values()];
  }

  children(pid: number): number[] {
    return this.all().flatMap((facts) => (facts.parentPid === pid ? [facts.pid] : []));
  }

  environment(pid: number): ReadonlyMap<string, string> | null {
    const variables = variablesIn(this.readCommand(pid));
    return variables.size === 0 ? null : variables;
  }

  /** Returns nothing, because `ps` shows no sockets. On macOS only PM2's pid file identifies the daemon. */
  socketsAt(): SocketsAt {
    return { listening: [], accepted: [] };
  }

  holderOf(): number | null {
    return null;
  }

  valuesOf(pid: number, variable: string): string[] {
    return valuesIn(this.readCommand(pid), variable);
  }

  private readCommand(pid: number): string {
    const scan = this.latest ?? this.scan();
    scan.commands ??= parseCommands(this.print(PS, ['-A', '-E', '-ww', '-o', 'pid=', '-o', 'command=']));
    const command = scan.commands.get(pid);
    if (command !== undefined) return command;
    return parseCommands(this.printOne(pid, ['-E', '-ww', '-o', 'pid=', '-o', 'command='])).get(pid) ?? '';
  }

  private scan(): Scan {
    const table = new Map<number, ProcessFacts>();
    for (const line of this.print(PS, ['-A', ...columns()]).split('\n')) {
      const facts = parseProcess(line);
      if (facts !== null && facts !== 'zombie') table.set(facts.pid, facts);
    }
    // An incomplete table would make live processes look dead.
    if (!table.has(process.pid)) throw failure('the output of ps lacks the supervisor itself');
    const scan: Scan = { table, commands: null };
    this.latest = scan;
    queueMicrotask(() => {
      if (this.latest === scan) this.latest = null;
    });
    return scan;
  }

  residentBytes(pid: number): number | null {
    const kilobytes = Number(this.printOne(pid, ['-o', 'rss=']).trim());
    return kilobytes > 0 ? kilobytes * 1024 : null;
  }

  proportionalBytes(): number | null {
    return null; // ps does not report it
  }

  private readOne(pid: number): ProcessFacts | null {
    const line = this.printOne(pid, columns()).trimEnd();
    if (line === '') return null;
    const facts = parseProcess(line);
    if (facts === null) throw failure('ps printed an unexpected format');
    return facts === 'zombie' ? null : facts;
  }

  /** Returns an empty string if there is no such process. */
  private printOne(pid: number, args: readonly string[]): string {
    try {
      return this.run(PS, [...args, '-p', String(pid)]);
    } catch (error) {
      if (matchedNothing(error)) return '';
      throw failure(messageOf(error), error);
    }
  }

  private print(program: string, args: readonly string[]): string {
    try {
      return this.run(program, args);
    } catch (error) {
      throw failure(messageOf(error), error);
    }
  }
}

/** Passes each column as its own option with an empty heading. By POSIX, a heading continues past a comma. */
function columns(): string[] {
  return PROCESS_COLUMNS.flatMap((column) => ['-o', `${column}=`]);
}

function runProgram(program: string, args: readonly string[]): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
    stdio: ['ignore', 'pipe', 'pipe'],
    // ps prints times in the locale and the time zone.
    env: { LC_ALL: 'C', TZ: 'UTC0' },
  });
}

/** Returns true if no process matched: ps then exits with 1 and prints nothing. */
function matchedNothing(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { status, stdout, stderr } = error as { status?: unknown; stdout?: unknown; stderr?: unknown };
  return status === 1 && stdout === '' && stderr === '';
}

function failure(why: string, cause?: unknown): Problem {
  return new Problem(
    'process-manager-unavailable',
    `The process table cannot be read: ${why}. The supervisor retries.`,
    {
      cause,
    },
  );
}
