import fc from 'fast-check';
import { settled } from '../../test/support/fake-clock';
import { bad, makeQueue, write } from '../../test/support/queued-writes';

describe('a submitted write', () => {
  it('is on disk when its caller is answered, and not before', async () => {
    const { database, queue, outcomes, submit } = makeQueue();
    database.hold();
    submit('a');
    await settled();
    expect({ outcomes: [...outcomes], size: queue.size }).toEqual({ outcomes: [], size: 1 });
    database.release();
    await settled();
    expect({ outcomes, saved: database.saved, size: queue.size }).toEqual({
      outcomes: ['a saved'],
      saved: ['a'],
      size: 0,
    });
  });

  it('becomes durable once, in the order of submission, from any submitter', async () => {
    const kinds = fc.array(fc.boolean(), { minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(kinds, async (areCallers) => {
        const { database, queue, submit } = makeQueue();
        const names = areCallers.map((isCaller, index) => {
          if (isCaller) submit(String(index));
          else void queue.submitEventually(write(String(index)), 'kept');
          return String(index);
        });
        for (let turn = 0; turn < 5; turn += 1) await settled();
        expect(database.saved).toEqual(names);
      }),
      { numRuns: 30 },
    );
  });

  it('is committed with others of the same tick, at most ten together', async () => {
    const { database, submit } = makeQueue();
    for (let index = 0; index < 250; index += 1) submit(String(index));
    await settled();
    expect(database.groups).toEqual(Array.from({ length: 25 }, () => 10));
  });

  it('waits for the commit that is under way', async () => {
    const { database, submit } = makeQueue();
    database.hold();
    submit('a');
    await settled();
    submit('b');
    submit('c');
    database.release();
    await settled();
    expect({ saved: database.saved, groups: database.groups }).toEqual({ saved: ['a', 'b', 'c'], groups: [1, 2] });
  });

  it('is written even if submitted just as the previous commit was answered', async () => {
    const { database, queue } = makeQueue();
    await queue.submit(write('a'));
    void queue.submit(write('b'));
    await settled();
    expect(database.saved).toEqual(['a', 'b']);
  });
});

describe("a caller's command about one agent", () => {
  it('overtakes changes about other agents, but not those about the same agent or about all', async () => {
    const { database, queue } = makeQueue();
    database.hold();
    void queue.submitEventually(write('in flight'), 'x', 'z');
    await settled();
    void queue.submitEventually(write('same'), 'x', 'a');
    void queue.submitEventually(write('other 1'), 'x', 'b');
    void queue.submit(write('caller a'), { subject: 'a' });
    void queue.submit(write('caller c'), { subject: 'c' });
    void queue.submitEventually(write('all'), 'x');
    void queue.submitEventually(write('other 2'), 'x', 'e');
    void queue.submit(write('caller d'), { subject: 'd' });
    database.release();
    await settled();
    expect(database.saved).toEqual([
      'in flight',
      'same',
      'caller a',
      'caller c',
      'other 1',
      'all',
      'caller d',
      'other 2',
    ]);
  });
});

describe('an invalid write among valid ones', () => {
  it('is refused with its error, and the others are saved once and in order', async () => {
    const { database, outcomes, submit } = makeQueue();
    submit('a');
    submit('b', bad('b'));
    submit('c');
    await settled();
    expect(database.saved).toEqual(['a', 'c']);
    expect(outcomes).toEqual(['a saved', 'b: Error: b is bad', 'c saved']);
  });

  it('is dropped, counted and logged if it is of healing, because every retry would fail', async () => {
    const { database, queue, logged, outcomes, submit } = makeQueue();
    void queue.submitEventually(bad('a'), 'a label');
    submit('b');
    await settled();
    expect({ saved: database.saved, outcomes, dropped: queue.dropped }).toEqual({
      saved: ['b'],
      outcomes: ['b saved'],
      dropped: 1,
    });
    expect(logged).toEqual([expect.objectContaining({ label: 'a label', error: 'a is bad' })]);
  });
});

describe('flush', () => {
  it('resolves at once if nothing waits', async () => {
    await expect(makeQueue().queue.flush(1_000)).resolves.toBe(true);
  });

  it('waits until everything is on disk', async () => {
    const { database, queue } = makeQueue();
    database.hold();
    void queue.submitEventually(write('a'), 'a');
    const flushed = queue.flush(1_000);
    await settled();
    database.release();
    await expect(flushed).resolves.toBe(true);
    expect(database.saved).toEqual(['a']);
  });

  it('returns false if something is not on disk in time', async () => {
    const { clock, database, queue } = makeQueue();
    database.isAway = true;
    void queue.submitEventually(write('a'), 'a');
    let flushed: boolean | null = null;
    void queue.flush(3_000).then((value) => (flushed = value));
    await clock.advance(2_999);
    expect(flushed).toBeNull();
    await clock.advance(1);
    expect(flushed).toBe(false);
  });
});
