import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { errorCodeOf, Problem } from '../kernel';

/** What a lock needs to know of the machine. */
export interface LockFacts {
  bootId(): string;
  /** null: there is no such process. */
  startTime(pid: number): number | null;
  /** The name of the network file system on which a folder lies; null: it lies on none. */
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
 * One supervisor a folder. The lock is a file that names its process; it is taken over only on proof that this process is
 * dead, never by age: a paused one would come back as a second writer. On a network file system there is none.
 */
export class InstanceLock {
  private constructor(
    private readonly file: string,
    private readonly content: string,
  ) {}

  /** @throws Problem `operation-in-progress`: one clear sentence that names the holder and the way out */
  static acquire(folder: string, facts: LockFacts): InstanceLock {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    refuseNetworkFileSystem(folder, facts);
    const file = path.join(folder, FILE);
    const owner: Owner = {
      hostname: hostname(),
      bootId: facts.bootId(),
      pid: process.pid,
      startTime: facts.startTime(process.pid) ?? 0,
    };
    const content = JSON.stringify(owner);
    // It appears under its name whole or not at all: a link fails where the name is taken.
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, content, { mode: 0o600 });
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        if (tryLink(draft, file)) return new InstanceLock(file, content);
        moveStaleAway(file, facts);
      }
    } finally {
      rmSync(draft, { force: true });
    }
    throw new Problem('operation-in-progress', `${file} changes hands all the time. Try again.`);
  }

  /** Who holds the lock of a folder, where its process lives; null: nobody. */
  static holder(folder: string, facts: LockFacts): { readonly pid: number } | null {
    const content = read(path.join(folder, FILE));
    const owner = content === null ? null : parse(content);
    return owner === null || isProvenDead(owner, facts) ? null : { pid: owner.pid };
  }

  /** Removes the lock if it is still ours. */
  release(): void {
    if (read(this.file) === this.content) rmSync(this.file, { force: true });
  }
}

/** Two machines could each believe that they hold the lock, and each see another state of the database. */
function refuseNetworkFileSystem(folder: string, facts: LockFacts): void {
  const name = facts.networkFileSystemOf(folder);
  if (name === null) return;
  throw new Problem(
    'operation-in-progress',
    `${folder} lies on a network file system (${name}), on which agent-spawner cannot make sure that it is the only one: choose a folder on a local disk (DATA_DIR and PM2_HOME).`,
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
  if (owner === null) refuse(`${file} is not a lock of agent-spawner`, file);
  if (owner.hostname !== hostname())
    refuse(`agent-spawner on ${owner.hostname} holds ${file} (pid ${owner.pid})`, file);
  if (!isProvenDead(owner, facts)) {
    throw new Problem(
      'operation-in-progress',
      `Another agent-spawner (pid ${owner.pid}) already works on ${path.dirname(file)}. End it first, or use other folders (DATA_DIR and PM2_HOME).`,
    );
  }
  const stale = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, stale);
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return; // somebody else moved it away
    throw error;
  }
  // Between reading and moving somebody may have taken it over: then what was moved is a live lock, and goes back.
  if (read(stale) !== content) tryLink(stale, file);
  rmSync(stale, { force: true });
}

function isProvenDead(owner: Owner, facts: LockFacts): boolean {
  if (owner.hostname !== hostname()) return false;
  return owner.bootId !== facts.bootId() || facts.startTime(owner.pid) !== owner.startTime;
}

function refuse(what: string, file: string): never {
  throw new Problem('operation-in-progress', `${what}. If nothing runs there any more, remove it: rm '${file}'`);
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
