import { createHmac, randomBytes } from 'node:crypto';
import { migrationTexts, startDatabase } from './supabase-database';
import type { RigKind } from './supabase-kinds';
import { makePostgrest } from './supabase-postgrest';
import { startProxy, type SupabaseProxy } from './supabase-proxy';

export { availableRigs, describeOnRigs, whyNoRig, type RigKind } from './supabase-kinds';
export type { Answer, ProxyRequest, SeenRequest } from './supabase-proxy';

const HOUR_SECONDS = 3_600;
const YEAR_SECONDS = 365 * 24 * HOUR_SECONDS;

export interface TokenOptions {
  /** Epoch seconds; now by default. */
  readonly issuedAt?: number;
  /** Epoch seconds; in one hour by default. */
  readonly expiresAt?: number;
  /** Secret of the rig by default. */
  readonly secret?: string;
}

/**
 * The part of a Supabase project that agent-spawner uses: a real Postgres, the real PostgREST, and a proxy that fails
 * on demand.
 */
export interface SupabaseRig extends Pick<SupabaseProxy, 'requests' | 'fault' | 'deliverLate'> {
  /** Stays the same across kills and restarts. */
  readonly url: string;
  readonly serviceKey: string;
  readonly anonKey: string;
  /** Returns a key for a role. */
  token(role: string, options?: TokenOptions): string;
  /** Runs a statement as the owner of the tables, bypassing PostgREST. */
  query(sql: string, parameters?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Runs a file in one transaction, like the Supabase CLI, and waits until PostgREST has loaded the change. */
  apply(sql: string): Promise<void>;
  /** Waits until PostgREST has reloaded the schema. */
  reloadSchema(): Promise<void>;
  /** Kills PostgREST and every process of the database at once. Connections are reset until `restart`. */
  kill(): Promise<void>;
  /** Kills the database only. PostgREST answers with errors until `restart`. */
  killDatabase(): Promise<void>;
  /** Starts both again on the same data and ports. Resolves when PostgREST answers. */
  restart(): Promise<void>;
  /** Stops everything and removes the data. */
  stop(): Promise<void>;
}

export interface RigOptions {
  readonly kind: RigKind;
  /** Texts of SQL files; by default all of supabase/migrations. */
  readonly migrations?: readonly string[];
}

export async function startRig({ kind, migrations = migrationTexts() }: RigOptions): Promise<SupabaseRig> {
  const jwtSecret = randomBytes(32).toString('hex');
  const database = await startDatabase(kind);
  const postgrest = await makePostgrest({ kind, jwtSecret, databaseUri: database.uri, folder: database.folder });
  const proxy = await startProxy(postgrest.port);
  const kill = async () => {
    await Promise.all([postgrest.kill(), database.kill()]);
  };
  const stop = async () => {
    await proxy.stop();
    await postgrest.kill();
    await database.stop();
  };
  try {
    for (const migration of migrations) await database.query(migration);
    await postgrest.start();
  } catch (error) {
    await stop();
    throw error;
  }
  const key = (role: string) => tokenOf(role, jwtSecret, { expiresAt: nowSeconds() + 10 * YEAR_SECONDS });
  return {
    ...{
      kill,
      stop,
      url: proxy.url,
      requests: proxy.requests,
      deliverLate: proxy.deliverLate,
      serviceKey: key('service_role'),
      anonKey: key('anon'),
    },
    get fault() {
      return proxy.fault;
    },
    set fault(fault) {
      proxy.fault = fault;
    },
    token: (role, options = {}) => tokenOf(role, jwtSecret, options),
    query: (sql, parameters) => database.query(sql, parameters),
    apply: async (sql) => {
      await database.query(sql);
      await postgrest.reloadSchema();
    },
    reloadSchema: () => postgrest.reloadSchema(),
    killDatabase: () => database.kill(),
    restart: async () => {
      // Kill PostgREST too: after it lost its database, it backs off longer and longer before it reconnects.
      await kill();
      await database.start();
      await postgrest.start();
    },
  };
}

/** Creates a JSON Web Token, HS256. */
function tokenOf(role: string, jwtSecret: string, options: TokenOptions): string {
  const { issuedAt = nowSeconds(), expiresAt = issuedAt + HOUR_SECONDS, secret = jwtSecret } = options;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iss: 'supabase', role, iat: issuedAt, exp: expiresAt })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
