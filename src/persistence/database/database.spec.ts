import { sql } from 'kysely';
import { FakeClock, settled } from '../../../test/support/fake-clock';
import { makeTempFolder } from '../../../test/support/temp-folder';
import { isProblem, Problem } from '../../kernel';
import { Database, type Tx } from './database';
import { WriteQueue } from '../write-queue';

let database: Database;
beforeAll(async () => {
  database = await Database.open(null);
});
afterAll(() => database.close());
beforeEach(async () => {
  jest.useRealTimers();
  await database.transaction((tx) => tx.deleteFrom('local.agent_env').execute());
});
afterEach(() => jest.useRealTimers());

const insert = (tx: Tx, agentId: string, value = 'x') =>
  tx
    .insertInto('local.agent_env')
    .values({ agent_id: agentId, env: JSON.stringify({ A: value }) })
    .execute();

const saved = () =>
  database.read(async (db) => {
    const rows = await db.selectFrom('local.agent_env').select('agent_id').orderBy('agent_id').execute();
    return rows.map((row) => row.agent_id);
  });

/** Builds a promise that the test resolves. */
function makeGate() {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

describe('a transaction', () => {
  it('saves all its changes', async () => {
    const value = await database.transaction(async (tx) => {
      await insert(tx, 'a');
      await insert(tx, 'b');
      return 'done';
    });
    expect(value).toBe('done');
    expect(await saved()).toEqual(['a', 'b']);
  });

  it('saves nothing if it throws', async () => {
    const failing = database.transaction(async (tx) => {
      await insert(tx, 'a');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await saved()).toEqual([]);
  });

  it('is isolated from concurrent calls', async () => {
    const gate = makeGate();
    const transaction = database.transaction(async (tx) => {
      await insert(tx, 'a');
      await gate.passed;
      throw new Problem('forbidden', 'rolled back');
    });
    const meanwhile = database.transaction((tx) => insert(tx, 'b'));
    const seen = saved();
    await settled();
    gate.open();
    await expect(transaction).rejects.toMatchObject({ code: 'forbidden' });
    await meanwhile;
    expect(await seen).toEqual(['b']);
  });
});

describe('a failed call', () => {
  it('reports database-unavailable with its cause, and is remembered until a call succeeds', async () => {
    const failing = database.read((db) => sql`select * from nowhere`.execute(db));
    await expect(failing).rejects.toMatchObject({ code: 'database-unavailable', cause: expect.anything() as unknown });
    expect(database.lastError).toContain('nowhere');
    await database.ping();
    expect(database.lastError).toBeNull();
  });

  it('passes a problem through unchanged, and does not blame the database', async () => {
    const problem = new Problem('agent-exists', 'there');
    await expect(database.transaction(() => Promise.reject(problem))).rejects.toBe(problem);
    expect(database.lastError).toBeNull();
  });
});

describe('a call that times out', () => {
  /** Starts a transaction that holds the database until the gate opens, and lets its time limit pass. */
  async function outOfTime() {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance', 'Date'] });
    const gate = makeGate();
    const call = database.transaction(async (tx) => {
      await insert(tx, 'late');
      await gate.passed;
    });
    const refused = expect(call).rejects.toMatchObject({ code: 'database-unavailable' });
    await jest.advanceTimersByTimeAsync(4_999);
    await jest.advanceTimersByTimeAsync(1);
    await refused;
    jest.useRealTimers();
    return gate;
  }

  it('fails, and reports that there was no answer in time', async () => {
    const gate = await outOfTime();
    expect(database.lastError).toContain('within 5000 ms');
    gate.open();
    await database.ping();
  });

  it('changes nothing after its caller was refused', async () => {
    const gate = await outOfTime();
    gate.open();
    expect(await saved()).toEqual([]);
  });
});

it('a blocked event loop does not time out a call that the database has answered', async () => {
  const impatient = await Database.open(null, { timeoutMs: 400, hangMs: 10_000 });
  try {
    const calls = impatient.read((db) => sql`select 1`.execute(db)).then(() => impatient.ping());
    const until = performance.now() + 1_000;
    while (performance.now() < until); // blocks the event loop
    await expect(calls).resolves.toBeUndefined();
  } finally {
    await impatient.close();
  }
});

describe('the write queue', () => {
  it('drops a change of healing that no database accepts, so that later writes do not wait', async () => {
    const clock = new FakeClock();
    const queue = new WriteQueue(database, { clock, log: () => undefined });
    void queue.submitEventually(async (tx) => {
      await insert(tx, 'bad', 'a\0b');
    }, 'bad');
    const command = queue.submit(async (tx) => {
      await insert(tx, 'good');
    });
    await expect(command).resolves.toBeUndefined();
  });
});

describe('open', () => {
  it('refuses a file in place of its folder, says what to do, and deletes nothing', async () => {
    const folder = makeTempFolder();
    const file = folder.file('db', 'mine');
    const error = await Database.open(file).catch((thrown: unknown) => thrown);
    expect(isProblem(error, 'database-unavailable') ? error.detail : '').toContain(file);
    expect(isProblem(error) ? error.detail : '').toContain('Nothing was deleted');
    folder.remove();
  });
});

describe('close', () => {
  it('may be called twice, and later calls are refused', async () => {
    await database.close();
    await database.close();
    await expect(database.ping()).rejects.toMatchObject({ code: 'database-unavailable' });
  });
});
