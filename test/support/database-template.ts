import { createHash, randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Database } from '../../src/persistence';

const ROOT = path.resolve(__dirname, '../..');
const CACHE = path.join(ROOT, 'node_modules', '.cache', 'agent-spawner-test-databases');

/**
 * Puts an empty database into a folder. Creating one takes seconds, so this copies a template that the product itself
 * created, one per version of the schema.
 */
export async function copyDatabaseTo(folder: string): Promise<void> {
  const template = path.join(CACHE, digest());
  if (!existsSync(template)) await make(template);
  cpSync(template, folder, { recursive: true });
}

async function make(template: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const draft = `${template}.${randomUUID()}`;
  const database = await Database.open(draft);
  await database.close();
  try {
    renameSync(draft, template);
  } catch {
    // Another worker created it first.
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Hashes everything that determines the content of an empty database. */
function digest(): string {
  const folders = ['supabase/migrations', 'src/persistence'].map((folder) => path.join(ROOT, folder));
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => path.extname(name) !== '')
      .sort()
      .map((name) => path.join(folder, name)),
  );
  const hash = createHash('sha256').update(readFileSync(path.join(ROOT, 'package-lock.json')));
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}
