import { findPort, startChild, type Child } from './supabase-child';
import { postgrestProgram, type RigKind } from './supabase-kinds';
import type { TempFolder } from './temp-folder';
import { until } from './until';

/** What it logs whenever it has. */
const SCHEMA_READ = 'Schema cache loaded';

export interface PostgrestOptions {
  readonly kind: RigKind;
  readonly databaseUri: string;
  readonly jwtSecret: string;
  /** For its log. */
  readonly folder: TempFolder;
}

export interface Postgrest {
  readonly port: number;
  /** Reads the tables and columns anew, and waits until it has. */
  reloadSchema(): Promise<void>;
  kill(): Promise<void>;
  /** Resolves when it answers; the same port each time. */
  start(): Promise<void>;
}

/** The program that stands behind `/rest/v1` of a Supabase project; not started yet. */
export async function makePostgrest({ kind, databaseUri, jwtSecret, folder }: PostgrestOptions): Promise<Postgrest> {
  const program = postgrestProgram();
  if (program === null) throw new Error('there is no PostgREST for this machine');
  const port = await findPort();
  // PGlite serves one statement after the other, and keeps the prepared ones of several clients apart for nobody.
  const isEmbedded = kind === 'pglite';
  const env = {
    PGRST_DB_URI: databaseUri,
    PGRST_DB_SCHEMAS: 'public',
    PGRST_DB_ANON_ROLE: 'anon',
    PGRST_DB_MAX_ROWS: '1000',
    PGRST_DB_POOL: isEmbedded ? '1' : '5',
    PGRST_DB_PREPARED_STATEMENTS: String(!isEmbedded),
    // It would read the schema at times of its own choice; PGlite's server hands on no notifications anyway.
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
      // Twice: it reads by itself after it has answered 503, and the first that ends may be such a one, begun too early.
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
      // Not asked before it has read the schema: it would answer 503, and read it once more because of that.
      const hasRead = () => running.logged(SCHEMA_READ) > before;
      await running.started(async () => hasRead() && (await fetch(`http://127.0.0.1:${port}/`)).status === 200);
    },
  };
}
