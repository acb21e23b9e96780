import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { parseEnviron, parseResident, parseStat, parseUnixSockets } from './proc-format';
import type { ProcessFacts, ProcessInspector, SocketsAt } from './process-inspector';
import type { ProcessIdentity } from './process-runtime';

/** The process table of Linux, read from /proc: each look costs microseconds, so it is done synchronously. */
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
    const content = read(`/proc/${pid}/environ`);
    return content === null || content === '' ? null : parseEnviron(content);
  }

  residentBytes(pid: number): number | null {
    return parseResident(read(`/proc/${pid}/status`) ?? '');
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

function isHeldBy(pid: number, socket: string): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((descriptor) => readlinkSync(`${folder}/${descriptor}`) === `socket:[${socket}]`);
  } catch {
    return false; // it ended meanwhile, closed a descriptor, or is somebody else's
  }
}

/** null: it ended meanwhile (ENOENT, ESRCH), or it is somebody else's (EACCES). */
function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
