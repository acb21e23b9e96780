import { Client } from 'pg';

export interface SqlOptions {
  readonly port: number;
  readonly user: string;
}

/** A separate connection for tests. It opens when needed, and again after it was lost. */
export class SqlClient {
  private client: Promise<Client> | null = null;

  constructor(private readonly options: SqlOptions) {}

  /** @returns the rows of the last statement; 64-bit numbers are strings */
  async query(sql: string, parameters: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = await (this.client ??= this.open());
    // Without parameters, the text is sent as one message that may hold several statements. They run in one
    // transaction, as with the Supabase CLI. pg then returns an array of results.
    const given: unknown = await client.query(sql, parameters.length === 0 ? undefined : [...parameters]);
    const last = (Array.isArray(given) ? given.at(-1) : given) as { readonly rows: Record<string, unknown>[] };
    return last.rows;
  }

  async close(): Promise<void> {
    const { client } = this;
    this.client = null;
    await client?.then((open) => open.end()).catch(() => undefined);
  }

  private open(): Promise<Client> {
    const client = new Client({
      ...{ host: '127.0.0.1', database: 'postgres', ssl: false, connectionTimeoutMillis: 10_000 },
      ...this.options,
    });
    const opening: Promise<Client> = client.connect().then(() => client);
    const forget = () => {
      if (this.client === opening) this.client = null;
    };
    client.on('error', forget);
    client.on('end', forget);
    opening.catch(forget);
    return opening;
  }
}
