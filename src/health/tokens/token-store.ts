import { Injectable, Logger } from '@nestjs/common';
import { z } from 'zod';
import { Database, WriteQueue, type Tx } from '../../persistence';
import { NO_TOKENS, withoutFuture, type TokenUse } from './token-use';

const count = z.number().int().min(0);
/** Hazard: an earlier version saved sums beyond the exact integers. Refusing such a row would forget what was spent. */
const tokens = z
  .number()
  .min(0)
  .transform((value) => Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER));
const tokenUseSchema = z.object({
  counter: z.object({ incarnation: z.string().nullable(), value: count }).nullable(),
  buckets: z.array(z.object({ at: count, tokens })),
});

/** Persists the token use of agents across restarts of the supervisor. */
@Injectable()
export class TokenStore {
  private readonly logger = new Logger('Tokens');

  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
  ) {}

  /**
   * Loads all rows. An unreadable row is logged and skipped.
   *
   * @param now wall clock, epoch milliseconds; later times in a row are set to it
   */
  async loadAll(now: number): Promise<ReadonlyMap<string, TokenUse>> {
    const rows = await this.database.read((db) => db.selectFrom('local.token_use').selectAll().execute());
    const loaded = new Map<string, TokenUse>();
    for (const row of rows) {
      const use = this.parse(row.agent_id, row.use, now);
      if (use !== null) loaded.set(row.agent_id, use);
    }
    return loaded;
  }

  /**
   * Resolves once the work is on disk.
   *
   * @throws Problem `database-unavailable`
   */
  async commit<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    let value: { readonly of: T } | undefined;
    await this.queue.submit(async (tx) => {
      value = { of: await work(tx) };
    });
    if (value === undefined) throw new Error('a transaction was committed without its work');
    return value.of;
  }

  /** Reads the row within a transaction. Returns `NO_TOKENS` if it is missing or unreadable. */
  async read(tx: Tx, agentId: string, now: number): Promise<TokenUse> {
    const row = await tx.selectFrom('local.token_use').select('use').where('agent_id', '=', agentId).executeTakeFirst();
    return row === undefined ? NO_TOKENS : (this.parse(agentId, row.use, now) ?? NO_TOKENS);
  }

  async write(tx: Tx, agentId: string, use: TokenUse): Promise<void> {
    const columns = { use: JSON.stringify(use) };
    await tx
      .insertInto('local.token_use')
      .values({ agent_id: agentId, ...columns })
      .onConflict((conflict) => conflict.column('agent_id').doUpdateSet(columns))
      .execute();
  }

  async removeRow(tx: Tx, agentId: string): Promise<void> {
    await tx.deleteFrom('local.token_use').where('agent_id', '=', agentId).execute();
  }

  private parse(agentId: string, saved: unknown, now: number): TokenUse | null {
    const parsed = tokenUseSchema.safeParse(saved);
    if (parsed.success) return withoutFuture(parsed.data, now);
    this.logger.warn({ agentId, error: z.prettifyError(parsed.error) }, 'saved token count skipped');
    return null;
  }
}
