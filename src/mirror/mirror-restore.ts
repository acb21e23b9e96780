import path from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, detailOf, Problem, type Clock } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import {
  draftDatabase,
  hasContent,
  type InitialContent,
  insertRows,
  installDraft,
  migrate,
  MIRRORED_TABLES,
  type MirroredTable,
  REGISTRY,
  type SqlConnection,
} from '../persistence';
import { valueOf } from './failure';
import type { Row } from './local-rows';
import { keepColumns, toLocalRow, type Source } from './restored-rows';
import { SupabaseProject } from './supabase-project';

/** Supabase's limit of rows in one answer. */
const PAGE = 1_000;

type RestoreSettings = Pick<
  ResolvedSettings,
  'RESTORE_FROM' | 'INSTANCE_ID' | 'SUPABASE_URL' | 'SUPABASE_SERVICE_ROLE_KEY' | 'dataDir'
>;

export interface MirrorRestored {
  readonly from: string;
  readonly rows: number;
}

/** Restores DATA_DIR from the mirror before its database is opened. */
@Injectable()
export class MirrorRestore implements InitialContent {
  /** Restored instance and rows; null if this start restored nothing. */
  restored: MirrorRestored | null = null;

  constructor(
    @Inject(SETTINGS) private readonly settings: RestoreSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async restore(): Promise<void> {
    this.restored = await restoreFromMirror(this.settings, this.clock);
  }
}

/**
 * Creates a database from the mirror's rows of an instance, if `RESTORE_FROM` is set and DATA_DIR has no database.
 * Every agent with an entry point is stopped in it, because the other instance may still run elsewhere. The caller must
 * hold the lock of DATA_DIR.
 *
 * @returns null if there was nothing to do
 * @throws Problem `invalid-request` or `database-unavailable`; nothing was changed then
 */
async function restoreFromMirror(settings: RestoreSettings, clock: Clock): Promise<MirrorRestored | null> {
  const { RESTORE_FROM: from, SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: key, dataDir } = settings;
  if (from === undefined || hasContent(path.join(dataDir, 'db'))) return null;
  if (url === undefined || key === undefined) {
    throw new Problem('invalid-request', 'RESTORE_FROM requires SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY: set both.');
  }
  const project = new SupabaseProject({ url, key, clock });
  let restored: MirrorRestored | null = null;
  try {
    await refuseUnknown(project, from);
    await draftDatabase(dataDir, async (connection) => {
      restored = await fill(connection, project, { from, instance: settings.INSTANCE_ID ?? from, now: clock.wall() });
    });
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid-request') throw error;
    throw new Problem(
      'database-unavailable',
      `The restore of ${from} from ${url} failed: ${detailOf(error)}. Nothing was changed. Start agent-spawner again to retry.`,
      { cause: error },
    );
  }
  installDraft(dataDir, clock);
  return restored;
}

async function refuseUnknown(project: SupabaseProject, from: string): Promise<void> {
  const page = { instances: [from], after: null, limit: 1 };
  if (valueOf(await project.rows(REGISTRY, page), REGISTRY.name).length > 0) return;
  const instances = valueOf(await project.instances(), REGISTRY.name);
  const known = instances.length === 0 ? 'It has no agents' : `It has rows of ${instances.join(', ')}`;
  throw new Problem('invalid-request', `RESTORE_FROM: the project has no agents of ${from}. ${known}.`);
}

async function fill(connection: SqlConnection, project: SupabaseProject, source: Source): Promise<MirrorRestored> {
  await migrate(connection);
  let count = 0;
  for (const table of MIRRORED_TABLES) {
    const columns = await columnsOf(connection, table);
    for await (const page of pagesOf(project, table, source.from)) {
      const rows = page.map((row) => toLocalRow(table, keepColumns(row, columns), source));
      await insertRows(connection, table.name, rows);
      count += rows.length;
    }
  }
  await connection.query(
    `insert into local.meta (key, value) values ('seeded', 'true'), ('instance_id', to_jsonb($1::text)), ('successor_of', to_jsonb($2::text))`,
    [source.instance, source.from],
  );
  await connection.exec(`
    update local.meta set value = to_jsonb((select coalesce(max(seq), 0) from actp_agent_events)) where key = 'event_seq'
  `);
  return { from: source.from, rows: count };
}

async function* pagesOf(project: SupabaseProject, table: MirroredTable, from: string): AsyncGenerator<readonly Row[]> {
  let after: string | null = null;
  do {
    const page: readonly Row[] = valueOf(
      await project.rows(table, { instances: [from], after, limit: PAGE }),
      table.name,
    );
    if (page.length > 0) yield page;
    const last: Row | undefined = page.at(-1);
    after = last === undefined ? null : String(last[table.key]);
  } while (after !== null);
}

/** Returns the columns of the local table. Columns that exist only in the project are ignored. */
async function columnsOf(connection: SqlConnection, { name }: MirroredTable): Promise<ReadonlySet<string>> {
  const { rows } = await connection.query(
    `select column_name as name from information_schema.columns where table_schema = 'public' and table_name = $1`,
    [name],
  );
  return new Set(rows.map(({ name: column }) => String(column)));
}
