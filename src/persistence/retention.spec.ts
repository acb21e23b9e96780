import { Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { sql } from 'kysely';
import { openTestDatabase, type TestDatabase } from '../../test/support/database';
import { isoTime } from '../kernel';
import { Outbox } from '../mirror/outbox';
import { Retention } from './retention';

const DAY_MS = 86_400_000;

let test: TestDatabase;
let retention: Retention;

beforeAll(async () => {
  test = await openTestDatabase();
  const settings = { HEALTH_LOG_RETENTION_DAYS: 7, EVENT_RETENTION_DAYS: 90 };
  retention = new Retention(test.database, test.queue, new SchedulerRegistry(), settings, test.clock);
});
afterAll(() => test.destroy());
beforeEach(() => run('truncate actp_agent_health_log, actp_agent_restarts, actp_agent_events'));

async function run(text: string): Promise<Record<string, unknown>[]> {
  return test.database.read(async (db) => (await sql.raw<Record<string, unknown>>(text).execute(db)).rows);
}

/** Inserts rows into the three tables, one set for each age in days. */
async function fill(ages: readonly number[], copies = 1): Promise<void> {
  for (const [index, age] of ages.entries()) {
    const at = isoTime(test.clock.now() - age * DAY_MS);
    const numbers = `generate_series(1, ${copies}) n`;
    await run(`insert into actp_agent_health_log (id, instance, agent_id, checked_at)
      select gen_random_uuid(), 'i', 'a', '${at}' from ${numbers}`);
    await run(`insert into actp_agent_restarts (id, instance, agent_id, reason, success, restarted_at)
      select gen_random_uuid(), 'i', 'a', 'r', true, '${at}' from ${numbers}`);
    await run(`insert into actp_agent_events (id, instance, seq, type, occurred_at)
      select gen_random_uuid(), 'i', ${index * copies} + n, 'agent.spawned', '${at}' from ${numbers}`);
  }
}

const left = async () => {
  const [counts] = await run(`select (select count(*)::int from actp_agent_health_log) as checks,
    (select count(*)::int from actp_agent_restarts) as restarts, (select count(*)::int from actp_agent_events) as events`);
  return counts;
};

async function failToPrune(): Promise<void> {
  test.refuseWrites(true);
  const pruned = retention.prune();
  await test.clock.advance(10_000);
  await pruned;
  test.refuseWrites(false);
}

describe('retention', () => {
  it('removes only rows older than their retention', async () => {
    await fill([0, 6.99, 7.01, 89.99, 90.01, 400]);
    await retention.prune();
    expect(await left()).toEqual({ checks: 2, restarts: 4, events: 4 });
  });

  it('removes many rows in small batches, each in its own transaction', async () => {
    await fill([100], 1_203);
    const transaction = jest.spyOn(test.queue, 'submit');
    await retention.prune();
    expect(transaction).toHaveBeenCalledTimes(9);
    transaction.mockRestore();
    expect(await left()).toEqual({ checks: 0, restarts: 0, events: 0 });
  });

  it('notes each removed row for the mirror', async () => {
    const outbox = new Outbox(test.database, test.queue);
    await fill([100], 3);
    await outbox.enable('http://127.0.0.1:1');
    await retention.prune();
    const window = await outbox.next(100);
    await outbox.disable();
    expect([...(window?.keys.values() ?? [])].map((keys) => keys.length)).toEqual([3, 3, 3]);
  });

  it('reuses the disk space of removed rows', async () => {
    const sizeAfter = async () => {
      await fill([100], 2_000);
      await retention.prune();
      await retention.vacuum();
      const [size] = await run(
        `select pg_relation_size('actp_agent_health_log') + pg_relation_size('local.outbox') as n`,
      );
      return Number(size?.n);
    };
    const outbox = new Outbox(test.database, test.queue);
    await outbox.enable('http://127.0.0.1:1');
    const sizes = [];
    for (let round = 0; round < 4; round += 1) {
      sizes.push(await sizeAfter());
      const window = await outbox.next(100_000);
      for (const [table, keys] of window?.keys ?? [])
        await outbox.settle({ table, keys, refused: new Map(), through: window!.through }, 0);
    }
    await outbox.disable();
    expect(sizes[3]).toBeLessThanOrEqual(sizes[1]!);
  });

  it('removes nothing early if the wall clock was set ahead', async () => {
    await fill([1]);
    test.clock.setWallBy(1_000 * DAY_MS);
    await retention.prune();
    test.clock.setWallBy(-1_000 * DAY_MS);
    expect(await left()).toEqual({ checks: 1, restarts: 1, events: 1 });
  });

  it('retries in the next pass after the database refused', async () => {
    await fill([100]);
    await failToPrune();
    expect(await left()).toEqual({ checks: 1, restarts: 1, events: 1 });
    await retention.prune();
    expect(await left()).toEqual({ checks: 0, restarts: 0, events: 0 });
  });

  it('logs an outage when it begins and when it ends, not in each pass', async () => {
    await fill([100]);
    const logged: unknown[][] = [];
    for (const level of ['warn', 'log'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation((...words) => void logged.push(words));
    for (let pass = 0; pass < 3; pass += 1) await failToPrune();
    expect(logged.map(([, message]) => message)).toEqual(['prune failed']);
    await retention.prune();
    await retention.prune();
    jest.restoreAllMocks();
    expect(logged.slice(1).map(([, message]) => message)).toEqual(['prune recovered']);
  });
});
