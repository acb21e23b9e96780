import path from 'node:path';
import { settingsOfThisProcess, SystemClock } from './config';
import { detailOf, isProblem, Problem, sleep } from './kernel';
import { lockFacts } from './lock-facts';
import { BACKUPS, Database, InstanceLock, requestBackup, writeBackup } from './persistence';
import { inspectorForThisMachine } from './runtime';

const ANSWER_MS = 120_000;

const PAUSE_MS = 200;

/** Makes a backup: by the service that runs on DATA_DIR, or here when none does. @returns its file */
async function backUp(): Promise<string> {
  const clock = new SystemClock();
  const end = clock.now() + ANSWER_MS;
  for (;;) {
    try {
      const file = await tryOnce(clock);
      if (file !== null) return file;
      if (clock.now() >= end)
        throw new Problem('database-unavailable', 'DATA_DIR changes hands all the time. Try again.');
    } catch (error) {
      // Another backup, or a service that begins, was faster.
      if (!isProblem(error, 'operation-in-progress') || clock.now() >= end) throw error;
    }
    await sleep(clock, PAUSE_MS);
  }
}

/** @returns null: whoever held the lock has ended without an answer, as another one of these does */
async function tryOnce(clock: SystemClock): Promise<string | null> {
  const { dataDir } = settingsOfThisProcess();
  const facts = lockFacts(inspectorForThisMachine());
  const folder = path.join(dataDir, BACKUPS);
  const holder = InstanceLock.holder(dataDir, facts);
  if (holder === null) return backUpHere(dataDir, folder, clock);
  const isAlive = () => InstanceLock.holder(dataDir, facts)?.pid === holder.pid;
  const answer = await requestBackup(folder, { clock, isAlive, timeoutMs: ANSWER_MS });
  if (answer === null && !isAlive()) return null;
  if (answer !== null && 'file' in answer) return answer.file;
  const why = answer === null ? 'it did not answer in time' : answer.error;
  throw new Problem(
    'database-unavailable',
    `The agent-spawner that runs (pid ${holder.pid}) made no backup: ${why}. Its log says more; try again.`,
  );
}

async function backUpHere(dataDir: string, folder: string, clock: SystemClock): Promise<string> {
  const database = path.join(dataDir, 'db');
  if (!Database.isIn(database)) throw new Problem('invalid-request', `There is no database in ${database} to back up.`);
  const lock = InstanceLock.acquire(dataDir, lockFacts(inspectorForThisMachine()));
  try {
    // As it is: an older one is not brought up to date for that.
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

// By `process.exit`, with the code that is meant: the embedded database sets `process.exitCode` to one of its own.
backUp()
  .then((file) => {
    process.stdout.write(`${file}\nIt holds the values of the environments of agents: keep it to yourself.\n`);
    process.exit(0);
  })
  .catch((error: unknown) => {
    process.stderr.write(`agent-spawner: ${detailOf(error)}\n`);
    process.exit(1);
  });
