import { settled } from '../../../test/support/fake-clock';
import { openTestDatabase, registerRow, type TestDatabase } from '../../../test/support/database';
import { GatedQueue } from '../../../test/support/gated-queue';
import { TokenBudgets } from './token-budgets';
import { TokenStore } from './token-store';

const REFUSED = { code: 'database-unavailable' };
const PROCESS = 'run-1:10';

let test: TestDatabase;
let gate: GatedQueue;
let budgets: TokenBudgets;

beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.destroy());
beforeEach(async () => {
  await test.database.transaction((tx) => tx.deleteFrom('local.token_use').execute());
  await registerRow(test, 'a');
  gate = new GatedQueue(test.database);
  budgets = makeBudgets();
});

function makeBudgets(): TokenBudgets {
  const policyOf = () => ({ tokenBudget: 1_000 });
  return new TokenBudgets(new TokenStore(test.database, gate.queue), { policyOf }, test.clock);
}

async function failsToRecord(value: number): Promise<void> {
  gate.fate = 'fails';
  await expect(budgets.record('a', PROCESS, value)).rejects.toMatchObject(REFUSED);
  gate.fate = 'commits';
}

const readUsed = () => budgets.of('a')?.used;
/** Returns the tokens that a later start of the supervisor finds on disk. */
async function readUsedOnDisk(): Promise<number | undefined> {
  const later = makeBudgets();
  await later.load();
  return later.of('a')?.used;
}
const unregister = () =>
  test.database.transaction(async (tx) => {
    await tx.deleteFrom('actp_agent_registry').where('agent_id', '=', 'a').execute();
    await budgets.removeRows(tx, 'a');
  });

describe('a token count', () => {
  it('is acknowledged once it is on disk', async () => {
    await budgets.record('a', PROCESS, 100);
    await budgets.record('a', PROCESS, 250);
    expect([readUsed(), await readUsedOnDisk()]).toEqual([250, 250]);
  });

  it('counts for the verdict if its save fails, and its repetition is saved before it is acknowledged', async () => {
    gate.fate = 'fails';
    await expect(budgets.record('a', PROCESS, 100)).rejects.toMatchObject(REFUSED);
    expect(readUsed()).toBe(100);
    await expect(budgets.record('a', PROCESS, 100)).rejects.toMatchObject(REFUSED);
    gate.fate = 'commits';
    await budgets.record('a', PROCESS, 100);
    expect([readUsed(), await readUsedOnDisk()]).toEqual([100, 100]);
  });

  it('is not acknowledged while the save of an equal count is in progress', async () => {
    gate.fate = 'hangs';
    const both = [budgets.record('a', PROCESS, 100), budgets.record('a', PROCESS, 100)];
    await settled();
    gate.release('fails');
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await readUsedOnDisk()).toBe(0);
  });

  it('is saved with the next count if its own save failed, even from another process', async () => {
    await failsToRecord(100);
    await budgets.record('a', 'run-2:11', 30);
    expect([readUsed(), await readUsedOnDisk()]).toEqual([130, 130]);
  });

  it('is saved together with counts that arrive during a save', async () => {
    gate.fate = 'hangs';
    const counts = [10, 25, 40, 60].map((value) => budgets.record('a', PROCESS, value));
    await settled();
    expect(readUsed()).toBe(60);
    gate.release('commits');
    await Promise.all(counts);
    expect([readUsed(), await readUsedOnDisk(), gate.begun]).toEqual([60, 60, 1]);
  });

  it('restores no row of an agent that was unregistered meanwhile', async () => {
    gate.fate = 'hangs';
    const late = expect(budgets.record('a', PROCESS, 100)).rejects.toMatchObject({ code: 'agent-not-found' });
    await settled();
    await unregister();
    budgets.forget('a');
    gate.release('commits');
    await late;
    expect(await test.database.read((db) => db.selectFrom('local.token_use').selectAll().execute())).toEqual([]);
  });

  it('is not counted for an agent that was registered again meanwhile', async () => {
    gate.fate = 'hangs';
    const late = expect(budgets.record('a', PROCESS, 100)).rejects.toMatchObject({ code: 'agent-not-found' });
    await settled();
    await unregister();
    budgets.forget('a');
    await registerRow(test, 'a');
    gate.release('commits');
    await late;
    expect([readUsed(), await readUsedOnDisk()]).toEqual([0, 0]);
  });
});

describe('a new budget', () => {
  it('changes nothing if the transaction of its caller rolls back', async () => {
    await budgets.record('a', PROCESS, 100);
    const refused = test.database.transaction(async (tx) => {
      await budgets.saveReset(tx, 'a');
      throw new Error('the rest failed');
    });
    await expect(refused).rejects.toThrow();
    expect([readUsed(), await readUsedOnDisk()]).toEqual([100, 100]);
  });

  it('is undone if its commit was refused but took place', async () => {
    await budgets.record('a', PROCESS, 100);
    await test.database.transaction((tx) => budgets.saveReset(tx, 'a'));
    expect(await readUsedOnDisk()).toBe(0);
    await test.database.transaction((tx) => budgets.undoReset(tx, 'a'));
    expect([readUsed(), await readUsedOnDisk()]).toEqual([100, 100]);
    await budgets.record('a', PROCESS, 130);
    expect([readUsed(), await readUsedOnDisk()]).toEqual([130, 130]);
  });

  it('counts only increases of the present counter', async () => {
    await budgets.record('a', PROCESS, 100);
    await test.database.transaction((tx) => budgets.saveReset(tx, 'a'));
    budgets.applyReset('a');
    expect([readUsed(), await readUsedOnDisk()]).toEqual([0, 0]);
    await budgets.record('a', PROCESS, 130);
    expect([readUsed(), await readUsedOnDisk()]).toEqual([30, 30]);
  });

  it('includes counts that were not saved before it, and does not count them again', async () => {
    await failsToRecord(100);
    await test.database.transaction((tx) => budgets.saveReset(tx, 'a'));
    budgets.applyReset('a');
    expect(readUsed()).toBe(0);
    await budgets.record('a', PROCESS, 120);
    expect([readUsed(), await readUsedOnDisk()]).toEqual([20, 20]);
  });

  it('survives a count that is saved in the same transaction', async () => {
    await budgets.record('a', PROCESS, 900);
    const reset = gate.queue.submit((tx) => budgets.saveReset(tx, 'a'));
    const count = budgets.record('a', PROCESS, 950);
    await reset;
    budgets.applyReset('a');
    await count;
    expect(await readUsedOnDisk()).toBeLessThanOrEqual(50);
    await budgets.record('a', PROCESS, 960);
    expect(readUsed()).toBe(await readUsedOnDisk());
  });
});

describe('a saved count', () => {
  const saveRaw = (agentId: string, use: unknown) =>
    test.database.transaction((tx) =>
      tx
        .insertInto('local.token_use')
        .values({ agent_id: agentId, use: JSON.stringify(use) })
        .execute(),
    );

  it('is skipped if it is negative or unreadable, and the others are loaded: too many tokens as very many', async () => {
    const bucket = { at: test.clock.wall(), tokens: 5 };
    await saveRaw('negative', { counter: null, buckets: [{ ...bucket, tokens: -5 }] });
    await saveRaw('shapeless', [1]);
    await saveRaw('a', { counter: null, buckets: [{ ...bucket, tokens: 2 ** 53 + 2 }] });
    const loaded = await new TokenStore(test.database, gate.queue).loadAll(test.clock.wall());
    expect([...loaded.keys()]).toEqual(['a']);
    expect(loaded.get('a')?.buckets).toEqual([{ ...bucket, tokens: Number.MAX_SAFE_INTEGER }]);
  });

  it('is replaced by the next count if it is unreadable', async () => {
    await saveRaw('a', { counter: 'much' });
    await budgets.record('a', PROCESS, 100);
    expect(await readUsedOnDisk()).toBe(100);
  });

  it('counts once if the clock was set back', async () => {
    // Each step is one save, so the steps are long. `token-use.spec` takes steps of a minute.
    const step = 30 * 60_000;
    const spend = async (first: number, last: number) => {
      for (let count = first; count <= last; count += 1) {
        await budgets.record('a', PROCESS, count * 300);
        await test.clock.advance(step);
      }
    };
    await spend(1, 2);
    test.clock.setWallBy(-4 * step);
    await spend(3, 48);
    // A day's use of ten a minute, whatever the clock did within the day.
    expect(readUsed()).toBe(14_400);
    await test.clock.advance(4 * step - 1);
    expect(readUsed()).toBe(14_400 - 1_200);
  });

  it('with a future time is treated as reported now, and leaves the window in time', async () => {
    const day = 86_400_000;
    await saveRaw('a', { counter: null, buckets: [{ at: test.clock.wall() + 30 * day, tokens: 5 }] });
    await budgets.load();
    expect(readUsed()).toBe(5);
    await test.clock.advance(day + 60_000);
    expect(readUsed()).toBe(0);
  });
});
