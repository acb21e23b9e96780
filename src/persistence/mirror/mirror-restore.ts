import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { agentDefinitionSchema, detailOf, isoTime, parsed, Problem, type Clock } from '../../kernel';
import type { ResolvedSettings } from '../../config';
import { draftDatabase, insertRows, installDraft } from '../draft-database';
import { migrate } from '../migrator';
import { restoredOf } from '../new-database';
import type { SqlConnection } from '../sql-connection';
import { required } from './answer';
import type { Row } from './outbox';
import { SupabaseProject } from './supabase-project';
import { MIRRORED_TABLES, REGISTRY, type MirroredTable } from './tables';

/** As many as Supabase gives in one answer at most. */
const PAGE = 1_000;

export type RestoreSettings = Pick<
  ResolvedSettings,
  'RESTORE_FROM' | 'INSTANCE_ID' | 'SUPABASE_URL' | 'SUPABASE_SERVICE_ROLE_KEY' | 'dataDir'
>;

/** Nest's injection token of what was brought back at this start: a {@link MirrorRestored}, or null. */
export const MIRROR_RESTORED = Symbol('MirrorRestored');

/** What was brought back. */
export interface MirrorRestored {
  readonly from: string;
  readonly rows: number;
}

/**
 * Where `RESTORE_FROM` is set and DATA_DIR has no database: makes one of what the mirror has of that instance. Everything is
 * stopped in it, whatever it was there: that one may still run elsewhere. Whoever calls holds the lock of DATA_DIR.
 *
 * @returns null: there was nothing to do
 * @throws Problem `invalid-request` or `database-unavailable`; nothing was changed then
 */
export async function restoreFromMirror(settings: RestoreSettings, clock: Clock): Promise<MirrorRestored | null> {
  const { RESTORE_FROM: from, SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: key, dataDir } = settings;
  if (from === undefined || hasDatabase(path.join(dataDir, 'db'))) return null;
  if (url === undefined || key === undefined) {
    throw new Problem('invalid-request', 'RESTORE_FROM needs SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY.');
  }
  const project = new SupabaseProject({ url, key });
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
      `${from} cannot be restored from ${url}: ${detailOf(error)}. Nothing was changed; start again to try again.`,
      { cause: error },
    );
  }
  installDraft(dataDir, clock);
  return restored;
}

/** Also one that is whole and not yet in its place. What else lies there is looked at when the database is opened. */
function hasDatabase(folder: string): boolean {
  return existsSync(restoredOf(folder)) || (existsSync(folder) && readdirSync(folder).length > 0);
}

async function refuseUnknown(project: SupabaseProject, from: string): Promise<void> {
  const page = { instances: [from], after: null, limit: 1 };
  if (required(await project.rows(REGISTRY, page), REGISTRY.name).length > 0) return;
  const instances = required(await project.instances(), REGISTRY.name);
  const known = instances.length === 0 ? 'It has no agents at all' : `It has ${instances.join(', ')}`;
  throw new Problem('invalid-request', `RESTORE_FROM: the project has nothing of ${from}. ${known}.`);
}

interface Source {
  readonly from: string;
  /** The name that the rows get. */
  readonly instance: string;
  /** Wall clock, epoch milliseconds. */
  readonly now: number;
}

async function fill(connection: SqlConnection, project: SupabaseProject, source: Source): Promise<MirrorRestored> {
  await migrate(connection);
  let count = 0;
  for (const table of MIRRORED_TABLES) {
    const columns = await columnsOf(connection, table);
    for await (const page of pagesOf(project, table, source.from)) {
      const rows = page.map((row) => brought(table, only(row, columns), source));
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
    const page: readonly Row[] = required(
      await project.rows(table, { instances: [from], after, limit: PAGE }),
      table.name,
    );
    if (page.length > 0) yield page;
    const last: Row | undefined = page.at(-1);
    after = last === undefined ? null : String(last[table.key]);
  } while (after !== null);
}

/** Columns that somebody added there are nothing of ours. */
async function columnsOf(connection: SqlConnection, { name }: MirroredTable): Promise<ReadonlySet<string>> {
  const { rows } = await connection.query(
    `select column_name as name from information_schema.columns where table_schema = 'public' and table_name = $1`,
    [name],
  );
  return new Set(rows.map(({ name: column }) => String(column)));
}

function only(row: Row, columns: ReadonlySet<string>): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => columns.has(name)));
}

/** A row as it is here: nothing runs, and no trial is under way. */
function brought({ name }: MirroredTable, row: Row, { instance, now }: Source): Row {
  if (name === REGISTRY.name) {
    refuseUnusable(row);
    const isExternal = row.entry_point === null;
    const state = isExternal ? 'running' : 'stopped';
    return { ...row, instance, desired_state: state, status: isExternal ? 'unknown' : 'stopped' };
  }
  if (name === 'actp_circuit_breakers' && row.state === 'HALF_OPEN')
    return { ...row, instance, state: 'OPEN', due_at: isoTime(now), trial_by: null };
  return { ...row, instance };
}

const NAMES = z.array(z.string());

/** What others could have written there is checked as a request is. @throws Problem `invalid-request` that names the agent */
function refuseUnusable(row: Row): void {
  const names = parsed(NAMES, row.env_names);
  try {
    parsed(agentDefinitionSchema, {
      agentId: row.agent_id,
      name: row.name,
      entryPoint: row.entry_point,
      args: row.args,
      interpreter: row.interpreter,
      cwd: row.cwd,
      env: Object.fromEntries(names.map((name) => [name, ''])),
      envFrom: row.env_from,
      tags: row.tags,
      capabilities: row.capabilities,
      healthUrl: row.health_url,
      endpoint: row.endpoint,
      apiRole: row.api_role,
      maxMemoryMb: row.max_memory_mb,
      autostart: row.autostart,
      policy: row.policy,
    });
  } catch (error) {
    throw new Problem(
      'invalid-request',
      `RESTORE_FROM: the agent ${String(row.agent_id)} cannot be used as it stands in the project: ${detailOf(error)} Correct its row there.`,
      { cause: error },
    );
  }
}
