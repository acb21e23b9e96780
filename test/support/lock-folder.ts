import { hostname } from 'node:os';
import { Problem } from '../../src/kernel';
import { InstanceLock, type LockFacts } from '../../src/persistence/instance-lock';
import { makeTempFolder, type TempFolder } from './temp-folder';

export const NAME = 'agent-spawner.lock';

export const OTHER = process.pid + 1;

/** Facts of a machine on which this process lives, and the given other processes. */
export function machine(others: Readonly<Record<number, number>> = {}, bootId = 'boot-1'): LockFacts {
  return {
    bootId: () => bootId,
    startTime: (pid) => (pid === process.pid ? 100 : (others[pid] ?? null)),
    networkFileSystemOf: () => null,
  };
}

export function owner(changes: object = {}): string {
  return JSON.stringify({ hostname: hostname(), bootId: 'boot-1', pid: OTHER, startTime: 7, ...changes });
}

/** Folder of the present test. */
export let folder: TempFolder;

/** Gives each test of the file a folder of its own, and releases its locks. */
export function useLockFolder(): void {
  beforeEach(() => {
    folder = makeTempFolder();
  });

  afterEach(() => {
    for (const lock of acquired.splice(0)) lock.release();
    folder.remove();
  });
}

/** Locks that are released after the present test. */
export const acquired: InstanceLock[] = [];

/** Acquires a lock that is released after the test. */
export async function acquire(where: string, facts: LockFacts): Promise<InstanceLock> {
  const lock = await InstanceLock.acquire(where, facts);
  acquired.push(lock);
  return lock;
}

/** Returns the detail with which a second lock is refused. */
export async function refusalOf(facts: LockFacts, where = folder.root): Promise<string> {
  try {
    await acquire(where, facts);
  } catch (error) {
    if (error instanceof Problem && error.code === 'operation-in-progress') return error.detail;
    throw error;
  }
  throw new Error('acquire did not refuse');
}
