import { settled } from '../../test/support/fake-clock';
import { change, makeQueue, RETRY_MS, write } from '../../test/support/queued-writes';
import { CommitInDoubt, doubtOf } from './database/commit-in-doubt';

describe('while the database hangs', () => {
  it('refuses all waiting callers together after one time limit', async () => {
    const { clock, database, outcomes, submit } = makeQueue();
    database.isAway = true;
    database.hold();
    for (const name of ['a', 'b', 'c']) submit(name);
    await settled();
    await clock.advance(5_000);
    database.release();
    await settled();
    expect(outcomes).toHaveLength(3);
    expect(database.attempts).toBe(1);
  });
});

describe('while the database is unavailable', () => {
  it('refuses a caller, and saves nothing of its work later', async () => {
    const { clock, database, outcomes, submit } = makeQueue();
    database.isAway = true;
    submit('a');
    submit('b');
    await settled();
    expect(outcomes).toEqual(['a: database-unavailable', 'b: database-unavailable']);
    database.isAway = false;
    await clock.advance(10 * RETRY_MS);
    expect(database.saved).toEqual([]);
  });

  it('keeps and retries changes of healing until they are saved, in order', async () => {
    const { clock, database, queue } = makeQueue();
    database.isAway = true;
    for (const text of ['a', 'b', 'c']) void queue.submitEventually(write(text), text);
    await clock.advance(20 * RETRY_MS);
    expect({ saved: database.saved, size: queue.size, dropped: queue.dropped }).toEqual({
      saved: [],
      size: 3,
      dropped: 0,
    });
    database.isAway = false;
    await clock.advance(RETRY_MS);
    expect({ saved: database.saved, size: queue.size }).toEqual({ saved: ['a', 'b', 'c'], size: 0 });
  });

  it('retries every half second', async () => {
    const { clock, database, queue } = makeQueue();
    database.isAway = true;
    void queue.submitEventually(write('a'), 'a');
    await clock.advance(10 * RETRY_MS);
    expect(database.attempts).toBeLessThanOrEqual(12);
    expect(database.attempts).toBeGreaterThanOrEqual(10);
  });

  it('refuses a caller behind a change of healing at once', async () => {
    const { clock, database, queue, outcomes, submit } = makeQueue();
    database.isAway = true;
    void queue.submitEventually(write('kept'), 'kept');
    submit('at once');
    await settled();
    expect(outcomes).toEqual(['at once: database-unavailable']);
    submit('in the pause');
    await clock.advance(RETRY_MS);
    expect(outcomes).toEqual(['at once: database-unavailable', 'in the pause: database-unavailable']);
    database.isAway = false;
    await clock.advance(RETRY_MS);
    expect(database.saved).toEqual(['kept']);
  });

  it('keeps a limited number of events, counts the dropped ones, and logs once per outage', async () => {
    const { clock, database, queue, logged, submit } = makeQueue({ maxAppended: 2 });
    database.isAway = true;
    submit('caller');
    for (const text of ['a', 'b', 'c', 'd']) void queue.submitEventually(write(text), text);
    await clock.advance(RETRY_MS);
    expect(queue.dropped).toBe(2);
    expect(logged.filter(({ dropped }) => dropped !== undefined)).toEqual([expect.objectContaining({ label: 'c' })]);
    database.isAway = false;
    await clock.advance(RETRY_MS);
    expect(database.saved).toEqual(['a', 'b']);
    void queue.submitEventually(write('e'), 'e');
    await settled();
    expect(database.saved).toEqual(['a', 'b', 'e']);
  });

  it('keeps a state even if there is no room for its events, as one entry per subject', async () => {
    const { clock, database, queue } = makeQueue({ maxAppended: 1 });
    database.isAway = true;
    for (let turn = 0; turn < 1_000; turn += 1)
      void queue.submitEventually(change(`event ${turn}`, `state ${turn}`), 'x', 'a');
    await clock.advance(RETRY_MS);
    expect([queue.size, queue.dropped]).toEqual([1, 999]);
    database.isAway = false;
    await clock.advance(RETRY_MS);
    expect(database.saved).toEqual(['event 0', 'state 999']);
  });

  it('logs the begin and the end of the outage, not each try', async () => {
    const { clock, database, queue, logged } = makeQueue();
    database.isAway = true;
    void queue.submitEventually(write('a'), 'a');
    await clock.advance(20 * RETRY_MS);
    expect(logged).toEqual([{ error: 'database-unavailable: away' }]);
    database.isAway = false;
    await clock.advance(RETRY_MS);
    expect(logged.slice(1)).toEqual([{ waiting: 1, dropped: 0 }]);
  });
});

describe('a commit in doubt', () => {
  /** Puts a kept change and a caller's work into one group whose commit is left in doubt. */
  async function inDoubt() {
    let learn: (committed: boolean) => void = () => undefined;
    const made = makeQueue();
    made.database.doubt = new Promise((resolve) => (learn = resolve));
    const errors: unknown[] = [];
    void made.queue.submitEventually(write('kept'), 'kept');
    made.queue.submit(write('asked')).catch((error: unknown) => errors.push(error));
    await settled();
    made.submit('later');
    void made.queue.submitEventually(write('kept later'), 'kept later');
    await made.clock.advance(RETRY_MS);
    expect(made.outcomes).toEqual(['later: database-unavailable']);
    expect(errors.map((error) => doubtOf(error) !== null)).toEqual([true]);
    expect(made.database.attempts).toBe(1);
    return { ...made, learn };
  }

  it('refuses callers at once, writes nothing until its outcome is known, and saves nothing twice', async () => {
    const { database, learn, clock, submit, outcomes } = await inDoubt();
    learn(true);
    await clock.advance(RETRY_MS);
    expect(database.saved).toEqual(['kept', 'asked', 'kept later']);
    submit('after');
    await settled();
    expect(outcomes).toContain('after saved');
  });

  it('that was rolled back saves the changes of healing in order, but no refused command', async () => {
    const { database, learn, clock } = await inDoubt();
    database.saved.length = 0;
    learn(false);
    await clock.advance(RETRY_MS);
    expect(database.saved).toEqual(['kept', 'kept later']);
  });

  it.each([true, false])(
    'keeps a command that takes effect anyway in its place, and saves it once (was saved: %s)',
    async (was) => {
      let learn: (committed: boolean) => void = () => undefined;
      const { database, queue, clock } = makeQueue();
      database.doubt = new Promise((resolve) => (learn = resolve));
      void queue.submitEventually(write('before'), 'before');
      const stop = queue.submit(write('stop'), { isKeptInDoubt: true }).catch((error: unknown) => doubtOf(error));
      const start = queue.submit(write('start')).catch((error: unknown) => doubtOf(error));
      expect([await stop, await start]).toEqual([expect.any(CommitInDoubt), expect.any(CommitInDoubt)]);
      void queue.submitEventually(write('after'), 'after');
      if (!was) database.saved.length = 0;
      learn(was);
      await clock.advance(RETRY_MS);
      expect(database.saved.filter((each) => each !== 'start')).toEqual(['before', 'stop', 'after']);
      expect(database.saved.includes('start')).toBe(was);
    },
  );

  it('leaves no later caller in doubt', async () => {
    const { database, queue } = makeQueue();
    database.hold();
    database.doubt = new Promise(() => undefined);
    const first = queue.submit(write('first')).catch((error: unknown) => doubtOf(error));
    await settled();
    const second = queue.submit(write('second')).catch((error: unknown) => doubtOf(error));
    database.release();
    expect([await first, await second]).toEqual([expect.any(CommitInDoubt), null]);
  });
});
