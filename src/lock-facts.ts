import { networkFileSystemOf, type LockFacts } from './persistence';
import type { ProcessInspector } from './runtime';

/** What a lock needs to know of this machine. */
export function lockFacts(inspector: ProcessInspector): LockFacts {
  return {
    bootId: () => inspector.bootId(),
    startTime: (pid) => inspector.facts(pid)?.startTime ?? null,
    networkFileSystemOf,
  };
}
