import fc from 'fast-check';
import { FakeClock, settled } from '../../test/support/fake-clock';
import { Problem } from '../kernel';
import type { Tx } from './database';
import { CommitInDoubt, doubtOf } from './commit-in-doubt';
import { WriteQueue, type Work } from './write-queue';

/** Keeps what is written, a transaction whole or not at all; it can be away, or hold its answers back. */
class FakeDatabase {
  readonly saved: string[] = [];
  /** How many works each transaction that succeeded had. */
  readonly groups: number[] = [];
  attempts = 0;
  isAway = false;
  /** What becomes of commits that nobody answers; null: each is answered. */
  doubt: Promise<boolean> | null = null;
  private gate: Promise<void> | null = null;
  private openGate: () => void = () => undefined;

  hold(): void {
    this.gate = new Promise((resolve) => {
      this.openGate = resolve;
    });
  }

  release(): void {
    this.gate = null;
    this.openGate();
  }

  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    this.attempts += 1;
    const writes: string[] = [];
    // Works here write by `write` alone.
    const value = await work(writes as unknown as Tx);
    if (this.gate !== null) await this.gate;
    if (this.isAway) throw new Problem('database-unavailable', 'away');
    if (this.doubt !== null) {
      const { doubt } = this;
      this.doubt = null;
      this.saved.push(...writes);
      const cause = new CommitInDoubt('the engine was lost', doubt);
      throw new Problem('database-unavailable', 'not known', { cause });
    }
    this.saved.push(...writes);
    this.groups.push(writes.length);
    return value;
  }
}

const write =
  (text: string): Work =>
  (tx) => {
    (tx as unknown as string[]).push(text);
    return Promise.resolve();
  };

const bad =
  (text: string): Work =>
  async (tx) => {
    await write(text)(tx);
    throw new Error(`${text} is bad`);
  };

const RETRY_MS = 500;

function makeQueue(options: { maxWaiting?: number } = {}) {
  const clock = new FakeClock();
  const database = new FakeDatabase();
  const logged: Readonly<Record<string, unknown>>[] = [];
  const queue = new WriteQueue(database, { clock, log: (fields) => logged.push(fields), ...options });
  /** Hands a caller's work over and notes how it went. */
  const outcomes: string[] = [];
  const submit = (text: string, work = write(text)) => {
    queue.submit(work).then(
      () => outcomes.push(`${text} saved`),
      (error: unknown) => outcomes.push(`${text}: ${error instanceof Problem ? error.code : String(error)}`),
    );
  };
  return { clock, database, logged, queue, outcomes, submit };
}

describe('what is handed over', () => {
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

  it('becomes durable in its order, whoever handed it over, and once', async () => {
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

  it('in the same breath is committed together, at most ten at once', async () => {
    const { database, submit } = makeQueue();
    for (let index = 0; index < 250; index += 1) submit(String(index));
    await settled();
    expect(database.groups).toEqual(Array.from({ length: 25 }, () => 10));
  });

  it('while something is being written is written after it', async () => {
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

  it('in the very moment in which the one before it was answered is written too', async () => {
    const { database, queue } = makeQueue();
    await queue.submit(write('a'));
    void queue.submit(write('b'));
    await settled();
    expect(database.saved).toEqual(['a', 'b']);
  });
});

describe("a person's work about one agent", () => {
  it('goes before what healing wrote about others, and after what is about the same one or about all', async () => {
    const { database, queue } = makeQueue();
    database.hold();
    void queue.submitEventually(write('in flight'), 'x', 'z');
    await settled();
    void queue.submitEventually(write('same'), 'x', 'a');
    void queue.submitEventually(write('other 1'), 'x', 'b');
    void queue.submit(write('person a'), { subject: 'a' });
    void queue.submit(write('person c'), { subject: 'c' });
    void queue.submitEventually(write('all'), 'x');
    void queue.submitEventually(write('other 2'), 'x', 'b');
    void queue.submit(write('person d'), { subject: 'd' });
    database.release();
    await settled();
    expect(database.saved).toEqual([
      'in flight',
      'same',
      'person a',
      'person c',
      'other 1',
      'all',
      'person d',
      'other 2',
    ]);
  });
});

describe('one bad work among good ones', () => {
  it('is refused with what it threw; the others are saved, in order and once', async () => {
    const { database, outcomes, submit } = makeQueue();
    submit('a');
    submit('b', bad('b'));
    submit('c');
    await settled();
    expect(database.saved).toEqual(['a', 'c']);
    expect(outcomes).toEqual(['a saved', 'b: Error: b is bad', 'c saved']);
  });

  it('of healing is given up, counted and told, since it would fail for ever', async () => {
    const { database, queue, logged, outcomes, submit } = makeQueue();
    void queue.submitEventually(bad('a'), 'what a is');
    submit('b');
    await settled();
    expect({ saved: database.saved, outcomes, dropped: queue.dropped }).toEqual({
      saved: ['b'],
      outcomes: ['b saved'],
      dropped: 1,
    });
    expect(logged).toEqual([expect.objectContaining({ label: 'what a is', error: 'a is bad' })]);
  });
});

describe('while the database hangs', () => {
  it('one limit is enough for all who wait: they are refused together', async () => {
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

describe('while the database is away', () => {
  it('a caller is refused, and nothing of its work is saved later', async () => {
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

  it("healing's work is kept and tried again until it is saved, in order", async () => {
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

  it('it is asked once in half a second, not all the time', async () => {
    const { clock, database, queue } = makeQueue();
    database.isAway = true;
    void queue.submitEventually(write('a'), 'a');
    await clock.advance(10 * RETRY_MS);
    expect(database.attempts).toBeLessThanOrEqual(12);
    expect(database.attempts).toBeGreaterThanOrEqual(10);
  });

  it("a caller behind healing's work is refused with it, not kept waiting", async () => {
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

  it('only so much is kept; what is too much is counted and told, and callers take no place of it', async () => {
    const { clock, database, queue, logged, submit } = makeQueue({ maxWaiting: 2 });
    database.isAway = true;
    submit('caller');
    for (const text of ['a', 'b', 'c']) void queue.submitEventually(write(text), text);
    expect(queue.dropped).toBe(1);
    expect(logged).toEqual([{ label: 'c', dropped: 1 }]);
    database.isAway = false;
    await clock.advance(RETRY_MS);
    expect(database.saved).toEqual(['caller', 'a', 'b']);
    void queue.submitEventually(write('d'), 'd');
    await settled();
    expect(database.saved).toEqual(['caller', 'a', 'b', 'd']);
  });
});

describe('without being told how much', () => {
  it('ten thousand works are kept', () => {
    const { database, queue } = makeQueue();
    database.isAway = true;
    for (let count = 0; count < 10_001; count += 1) void queue.submitEventually(write('x'), 'x');
    expect([queue.size, queue.dropped]).toEqual([10_000, 1]);
  });
});

describe('a commit that nobody answered', () => {
  /** Kept and a caller's work in one group, and what comes while their fate is not known. */
  async function inDoubt() {
    let tell: (committed: boolean) => void = () => undefined;
    const made = makeQueue();
    made.database.doubt = new Promise((resolve) => (tell = resolve));
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
    return { ...made, tell };
  }

  it('refuses callers at once, and writes nothing until it is known; what was saved is not saved twice', async () => {
    const { database, tell, clock, submit, outcomes } = await inDoubt();
    tell(true);
    await clock.advance(RETRY_MS);
    expect(database.saved).toEqual(['kept', 'asked', 'kept later']);
    submit('after');
    await settled();
    expect(outcomes).toContain('after saved');
  });

  it('and what was not saved is: what healing decided, in its order, not what was refused', async () => {
    const { database, tell, clock } = await inDoubt();
    database.saved.length = 0;
    tell(false);
    await clock.advance(RETRY_MS);
    expect(database.saved).toEqual(['kept', 'kept later']);
  });

  it.each([true, false])(
    'keeps what acts all the same in its place, and saves it once (was saved: %s)',
    async (was) => {
      let tell: (committed: boolean) => void = () => undefined;
      const { database, queue, clock } = makeQueue();
      database.doubt = new Promise((resolve) => (tell = resolve));
      void queue.submitEventually(write('before'), 'before');
      const stop = queue.submit(write('stop'), { isKeptInDoubt: true }).catch((error: unknown) => doubtOf(error));
      const start = queue.submit(write('start')).catch((error: unknown) => doubtOf(error));
      expect([await stop, await start]).toEqual([expect.any(CommitInDoubt), expect.any(CommitInDoubt)]);
      void queue.submitEventually(write('after'), 'after');
      if (!was) database.saved.length = 0;
      tell(was);
      await clock.advance(RETRY_MS);
      expect(database.saved.filter((each) => each !== 'start')).toEqual(['before', 'stop', 'after']);
      expect(database.saved.includes('start')).toBe(was);
    },
  );

  it('leaves no other caller of the time in doubt', async () => {
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

describe('flush', () => {
  it('is done at once where nothing waits', async () => {
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

  it('gives up after so long, and says that something is not on disk', async () => {
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
