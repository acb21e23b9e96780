import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import projectPackage from '../../package.json';
import { Database, InstanceIdentity, readMigrations, WriteQueue, type Tx } from '../../src/persistence';
import { Problem } from '../../src/kernel';
import { CommitInDoubt } from '../../src/persistence/commit-in-doubt';
import type { DatabaseOptions } from '../../src/persistence/database';
import { LOCAL_STEPS } from '../../src/persistence/local-schema';
import { FakeClock } from './fake-clock';

const CACHE = path.resolve(__dirname, '..', '..', 'node_modules', '.cache', 'agent-spawner');

export interface EmptyDatabase {
  readonly database: Database;
  /** Closes it, and removes its folder. */
  destroy(): Promise<void>;
}

/**
 * A database with our schema and nothing in it. Making one takes seconds and copying one a moment, so it is made once for
 * each schema.
 */
export async function openEmptyDatabase(options: DatabaseOptions = {}): Promise<EmptyDatabase> {
  const folder = mkdtempSync(path.join(tmpdir(), 'agent-spawner-database-'));
  cpSync(await template(), path.join(folder, 'db'), { recursive: true });
  const database = await Database.open(path.join(folder, 'db'), options);
  return {
    database,
    destroy: async () => {
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The same with its writer, and with who writes. */
export interface TestDatabase extends EmptyDatabase {
  readonly queue: WriteQueue;
  readonly instance: InstanceIdentity;
  readonly clock: FakeClock;
  /** Makes every write fail, for as long as nobody takes it back. */
  refuseWrites(refuse: boolean): void;
  /** The next write is saved, but its caller is left in doubt. */
  leaveNextInDoubt(): void;
}

export async function openTestDatabase(): Promise<TestDatabase> {
  const { database, destroy } = await openEmptyDatabase();
  const clock = new FakeClock();
  let refuse = false;
  let leaveInDoubt = false;
  const transaction = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    const value = await database.transaction(async (tx) => {
      const given = await work(tx);
      // After the work: so whatever it wrote has to be taken back.
      if (refuse) throw new Error('the database is away');
      return given;
    });
    if (!leaveInDoubt) return value;
    leaveInDoubt = false;
    const cause = new CommitInDoubt('nobody answered', Promise.resolve(true));
    throw new Problem('database-unavailable', 'nobody knows', { cause });
  };
  return {
    ...{ database, destroy, clock },
    queue: new WriteQueue({ transaction }, { clock, log: () => undefined }),
    instance: await InstanceIdentity.read(database, 'test'),
    refuseWrites: (value) => {
      refuse = value;
    },
    leaveNextInDoubt: () => {
      leaveInDoubt = true;
    },
  };
}

async function template(): Promise<string> {
  const schema = JSON.stringify([projectPackage.dependencies['@electric-sql/pglite'], readMigrations(), LOCAL_STEPS]);
  const made = path.join(CACHE, `empty-database-${createHash('sha256').update(schema).digest('hex').slice(0, 16)}`);
  if (existsSync(made)) return made;
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(path.join(CACHE, 'draft-'));
  const database = await Database.open(path.join(draft, 'db'));
  await database.close();
  try {
    renameSync(path.join(draft, 'db'), made);
  } catch (error) {
    // Another worker may have been faster: its is as good.
    if (!existsSync(made)) throw error;
  }
  rmSync(draft, { recursive: true, force: true });
  return made;
}
