import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import {
  parseEnviron,
  parseEnvironSize,
  parseProportional,
  parseResident,
  parseStat,
  parseUnixSockets,
} from './proc-format';
import type { ProcessFacts, ProcessIdentity, ProcessInspector, SocketsAt } from './process-inspector';

/** Reads of an environment that changes meanwhile. At one each millisecond, they cover an exec from a slow disk. */
const ENVIRON_READS = 50;

/** Reads the process table of Linux from /proc. A read takes microseconds, so it is synchronous. */
export class LinuxProcessInspector implements ProcessInspector {
  bootId(): string {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  }

  facts(pid: number): ProcessFacts | null {
    const line = read(`/proc/${pid}/stat`);
    return line === null ? null : parseStat(line);
  }

  isAlive(identity: ProcessIdentity): boolean {
    return identity.startTime !== null && this.facts(identity.pid)?.startTime === identity.startTime;
  }

  all(): ProcessFacts[] {
    return readdirSync('/proc').flatMap((name) => {
      const facts = /^\d+$/.test(name) ? this.facts(Number(name)) : null;
      return facts === null ? [] : [facts];
    });
  }

  children(pid: number): number[] {
    const content = read(`/proc/${pid}/task/${pid}/children`);
    if (content === null) return [];
    return content.split(' ').flatMap((part) => (part === '' ? [] : [Number(part)]));
  }

  environment(pid: number): ReadonlyMap<string, string> | null {
    const content = readEnviron(pid);
    return content === null || content === '' ? null : parseEnviron(content);
  }

  residentBytes(pid: number): number | null {
    return parseResident(read(`/proc/${pid}/status`) ?? '');
  }

  proportionalBytes(pid: number): number | null {
    return parseProportional(read(`/proc/${pid}/smaps_rollup`) ?? '');
  }

  socketsAt(path: string): SocketsAt {
    return parseUnixSockets(read('/proc/net/unix') ?? '', path);
  }

  holderOf(socket: string): number | null {
    return this.all().find(({ pid }) => isHeldBy(pid, socket))?.pid ?? null;
  }

  valuesOf(pid: number, variable: string): string[] {
    const value = this.environment(pid)?.get(variable);
    return value === undefined ? [] : [value];
  }
}

/**
 * Returns the environment of a process that may call `execve` at any moment, as the launchers of pyenv and nvm do.
 * Meanwhile the kernel returns an empty or cut one, and the process would not be recognized as an agent's.
 */
function readEnviron(pid: number): string | null {
  for (let reads = 1; ; reads += 1) {
    // In bytes: its text may be longer, since nothing requires it to be UTF-8.
    const content = readBytes(`/proc/${pid}/environ`);
    const line = read(`/proc/${pid}/stat`);
    if (content === null || line === null) return null;
    const size = parseEnvironSize(line);
    if (size === 'none' || size === content.length || reads === ENVIRON_READS) return content.toString();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }
}

function isHeldBy(pid: number, socket: string): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((descriptor) => readlinkSync(`${folder}/${descriptor}`) === `socket:[${socket}]`);
  } catch {
    return false; // it exited, closed a descriptor, or belongs to another user
  }
}

function read(path: string): string | null {
  return readBytes(path)?.toString() ?? null;
}

/** Returns null if the process exited meanwhile (ENOENT, ESRCH) or belongs to another user (EACCES). */
function readBytes(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}
