import { execFileSync } from 'node:child_process';
import { messageOf, Problem } from '../kernel';
import type { ProcessFacts, ProcessInspector, SocketsAt } from './process-inspector';
import type { ProcessIdentity } from './process-runtime';
import { parseCommands, parseProcess, PROCESS_COLUMNS, valuesIn, variablesIn } from './ps-format';

const PS = '/bin/ps';
const SYSCTL = '/usr/sbin/sysctl';
const TIMEOUT_MS = 5_000;
/** The arguments and variables of one process take 1 MiB at most, of a thousand ordinary ones some MiB. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Runs a program to its end and returns what it printed; throws as `execFileSync` does. */
export type RunProgram = (program: string, args: readonly string[]) => string;

/** What was seen by one look: one step of the event loop sees one table. */
interface Look {
  readonly table: ReadonlyMap<number, ProcessFacts>;
  commands: ReadonlyMap<number, string> | null;
}

/**
 * The process table of macOS, by `ps`. One call of it blocks for some 10 to 30 ms whether it shows one process or all, so
 * `facts` and `environment` share one look with what else is asked in the same step, before anything is awaited; `all`,
 * `children` and `isAlive` always look anew.
 *
 * Coarser than Linux: start times are in whole seconds, and the environment of Apple's own programs (`/bin/sh`,
 * `/usr/bin/perl`) is hidden by the system, so that they carry no mark.
 *
 * @throws Problem `process-manager-unavailable` where ps fails: that it could not look never means that a process is gone
 */
export class MacProcessInspector implements ProcessInspector {
  private look: Look | null = null;
  private boot: string | null = null;

  constructor(private readonly run: RunProgram = runProgram) {}

  /** Not `kern.boottime`, which moves when the clock is set. */
  bootId(): string {
    this.boot ??= this.print(SYSCTL, ['-n', 'kern.bootsessionuuid']).trim();
    if (this.boot === '') throw failure('sysctl names no boot session');
    return this.boot;
  }

  facts(pid: number): ProcessFacts | null {
    // One that is missing may have begun since the look.
    return (this.look ?? this.lookAnew()).table.get(pid) ?? this.lookAt(pid);
  }

  isAlive(identity: ProcessIdentity): boolean {
    return identity.startTime !== null && this.lookAt(identity.pid)?.startTime === identity.startTime;
  }

  all(): ProcessFacts[] {
    return [...this.lookAnew().table.values()];
  }

  children(pid: number): number[] {
    return this.all().flatMap((facts) => (facts.parentPid === pid ? [facts.pid] : []));
  }

  environment(pid: number): ReadonlyMap<string, string> | null {
    const variables = variablesIn(this.commandOf(pid));
    return variables.size === 0 ? null : variables;
  }

  /** `ps` shows no sockets: who the daemon is, only PM2's own file says. */
  socketsAt(): SocketsAt {
    return { listening: [], accepted: [] };
  }

  holderOf(): number | null {
    return null;
  }

  valuesOf(pid: number, variable: string): string[] {
    return valuesIn(this.commandOf(pid), variable);
  }

  private commandOf(pid: number): string {
    const look = this.look ?? this.lookAnew();
    look.commands ??= parseCommands(this.print(PS, ['-A', '-E', '-ww', '-o', 'pid=', '-o', 'command=']));
    const command = look.commands.get(pid);
    if (command !== undefined) return command;
    return parseCommands(this.printOf(pid, ['-E', '-ww', '-o', 'pid=', '-o', 'command='])).get(pid) ?? '';
  }

  private lookAnew(): Look {
    const table = new Map<number, ProcessFacts>();
    for (const line of this.print(PS, ['-A', ...columns()]).split('\n')) {
      const facts = parseProcess(line);
      if (facts !== null && facts !== 'zombie') table.set(facts.pid, facts);
    }
    // A table that cannot be read would show everything as dead.
    if (!table.has(process.pid)) throw failure('ps does not show ourselves');
    const look: Look = { table, commands: null };
    this.look = look;
    queueMicrotask(() => {
      if (this.look === look) this.look = null;
    });
    return look;
  }

  residentBytes(pid: number): number | null {
    const kilobytes = Number(this.printOf(pid, ['-o', 'rss=']).trim());
    return kilobytes > 0 ? kilobytes * 1024 : null;
  }

  private lookAt(pid: number): ProcessFacts | null {
    const line = this.printOf(pid, columns()).trimEnd();
    if (line === '') return null;
    const facts = parseProcess(line);
    if (facts === null) throw failure('ps prints something else than was asked for');
    return facts === 'zombie' ? null : facts;
  }

  /** Empty where there is no such process. */
  private printOf(pid: number, args: readonly string[]): string {
    try {
      return this.run(PS, [...args, '-p', String(pid)]);
    } catch (error) {
      if (foundNothing(error)) return '';
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

/** Each with an empty heading, and each by itself: by POSIX a heading goes on past a comma. */
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
    // Times are printed in the locale and the time zone.
    env: { LC_ALL: 'C', TZ: 'UTC0' },
  });
}

/** ps ends with 1 and says nothing where no process matches. */
function foundNothing(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { status, stdout, stderr } = error as { status?: unknown; stdout?: unknown; stderr?: unknown };
  return status === 1 && stdout === '' && stderr === '';
}

function failure(why: string, cause?: unknown): Problem {
  return new Problem('process-manager-unavailable', `The process table cannot be read: ${why}. It is tried again.`, {
    cause,
  });
}
