import path from 'node:path';
import { Logger } from '@nestjs/common';
import { OpenResources, type ResolvedSettings } from '../config';
import { Database } from './database/database';

/**
 * Nest injection token of an {@link InitialContent}. A module above this one must provide it: without it, Nest refuses
 * to start.
 */
export const INITIAL_CONTENT = Symbol('InitialContent');

/** Port: fills DATA_DIR before its database is opened. Opening would create an empty database. */
export interface InitialContent {
  /**
   * Creates a database in DATA_DIR if the settings ask for one to be restored and DATA_DIR has none.
   *
   * @throws Problem that says what prevents it; nothing was changed then
   */
  restore(): Promise<void>;
}

/** Opens the database of DATA_DIR, after its {@link InitialContent} was restored. */
export async function openDatabase(
  settings: ResolvedSettings,
  resources: OpenResources,
  initial: InitialContent,
): Promise<Database> {
  await initial.restore();
  const database = await Database.open(path.join(settings.dataDir, 'db'), { log: warnOf(Database.name) });
  resources.add(() => database.close());
  return database;
}

/** Returns a function that logs warnings in this context. */
export function warnOf(context: string): (fields: Readonly<Record<string, unknown>>, message: string) => void {
  const logger = new Logger(context);
  return (fields, message) => {
    logger.warn({ ...fields }, message);
  };
}
