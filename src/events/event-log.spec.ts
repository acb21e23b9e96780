import { openTestDatabase, type TestDatabase } from '../../test/support/database';
import { countedIds } from '../../test/support/seeded';
import { type EventDraft } from './agent-event';
import { EventLog } from './event-log';

let test: TestDatabase;
let log: EventLog;
beforeAll(async () => {
  test = await openTestDatabase();
  log = new EventLog(test.database, test.instance, countedIds());
});
afterAll(() => test.destroy());
beforeEach(async () => {
  await test.database.transaction(async (tx) => {
    await tx.deleteFrom('actp_agent_events').execute();
    await tx.updateTable('local.meta').set({ value: '0' }).where('key', '=', 'event_seq').execute();
  });
});

const AT = Date.UTC(2026, 0, 2);

const draft = (changes: Partial<EventDraft> = {}): EventDraft => ({
  agentId: 'a',
  type: 'agent.spawned',
  data: {},
  occurredAt: AT,
  ...changes,
});

/** Appends events in a transaction. @returns the recorded events */
const append = async (...drafts: EventDraft[]) => {
  await test.database.transaction((tx) => {
    log.append(tx, drafts);
    return Promise.resolve();
  });
  return drafts.length === 0 ? [] : log.list({ limit: drafts.length });
};
const all = () => log.list({ after: 0, limit: 1_000 });
const numbers = (events: readonly { readonly seq: number }[]) => events.map(({ seq }) => seq);

describe('append', () => {
  it('records an event with its own id and number', async () => {
    const data = { text: 'it "broke"\n\u001b', list: [1, null, { deep: true }], empty: {} };
    const [recorded] = await append(draft({ agentId: null, type: 'daemon.lost', data }));
    expect(recorded).toEqual({
      agentId: null,
      type: 'daemon.lost',
      data,
      occurredAt: AT,
      seq: 1,
      id: expect.any(String) as string,
    });
    expect(await all()).toEqual([recorded]);
  });

  it('numbers 1, 2, 3 ... in the order given, over several calls', async () => {
    await append(draft({ data: { n: 1 } }), draft({ data: { n: 2 } }));
    await append(draft({ data: { n: 3 } }));
    expect((await all()).map(({ seq, data }) => [seq, data.n])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  it('takes no number for an empty list', async () => {
    expect(await append()).toEqual([]);
    expect(numbers(await append(draft()))).toEqual([1]);
  });

  it('leaves no gap if its transaction is rolled back', async () => {
    await append(draft());
    const failing = test.database.transaction((tx) => {
      log.append(tx, [draft(), draft()]);
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow();
    await append(draft());
    expect(numbers(await all())).toEqual([1, 2]);
  });

  it('leaves neither gaps nor duplicates among fifty concurrent writers of which some fail', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        test.queue.submit((tx) => {
          log.append(tx, [draft({ data: { index } }), draft({ data: { index } })]);
          if (index % 10 === 3) throw new Error('rolled back');
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(5);
    const events = await all();
    expect(numbers(events)).toEqual(Array.from({ length: 90 }, (_, index) => index + 1));
    const expected = Array.from({ length: 50 }, (_, index) => index).filter((index) => index % 10 !== 3);
    expect(events.map(({ data }) => data.index)).toEqual(expected.flatMap((index) => [index, index]));
  });

  it('fails if the counter is missing, instead of starting from one', async () => {
    const failing = test.database.transaction(async (tx) => {
      await tx.deleteFrom('local.meta').where('key', '=', 'event_seq').execute();
      log.append(tx, [draft()]);
    });
    await expect(failing).rejects.toThrow('counter');
  });
});

describe('list of a table that another version also writes', () => {
  it('skips events of unknown types', async () => {
    await append(draft());
    const row = { id: countedIds(999)(), instance: 'test', seq: 2, agent_id: 'a', type: 'agent.born' };
    await test.database.transaction((tx) =>
      tx
        .insertInto('actp_agent_events')
        .values({ ...row, data: '{}', occurred_at: '2026-01-02T00:00:00Z' })
        .execute(),
    );
    expect(numbers(await all())).toEqual([1]);
  });
});

describe('list', () => {
  it('by incident lists the events of that incident only', async () => {
    const of = (incidentId: string) => draft({ data: { incidentId } });
    const [first, , , last] = numbers(await append(of('one'), draft(), of('two'), of('one')));
    expect(numbers(await log.list({ incidentId: 'one', limit: 10 }))).toEqual([first, last]);
    expect(numbers(await log.list({ incidentId: 'one', limit: 1 }))).toEqual([last]);
    expect(await log.list({ incidentId: "' or true --", limit: 10 })).toEqual([]);
  });

  beforeEach(async () => {
    const types = ['agent.spawned', 'agent.exited'] as const;
    await append(
      ...Array.from({ length: 10 }, (_, index) =>
        draft({ agentId: index < 6 ? 'a' : 'b', type: types[index % 2] ?? 'agent.spawned' }),
      ),
    );
  });

  it.each([
    ['the latest events, ascending, without after', { limit: 3 }, [8, 9, 10]],
    ['all events if there are fewer than the limit', { limit: 100 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ['the first events after 0', { after: 0, limit: 3 }, [1, 2, 3]],
    ['the events after a number', { after: 7, limit: 100 }, [8, 9, 10]],
    ['nothing after the last event', { after: 10, limit: 100 }, []],
    ['the events of one agent', { agentId: 'b', limit: 100 }, [7, 8, 9, 10]],
    ['the events of one type', { type: 'agent.exited' as const, limit: 100 }, [2, 4, 6, 8, 10]],
    ['the latest events of one agent and type', { agentId: 'a', type: 'agent.exited' as const, limit: 2 }, [4, 6]],
    ['the events of one agent after a number', { agentId: 'a', after: 4, limit: 1 }, [5]],
    ['nothing for an unknown agent', { agentId: "a' or true --", limit: 100 }, []],
  ])('returns %s', async (_what, query, expected) => {
    expect(numbers(await log.list(query))).toEqual(expected);
  });
});
