import { Client } from 'pg';

export interface SqlOptions {
  readonly port: number;
  readonly user: string;
}

/** A connection of the tests' own, opened when it is needed, and again after it was lost. */
export class SqlClient {
  private client: Promise<Client> | null = null;

  constructor(private readonly options: SqlOptions) {}

  /** @returns the rows of the last statement; numbers of 64 bits are texts */
  async query(sql: string, parameters: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = await (this.client ??= this.open());
    // Without values it goes as one message, which may hold several statements: one transaction, as the Supabase command
    // line makes it of a file. pg then gives an array of results.
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
