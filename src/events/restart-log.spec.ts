import { openTestDatabase, type TestDatabase } from '../../test/support/database';
import { countedIds } from '../../test/support/seeded';
import { RestartLog, type RestartDraft } from './restart-log';

let test: TestDatabase;
let log: RestartLog;
beforeAll(async () => {
  test = await openTestDatabase();
  log = new RestartLog(test.database, test.instance, countedIds());
});
afterAll(() => test.destroy());
beforeEach(() => test.database.transaction((tx) => tx.deleteFrom('actp_agent_restarts').execute()));

const AT = Date.UTC(2026, 0, 2);

const draft = (changes: Partial<RestartDraft> = {}): RestartDraft => ({
  agentId: 'a',
  reason: 'it exited with code 1',
  pidBefore: 4711,
  pidAfter: 4712,
  success: true,
  incidentId: '00000000-0000-4000-8000-00000000000a',
  restartedAt: AT,
  ...changes,
});

const append = (...drafts: RestartDraft[]) => test.database.transaction((tx) => log.append(tx, drafts));

describe('the log of restarts', () => {
  it('records each restart with its own id', async () => {
    const failed = { pidBefore: null, pidAfter: null, success: false, incidentId: null, restartedAt: AT + 1 };
    await append(draft(), draft(failed));
    const rows = await log.list('a', 100);
    expect(rows).toEqual([
      { ...draft(failed), id: expect.any(String) as string },
      { ...draft(), id: expect.any(String) as string },
    ]);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(2);
  });

  it('lists the newest first, up to the limit', async () => {
    for (const minutes of [2, 5, 1, 4, 3]) await append(draft({ restartedAt: AT + minutes }));
    const times = (await log.list('a', 3)).map(({ restartedAt }) => restartedAt - AT);
    expect(times).toEqual([5, 4, 3]);
  });

  it('lists the restarts of one agent only', async () => {
    await append(draft(), draft({ agentId: 'b', reason: 'requested' }));
    expect((await log.list('b', 100)).map(({ reason }) => reason)).toEqual(['requested']);
    expect(await log.list('c', 100)).toEqual([]);
  });

  it('keeps nothing of a transaction that is rolled back, and accepts an empty list', async () => {
    await append();
    const failing = test.database.transaction(async (tx) => {
      await log.append(tx, [draft()]);
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow();
    expect(await log.list('a', 100)).toEqual([]);
  });
});
