import path from 'node:path';
import { settingsOfThisProcess, SystemClock } from './config';
import { detailOf, Problem } from './kernel';
import { lockFacts } from './lock-facts';
import { InstanceLock, restoreBackup } from './persistence';
import { inspectorForThisMachine } from './runtime';

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Makes the database of DATA_DIR anew from a backup, while no agent-spawner runs there. */
async function main(): Promise<void> {
  const file = process.argv[2];
  if (file === undefined) throw new Problem('invalid-request', 'Which one? npm run restore-backup FILE');
  const { dataDir } = settingsOfThisProcess();
  const lock = InstanceLock.acquire(dataDir, lockFacts(inspectorForThisMachine()));
  try {
    const { rows, movedTo } = await restoreBackup(path.resolve(file), dataDir, new SystemClock());
    say(`Restored: ${rows} rows of ${file}.`);
    if (movedTo !== null) say(`What was there before lies in ${movedTo}; remove it when you need it no more.`);
    say('npm start goes on from there.');
  } finally {
    lock.release();
  }
}

main()
  .then(() => {
    process.exit(0);
  })
  .catch((error: unknown) => {
    process.stderr.write(`agent-spawner: ${detailOf(error)}\n`);
    process.exit(1);
  });
