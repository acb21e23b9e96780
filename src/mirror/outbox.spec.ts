import fc from 'fast-check';
import { sql } from 'kysely';
import { openTestDatabase, type TestDatabase } from '../../test/support/database';
import { agent, checks, circuit, events, restarts } from '../../test/support/mirror-world';
import { MIRRORED_TABLES } from '../persistence/mirrored-tables';
import { ComparisonNeeds } from './comparison-needs';
import { LocalRows } from './local-rows';
import { Outbox, type OutboxWindow } from './outbox';

const PROJECT = 'http://127.0.0.1:1';
const MANY = 100_000;

let test: TestDatabase;
let outbox: Outbox;
let needs: ComparisonNeeds;

beforeAll(async () => {
  test = await openTestDatabase();
  outbox = new Outbox(test.database, test.queue);
  needs = new ComparisonNeeds(test.database, test.queue);
});
afterAll(() => test.destroy());

beforeEach(async () => {
  await outbox.disable();
  await run(...MIRRORED_TABLES.map(({ name }) => `truncate ${name}`));
});

const run = (...statements: readonly string[]) =>
  test.database.transaction(async (tx) => {
    for (const statement of statements) await sql.raw(statement).execute(tx);
  });

/** Counts the waiting keys of each table. */
function counts(window: OutboxWindow | null): Record<string, number> {
  return Object.fromEntries([...(window?.keys ?? [])].map(([table, keys]) => [table.name, keys.length]));
}

const waiting = async () => counts(await outbox.next(MANY));

describe('the outbox', () => {
  it('notes each inserted, updated and deleted row of each table', async () => {
    await outbox.enable(PROJECT);
    await run(agent('a'), agent('b'), circuit('a', 1), events(1, 3), checks(4), restarts(5));
    expect(await waiting()).toEqual({
      actp_agent_registry: 2,
      actp_circuit_breakers: 1,
      actp_agent_events: 3,
      actp_agent_restarts: 5,
      actp_agent_health_log: 4,
    });
    await outbox.settle(await settledFor(await outbox.next(MANY)), 0);
    await run(
      `update actp_agent_registry set name = 'x'`,
      circuit('a', 2),
      'delete from actp_agent_events where seq = 1',
      'delete from actp_agent_health_log',
    );
    expect(await waiting()).toEqual({
      actp_agent_registry: 2,
      actp_circuit_breakers: 1,
      actp_agent_events: 1,
      actp_agent_health_log: 4,
    });
  });

  it('notes nothing of a transaction that was rolled back, or of a statement that changed nothing', async () => {
    await outbox.enable(PROJECT);
    await expect(run(agent('a'), 'select 1 / 0')).rejects.toThrow('division by zero');
    await run(`update actp_agent_registry set name = 'x'`);
    expect(await waiting()).toEqual({});
  });

  it('notes nothing without a mirror, and forgets the entries of a mirror that was removed', async () => {
    await run(agent('a'));
    expect(await waiting()).toEqual({});
    await outbox.enable(PROJECT);
    await run(agent('b'));
    await outbox.disable();
    expect(await waiting()).toEqual({});
    expect(await needs.needed()).toBeNull();
  });

  it('continues after a restart, and starts over for another project', async () => {
    await outbox.enable(PROJECT);
    await needs.noteDone({ isForAll: true, leftOut: 0 });
    await run(agent('a'));
    await outbox.enable(PROJECT);
    expect(await waiting()).toEqual({ actp_agent_registry: 1 });
    expect(await needs.needed()).toBeNull();
    await outbox.enable('http://127.0.0.1:2');
    expect(await waiting()).toEqual({});
    expect(await needs.needed()).toMatchObject({ isForAll: true });
  });

  it('returns a row with many changes once, and keeps later changes', async () => {
    await outbox.enable(PROJECT);
    await run(circuit('a', 1), circuit('a', 2));
    const window = await outbox.next(MANY);
    expect(counts(window)).toEqual({ actp_circuit_breakers: 1 });
    await run(circuit('a', 3));
    await outbox.settle(await settledFor(window), 0);
    expect(await waiting()).toEqual({ actp_circuit_breakers: 1 });
  });

  it('leaves health checks to a comparison while many changes wait', async () => {
    await outbox.enable(PROJECT);
    await needs.noteDone({ isForAll: true, leftOut: 0 });
    await run(checks(10_001));
    const { waiting: before } = await outbox.state();
    await run(checks(7), 'delete from actp_agent_health_log where health_score = 3', events(1, 2));
    const { waiting: after } = await outbox.state();
    expect(after - before).toBe(2);
    const need = await needs.needed();
    expect(need).toEqual({ isForAll: false, leftOut: 2 });
    // A check left out during the comparison requires another comparison.
    await run(checks(1));
    await needs.noteDone(need!);
    expect(await needs.needed()).toEqual({ isForAll: false, leftOut: 3 });
  });

  it('retries a refused row four times, then only on request', async () => {
    await outbox.enable(PROJECT);
    await run(circuit('a', 1), circuit('b', 1));
    const refuse = async () => {
      const window = await outbox.next(MANY);
      const settled = await settledFor(window);
      if (settled.keys.includes('a')) settled.refused.set('a', 'no');
      await outbox.settle(settled, test.clock.wall());
    };
    for (let tries = 1; tries <= 4; tries += 1) {
      await refuse();
      expect(await outbox.refusals(9)).toMatchObject([{ key: 'a', error: 'no', tries, setAside: tries === 4 }]);
      await outbox.retryRefused();
      expect(await waiting()).toEqual(tries === 4 ? {} : { actp_circuit_breakers: 1 });
    }
    expect(await outbox.state()).toMatchObject({ setAside: 1, refused: 0 });
    expect(await outbox.retryAll()).toBe(1);
    const window = await outbox.next(MANY);
    await outbox.settle(await settledFor(window), 0);
    expect(await outbox.refusals(9)).toEqual([]);
  });

  it('makes a copy equal when drained in windows of any size at any moment', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('save' as const), id: fc.nat(4), value: fc.nat(9) }),
      fc.record({ kind: fc.constant('remove' as const), id: fc.nat(4) }),
      fc.record({ kind: fc.constant('send' as const), size: fc.integer({ min: 1, max: 4 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        await outbox.disable();
        await run('truncate actp_circuit_breakers');
        await outbox.enable(PROJECT);
        const copy = new Map<string, unknown>();
        for (const each of steps) {
          if (each.kind === 'save') await run(circuit(`a${each.id}`, each.value));
          else if (each.kind === 'remove')
            await run(`delete from actp_circuit_breakers where agent_id = 'a${each.id}'`);
          else await send(copy, each.size);
        }
        while (await send(copy, 2));
        expect(Object.fromEntries(copy)).toEqual(await everyRow());
      }),
      { numRuns: 40 },
    );
  });
});

async function settledFor(window: OutboxWindow | null) {
  const [[table, keys] = [MIRRORED_TABLES[0]!, []]] = [...(window?.keys ?? [])];
  // The other tables of the window are settled too, so that the next step of a test starts with an empty outbox.
  for (const [other, others] of window?.keys ?? [])
    if (other !== table)
      await outbox.settle({ table: other, keys: others, refused: new Map(), through: window!.through }, 0);
  return { table, keys, refused: new Map<string, string>(), through: window?.through ?? 0 };
}

async function send(copy: Map<string, unknown>, size: number): Promise<boolean> {
  const window = await outbox.next(size);
  if (window === null) return false;
  for (const [table, keys] of window.keys) {
    const rows = await new LocalRows(test.database).rowsOf(table, keys);
    for (const key of keys)
      if (rows.has(key)) copy.set(key, rows.get(key));
      else copy.delete(key);
    await outbox.settle({ table, keys, refused: new Map(), through: window.through }, 0);
  }
  return true;
}

async function everyRow(): Promise<unknown> {
  const { rows } = await test.database.read((db) =>
    sql<{
      all: unknown;
    }>`select coalesce(jsonb_object_agg(agent_id, to_jsonb(t)), '{}') as all from actp_circuit_breakers t`.execute(db),
  );
  return rows[0]?.all;
}
