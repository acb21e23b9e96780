import { sql } from 'kysely';
import { FakeClock, settled } from '../../test/support/fake-clock';
import { makeTempFolder } from '../../test/support/temp-folder';
import { isProblem, Problem } from '../kernel';
import { Database, type Tx } from './database';
import { WriteQueue } from './write-queue';

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

/** A promise that is kept when the test says so. */
function makeGate() {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

describe('a transaction', () => {
  it('is saved whole', async () => {
    const value = await database.transaction(async (tx) => {
      await insert(tx, 'a');
      await insert(tx, 'b');
      return 'done';
    });
    expect(value).toBe('done');
    expect(await saved()).toEqual(['a', 'b']);
  });

  it('or not at all', async () => {
    const failing = database.transaction(async (tx) => {
      await insert(tx, 'a');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await saved()).toEqual([]);
  });

  it('is never mixed with what others ask meanwhile', async () => {
    const gate = makeGate();
    const transaction = database.transaction(async (tx) => {
      await insert(tx, 'a');
      await gate.passed;
      throw new Problem('forbidden', 'taken back');
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

describe('a failure', () => {
  it('is told as database-unavailable with its cause, and remembered until a call goes well', async () => {
    const failing = database.read((db) => sql`select * from nowhere`.execute(db));
    await expect(failing).rejects.toMatchObject({ code: 'database-unavailable', cause: expect.anything() as unknown });
    expect(database.lastError).toContain('nowhere');
    await database.ping();
    expect(database.lastError).toBeNull();
  });

  it('that is a problem already passes as it is, and says nothing about the database', async () => {
    const problem = new Problem('agent-exists', 'there');
    await expect(database.transaction(() => Promise.reject(problem))).rejects.toBe(problem);
    expect(database.lastError).toBeNull();
  });
});

describe('a call that takes too long', () => {
  /** One that holds the database until the gate opens, and for which time is up. */
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

  it('is given up, and what it says is that nobody answered in time', async () => {
    const gate = await outOfTime();
    expect(database.lastError).toContain('within 5000 ms');
    gate.open();
    await database.ping();
  });

  it('changes nothing any more once its caller was refused', async () => {
    const gate = await outOfTime();
    gate.open();
    expect(await saved()).toEqual([]);
  });
});

it('that we ourselves were held up is not the fault of a database that has answered meanwhile', async () => {
  const impatient = await Database.open(null, { timeoutMs: 400, hangMs: 10_000 });
  try {
    const calls = impatient.read((db) => sql`select 1`.execute(db)).then(() => impatient.ping());
    const until = performance.now() + 1_000;
    while (performance.now() < until); // nothing else can be done meanwhile
    await expect(calls).resolves.toBeUndefined();
  } finally {
    await impatient.close();
  }
});

describe('the writer over it', () => {
  it('gives up a change of healing that no database can take, so that nothing waits behind it', async () => {
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
  it('refuses a place that cannot be a folder, says what to do, and deletes nothing', async () => {
    const folder = makeTempFolder();
    const file = folder.file('db', 'mine');
    const error = await Database.open(file).catch((thrown: unknown) => thrown);
    expect(isProblem(error, 'database-unavailable') ? error.detail : '').toContain(file);
    expect(isProblem(error) ? error.detail : '').toContain('Nothing was deleted');
    folder.remove();
  });
});

describe('close', () => {
  it('may be called twice; whoever asks afterwards is refused', async () => {
    await database.close();
    await database.close();
    await expect(database.ping()).rejects.toMatchObject({ code: 'database-unavailable' });
  });
});
