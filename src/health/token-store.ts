import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Database, WriteQueue } from '../persistence';
import type { TokenUse } from './token-use';

const tokenUseSchema = z.object({
  counter: z.object({ incarnation: z.string().nullable(), value: z.number() }).nullable(),
  buckets: z.array(z.object({ at: z.number(), tokens: z.number() })),
});

/** What agents have used of their tokens, kept over restarts of ours. */
@Injectable()
export class TokenStore {
  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
  ) {}

  async loadAll(): Promise<ReadonlyMap<string, TokenUse>> {
    const rows = await this.database.read((db) => db.selectFrom('local.token_use').selectAll().execute());
    return new Map(rows.map((row) => [row.agent_id, tokenUseSchema.parse(row.use)]));
  }

  save(agentId: string, use: TokenUse): Promise<void> {
    return this.queue.submit(async (tx) => {
      const columns = { use: JSON.stringify(use) };
      await tx
        .insertInto('local.token_use')
        .values({ agent_id: agentId, ...columns })
        .onConflict((conflict) => conflict.column('agent_id').doUpdateSet(columns))
        .execute();
    });
  }

  remove(agentId: string): Promise<void> {
    return this.queue.submit(async (tx) => {
      await tx.deleteFrom('local.token_use').where('agent_id', '=', agentId).execute();
    });
  }
}
