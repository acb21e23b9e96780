import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { hostname } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { errorCodeOf, Problem } from '../kernel';
import { bindFolderName } from './kernel-name';

/** Facts about the machine that a lock needs. */
export interface LockFacts {
  bootId(): string;
  /** Returns null if there is no such process. */
  startTime(pid: number): number | null;
  /** Returns the name of the network file system of a folder; null if it is local. */
  networkFileSystemOf(folder: string): string | null;
}

const ownerSchema = z.object({
  hostname: z.string(),
  bootId: z.string(),
  pid: z.number().int(),
  startTime: z.number(),
});
type Owner = z.output<typeof ownerSchema>;

const FILE = 'agent-spawner.lock';
const ATTEMPTS = 10;

/**
 * Allows one supervisor per folder. The lock is a file that names its process. It is taken over only on proof that this
 * process is dead, never by age: a suspended holder would resume as a second writer. On a network file system no lock
 * is possible.
 *
 * On Linux the holder also binds a name in the kernel. This refuses a second supervisor that cannot see the pid of the
 * first (another container with the same host name and network), and one whose operator removed the lock file.
 */
export class InstanceLock {
  private constructor(
    private readonly file: string,
    private readonly content: string,
    private readonly name: Server | null,
  ) {}

  /** Acquires the lock. @throws Problem `operation-in-progress` that names the holder and the way out */
  static async acquire(folder: string, facts: LockFacts): Promise<InstanceLock> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    refuseNetworkFileSystem(folder, facts);
    const name = await bindName(folder, facts);
    try {
      return InstanceLock.createFile(folder, facts, name);
    } catch (error) {
      name?.close();
      throw error;
    }
  }

  /** Acquires the locks of several folders, or none of them. @throws Problem as {@link InstanceLock.acquire} */
  static async acquireAll(folders: readonly string[], facts: LockFacts): Promise<InstanceLock[]> {
    const locks: InstanceLock[] = [];
    try {
      for (const folder of new Set(folders)) locks.push(await InstanceLock.acquire(folder, facts));
      return locks;
    } catch (error) {
      for (const lock of locks) lock.release();
      throw error;
    }
  }

  private static createFile(folder: string, facts: LockFacts, name: Server | null): InstanceLock {
    const file = path.join(folder, FILE);
    const owner: Owner = {
      hostname: hostname(),
      bootId: facts.bootId(),
      pid: process.pid,
      startTime: facts.startTime(process.pid) ?? 0,
    };
    const content = JSON.stringify(owner);
    // Linking creates the lock file complete, and fails if it exists.
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, content, { mode: 0o600 });
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        if (tryLink(draft, file)) return new InstanceLock(file, content, name);
        moveStaleAway(file, facts);
      }
    } finally {
      rmSync(draft, { force: true });
    }
    throw new Problem('operation-in-progress', `Other processes keep taking ${file}. Try again.`);
  }

  /** Returns the holder of a folder's lock; null if the folder has no valid lock or its holder is proven dead. */
  static holder(folder: string, facts: LockFacts): { readonly pid: number } | null {
    const content = read(path.join(folder, FILE));
    const owner = content === null ? null : parse(content);
    return owner === null || isProvenDead(owner, facts) ? null : { pid: owner.pid };
  }

  /** Removes the lock if this process still holds it. */
  release(): void {
    this.name?.close();
    if (read(this.file) === this.content) rmSync(this.file, { force: true });
  }
}

async function bindName(folder: string, facts: LockFacts): Promise<Server | null> {
  const name = await bindFolderName(folder);
  if (name !== 'taken') return name;
  const holder = InstanceLock.holder(folder, facts);
  if (holder !== null) refuseForHolder(folder, holder.pid);
  throw new Problem(
    'operation-in-progress',
    `Another agent-spawner already uses ${folder}. Its process is not visible from here (another container?), or its lock file was removed. Stop it first, or use other folders (DATA_DIR and PM2_HOME).`,
  );
}

/**
 * Refuses a network file system. Two machines could each hold the lock, and each see a different state of the database.
 */
function refuseNetworkFileSystem(folder: string, facts: LockFacts): void {
  const name = facts.networkFileSystemOf(folder);
  if (name === null) return;
  throw new Problem(
    'operation-in-progress',
    `${folder} is on a network file system (${name}), where agent-spawner cannot exclude a second supervisor. Choose a folder on a local disk (DATA_DIR and PM2_HOME).`,
  );
}

function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (errorCodeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function moveStaleAway(file: string, facts: LockFacts): void {
  const content = read(file);
  if (content === null) return; // released meanwhile
  const owner = parse(content);
  if (owner === null) refuse(`${file} is not a lock file of agent-spawner`, file);
  if (owner.hostname !== hostname())
    refuse(`agent-spawner on ${owner.hostname} holds ${file} (pid ${owner.pid})`, file);
  if (!isProvenDead(owner, facts)) refuseForHolder(path.dirname(file), owner.pid);
  const stale = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, stale);
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return; // another process moved it away
    throw error;
  }
  // Another process may have taken the lock over between reading and moving. Then the moved file is a live lock and
  // goes back.
  if (read(stale) !== content) tryLink(stale, file);
  rmSync(stale, { force: true });
}

function isProvenDead(owner: Owner, facts: LockFacts): boolean {
  if (owner.hostname !== hostname()) return false;
  return owner.bootId !== facts.bootId() || facts.startTime(owner.pid) !== owner.startTime;
}

function refuseForHolder(folder: string, pid: number): never {
  throw new Problem(
    'operation-in-progress',
    `Another agent-spawner (pid ${pid}) already uses ${folder}. Stop it first, or use other folders (DATA_DIR and PM2_HOME).`,
  );
}

function refuse(what: string, file: string): never {
  throw new Problem('operation-in-progress', `${what}. If no agent-spawner uses it, remove it: rm '${file}'`);
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function parse(content: string): Owner | null {
  try {
    return ownerSchema.parse(JSON.parse(content));
  } catch {
    return null;
  }
}
