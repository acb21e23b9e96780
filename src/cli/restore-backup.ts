import path from 'node:path';
import { settingsOfThisProcess, SystemClock } from '../config';
import { Problem } from '../kernel';
import { InstanceLock, lockFacts, restoreBackup } from '../persistence';
import { createProcessInspector } from '../processes/read-only';
import { runCommand } from './run-command';

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Replaces the database of DATA_DIR with a backup, while no agent-spawner runs there. */
async function main(): Promise<void> {
  const file = process.argv[2];
  if (file === undefined)
    throw new Problem('invalid-request', 'The file of the backup is missing. Usage: npm run restore-backup FILE');
  const { dataDir } = settingsOfThisProcess();
  const lock = await InstanceLock.acquire(dataDir, lockFacts(createProcessInspector()));
  try {
    const { rows, movedTo } = await restoreBackup(path.resolve(file), dataDir, new SystemClock());
    say(`Restored ${rows} rows from ${file}.`);
    if (movedTo !== null) say(`The previous database was moved to ${movedTo}. Remove it when you no longer need it.`);
    say('Run npm start to continue with the restored data.');
  } finally {
    lock.release();
  }
}

runCommand(async () => {
  await main();
  return 0;
});
