import { findPort, startChild, type Child } from './supabase-child';
import { postgrestProgram, type RigKind } from './supabase-kinds';
import type { TempFolder } from './temp-folder';
import { until } from './until';

/** Line that PostgREST logs after each load of the schema. */
const SCHEMA_READ = 'Schema cache loaded';

export interface PostgrestOptions {
  readonly kind: RigKind;
  readonly databaseUri: string;
  readonly jwtSecret: string;
  /** Folder of its log. */
  readonly folder: TempFolder;
}

export interface Postgrest {
  readonly port: number;
  /** Reloads tables and columns, and waits until that is done. */
  reloadSchema(): Promise<void>;
  kill(): Promise<void>;
  /** Starts PostgREST, always on the same port. Resolves when it answers. */
  start(): Promise<void>;
}

/** Prepares PostgREST, which serves `/rest/v1` in a Supabase project. It is not started yet. */
export async function makePostgrest({ kind, databaseUri, jwtSecret, folder }: PostgrestOptions): Promise<Postgrest> {
  const program = postgrestProgram();
  if (program === null) throw new Error('there is no PostgREST for this machine');
  const port = await findPort();
  // PGlite runs one statement at a time, and does not separate the prepared statements of several clients.
  const isEmbedded = kind === 'pglite';
  const env = {
    PGRST_DB_URI: databaseUri,
    PGRST_DB_SCHEMAS: 'public',
    PGRST_DB_ANON_ROLE: 'anon',
    PGRST_DB_MAX_ROWS: '1000',
    PGRST_DB_POOL: isEmbedded ? '1' : '5',
    PGRST_DB_PREPARED_STATEMENTS: String(!isEmbedded),
    // With the channel, PostgREST would reload the schema at unpredictable times. PGlite's server forwards no
    // notifications anyway.
    PGRST_DB_CHANNEL_ENABLED: 'false',
    PGRST_JWT_SECRET: jwtSecret,
    PGRST_SERVER_HOST: '127.0.0.1',
    PGRST_SERVER_PORT: String(port),
  };
  let child: Child | null = null;
  return {
    port,
    reloadSchema: async () => {
      const running = child;
      if (running === null) throw new Error('PostgREST is not started');
      // Reload twice. PostgREST also reloads by itself after a 503, and the first reload that completes may be one that
      // started too early.
      for (const time of ['once', 'twice']) {
        const before = running.logged(SCHEMA_READ);
        running.signal('SIGUSR1');
        await until(() => running.logged(SCHEMA_READ) > before, `PostgREST has read the schema ${time}`);
      }
    },
    kill: () => child?.kill() ?? Promise.resolve(),
    start: async () => {
      const running = startChild({
        name: 'PostgREST',
        program,
        args: [],
        log: folder.at('postgrest.log'),
        spawn: { env },
      });
      child = running;
      const before = running.logged(SCHEMA_READ);
      // Do not probe PostgREST before it has loaded the schema. It would answer 503, and reload because of that.
      const hasRead = () => running.logged(SCHEMA_READ) > before;
      await running.started(async () => hasRead() && (await fetch(`http://127.0.0.1:${port}/`)).status === 200);
    },
  };
}
