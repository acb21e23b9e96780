import { existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../kernel';
import { EmbeddedPostgres } from './embedded-postgres';
import { finishRestore, completeRestoreOf, partialRestoreOf } from './new-database';
import type { SqlConnection } from './sql-connection';

const HANG_MS = 60_000;

const databaseIn = (dataDir: string) => path.join(dataDir, 'db');

/**
 * Creates and fills a database beside the one of DATA_DIR. Nothing else changes until {@link installDraft}. The caller
 * must hold the lock of DATA_DIR.
 *
 * @throws whatever `fill` throws; no partial database is left then
 */
export async function draftDatabase(
  dataDir: string,
  fill: (connection: SqlConnection) => Promise<void>,
): Promise<void> {
  const folder = databaseIn(dataDir);
  const draft = partialRestoreOf(folder);
  // Finishes a restore that was killed at its last step. Its complete database is the only one, and must not be lost.
  finishRestore(folder);
  try {
    const engine = await EmbeddedPostgres.open(draft, HANG_MS, {
      onLost: () => undefined,
      onReopened: () => undefined,
    });
    try {
      await fill(engine.connection());
    } finally {
      await engine.close();
    }
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Puts the draft in place. Nothing is deleted.
 *
 * @returns the path to which the previous database was moved; null if there was no database
 */
export function installDraft(dataDir: string, clock: Clock): string | null {
  const folder = databaseIn(dataDir);
  // From here on a kill leaves a complete database under this name. The next start finishes the restore.
  const whole = completeRestoreOf(folder);
  renameSync(partialRestoreOf(folder), whole);
  const movedTo = moveAside(folder, clock);
  renameSync(whole, folder);
  return movedTo;
}

function moveAside(folder: string, clock: Clock): string | null {
  if (!existsSync(folder)) return null;
  const aside = `${folder}.before-restore-${new Date(clock.wall()).toISOString().replaceAll(':', '-')}`;
  renameSync(folder, aside);
  return aside;
}
