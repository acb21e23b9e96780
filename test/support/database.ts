import { createHash, randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import projectPackage from '../../package.json';
import { Database, InstanceIdentity, readMigrations, WriteQueue, type Tx } from '../../src/persistence';
import { Problem } from '../../src/kernel';
import { CommitInDoubt } from '../../src/persistence/database/commit-in-doubt';
import type { DatabaseOptions } from '../../src/persistence/database/database';
import { LOCAL_STEPS } from '../../src/persistence/database/local-schema';
import { FakeClock } from './fake-clock';

const CACHE = path.resolve(__dirname, '..', '..', 'node_modules', '.cache', 'agent-spawner');

export interface EmptyDatabase {
  readonly database: Database;
  /** Closes the database and removes its folder. */
  destroy(): Promise<void>;
}

/**
 * Opens an empty database with the schema. Creating one takes seconds and copying is fast, so a template is created
 * once per schema.
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

/** An empty database with its write queue and its instance identity. */
export interface TestDatabase extends EmptyDatabase {
  readonly queue: WriteQueue;
  readonly instance: InstanceIdentity;
  readonly clock: FakeClock;
  /** Makes every write fail until it is called with false. */
  refuseWrites(refuse: boolean): void;
  /** Saves the next write, but leaves its caller with an unknown outcome. */
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
      // Fail after the work, so that all its writes must be rolled back.
      if (refuse) throw new Error('the database is unavailable');
      return given;
    });
    if (!leaveInDoubt) return value;
    leaveInDoubt = false;
    const cause = new CommitInDoubt('no answer', Promise.resolve(true));
    throw new Problem('database-unavailable', 'the outcome is unknown', { cause });
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

/** Inserts the registry row of an agent. Other rows are saved only if it exists. */
export async function registerRow({ database, instance }: TestDatabase, agentId: string): Promise<void> {
  const now = new Date(0).toISOString();
  const row = { id: randomUUID(), instance: instance.id, agent_id: agentId, name: agentId, ...EMPTY_DEFINITION };
  await database.transaction((tx) =>
    tx
      .insertInto('actp_agent_registry')
      .values({ ...row, desired_state: 'running', status: 'running', registered_at: now, updated_at: now })
      .onConflict((conflict) => conflict.columns(['instance', 'agent_id']).doNothing())
      .execute(),
  );
}

const EMPTY_DEFINITION = {
  ...{ entry_point: null, interpreter: null, cwd: null, health_url: null, endpoint: null, api_role: null },
  ...{ args: '[]', env_names: '[]', env_from: '[]', tags: '[]', capabilities: '[]', policy: '{}' },
  ...{ max_memory_mb: null, autostart: false },
};

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
    // Another worker may have created it first; its template is equivalent.
    if (!existsSync(made)) throw error;
  }
  rmSync(draft, { recursive: true, force: true });
  return made;
}
