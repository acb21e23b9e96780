import path from 'node:path';
import { settingsOfThisProcess, SystemClock } from '../config';
import { isProblem, Problem, sleep } from '../kernel';
import { BACKUPS, Database, InstanceLock, lockFacts, requestBackup, writeBackup } from '../persistence';
import { createProcessInspector } from '../processes/read-only';
import { runCommand } from './run-command';

const ANSWER_MS = 120_000;

const PAUSE_MS = 200;

/**
 * Makes a backup through the service that runs on DATA_DIR, or in this process if none runs.
 *
 * @returns the path of its file
 */
async function backUp(): Promise<string> {
  const clock = new SystemClock();
  const end = clock.now() + ANSWER_MS;
  for (;;) {
    try {
      const file = await tryOnce(clock);
      if (file !== null) return file;
      if (clock.now() >= end)
        throw new Problem('database-unavailable', 'Other processes keep taking the lock of DATA_DIR. Try again.');
    } catch (error) {
      // Another backup, or a service that is starting, took the lock first.
      if (!isProblem(error, 'operation-in-progress') || clock.now() >= end) throw error;
    }
    await sleep(clock, PAUSE_MS);
  }
}

/** @returns null if the holder of the lock exited without an answer, such as another process of this command */
async function tryOnce(clock: SystemClock): Promise<string | null> {
  const { dataDir } = settingsOfThisProcess();
  const facts = lockFacts(createProcessInspector());
  const folder = path.join(dataDir, BACKUPS);
  const holder = InstanceLock.holder(dataDir, facts);
  if (holder === null) return backUpDirectly(dataDir, folder, clock);
  const isAlive = () => InstanceLock.holder(dataDir, facts)?.pid === holder.pid;
  const answer = await requestBackup(folder, { clock, isAlive, timeoutMs: ANSWER_MS });
  if (answer === null && !isAlive()) return null;
  if (answer !== null && 'file' in answer) return answer.file;
  const why = answer === null ? 'it did not answer in time' : answer.error;
  throw new Problem(
    'database-unavailable',
    `The running agent-spawner (pid ${holder.pid}) made no backup: ${why}. See its log, then try again.`,
  );
}

async function backUpDirectly(dataDir: string, folder: string, clock: SystemClock): Promise<string> {
  const database = path.join(dataDir, 'db');
  if (!Database.isIn(database))
    throw new Problem('invalid-request', `${database} contains no database. Check DATA_DIR.`);
  const lock = await InstanceLock.acquire(dataDir, lockFacts(createProcessInspector()));
  try {
    // Skips the migrations: a backup must not change the schema of an older database.
    const opened = await Database.open(database, { prepare: () => Promise.resolve() });
    try {
      return await writeBackup(opened, folder, clock);
    } finally {
      await opened.close();
    }
  } finally {
    lock.release();
  }
}

runCommand(async () => {
  const file = await backUp();
  process.stdout.write(`${file}\nThe file contains the environments of agents, with their secrets: do not share it.\n`);
  return 0;
});
