import type { ProcessFacts, ProcessInspector, SocketsAt } from '../../src/processes';

export interface FakeProcessFacts extends ProcessFacts {
  readonly environment?: Readonly<Record<string, string>>;
}

/** A process table that is filled by tests. */
export class FakeProcesses implements ProcessInspector {
  private readonly table = new Map<number, FakeProcessFacts>();

  constructor(processes: readonly FakeProcessFacts[] = []) {
    for (const process of processes) this.add(process);
  }

  add(process: FakeProcessFacts): void {
    this.table.set(process.pid, process);
  }

  /** Removes a process. Its children get pid 1 as their parent and keep their session. */
  end(pid: number): void {
    this.table.delete(pid);
    for (const process of this.table.values()) {
      if (process.parentPid === pid) this.table.set(process.pid, { ...process, parentPid: 1 });
    }
  }

  bootId(): string {
    return 'boot';
  }

  facts(pid: number): ProcessFacts | null {
    const process = this.table.get(pid);
    return process === undefined ? null : factsOf(process);
  }

  isAlive({ pid, startTime }: { readonly pid: number; readonly startTime: number | null }): boolean {
    return startTime !== null && this.table.get(pid)?.startTime === startTime;
  }

  all(): ProcessFacts[] {
    return [...this.table.values()].map(factsOf);
  }

  children(pid: number): number[] {
    return this.all().flatMap((process) => (process.parentPid === pid ? [process.pid] : []));
  }

  environment(pid: number): ReadonlyMap<string, string> | null {
    const process = this.table.get(pid);
    return process === undefined ? null : new Map(Object.entries(process.environment ?? {}));
  }

  residentBytes(): number | null {
    return null;
  }

  proportionalBytes(): number | null {
    return null;
  }

  socketsAt(): SocketsAt {
    return { listening: [], accepted: [] };
  }

  holderOf(): number | null {
    return null;
  }

  valuesOf(pid: number, variable: string): string[] {
    const value = this.environment(pid)?.get(variable);
    return value === undefined ? [] : [value];
  }
}

function factsOf({ pid, startTime, parentPid, sessionId }: FakeProcessFacts): ProcessFacts {
  return { pid, startTime, parentPid, sessionId };
}
