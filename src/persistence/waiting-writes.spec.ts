import fc from 'fast-check';
import { settled } from '../../test/support/fake-clock';
import { bad, change, makeQueue, RETRY_MS, write } from '../../test/support/queued-writes';

interface Step {
  readonly kind: 'change' | 'command' | 'sample' | 'away' | 'back' | 'doubt' | 'wait';
  readonly of: number;
}

describe('changes of one subject', () => {
  it('are committed together: the latest state, and every event in order', async () => {
    const { clock, database, queue } = makeQueue();
    database.isAway = true;
    void queue.submitEventually(change('event 1', 'state 1'), 'x', 'a');
    void queue.submitEventually({ state: { key: 'other', work: write('other state') } }, 'x', 'a');
    void queue.submitEventually(change('event 2', 'state 2'), 'x', 'a');
    await clock.advance(RETRY_MS);
    database.isAway = false;
    await clock.advance(RETRY_MS);
    expect(database.saved).toEqual(['event 1', 'other state', 'event 2', 'state 2']);
    expect(database.groups).toEqual([4]);
  });

  it('are not joined across a command about the same subject', async () => {
    const { database, queue } = makeQueue();
    database.hold();
    void queue.submitEventually(write('in flight'), 'x');
    await settled();
    void queue.submitEventually(change('event 1', 'state 1'), 'x', 'a');
    void queue.submit(write('command'), { subject: 'a' });
    void queue.submitEventually(change('event 2', 'state 2'), 'x', 'a');
    database.release();
    await settled();
    expect(database.saved.slice(1)).toEqual(['event 1', 'state 1', 'command', 'event 2', 'state 2']);
  });

  it('lose only the step at fault', async () => {
    const { clock, database, queue } = makeQueue();
    database.isAway = true;
    for (const event of [write('event 1'), bad('event 2'), write('event 3')])
      void queue.submitEventually({ append: event, state: { key: 'state', work: write('state') } }, 'x', 'a');
    await clock.advance(RETRY_MS);
    database.isAway = false;
    await clock.advance(RETRY_MS);
    expect(database.saved).toEqual(['event 1', 'event 3', 'state']);
    expect(queue.dropped).toBe(1);
  });

  it('keep up to 100,000 events by default', () => {
    const { database, queue } = makeQueue();
    database.isAway = true;
    for (let count = 0; count < 100_001; count += 1) void queue.submitEventually(write('x'), 'x', String(count % 7));
    expect(queue.dropped).toBe(1);
  });
});

describe('samples', () => {
  it('are written after everything else, and only the latest are kept', async () => {
    const { clock, database, queue } = makeQueue({ maxSamples: 12 });
    database.isAway = true;
    for (let count = 0; count < 20; count += 1) queue.submitSample(write(`sample ${count}`));
    await clock.advance(RETRY_MS);
    void queue.submitEventually(write('event'), 'x');
    await clock.advance(RETRY_MS);
    database.isAway = false;
    await clock.advance(RETRY_MS);
    expect(database.saved).toEqual(['event', ...Array.from({ length: 12 }, (_, index) => `sample ${index + 8}`)]);
    expect(queue.dropped).toBe(0);
  });

  it('lose only the invalid one', async () => {
    const { database, queue } = makeQueue();
    for (const work of [write('1'), bad('2'), write('3')]) queue.submitSample(work);
    await settled();
    expect(database.saved).toEqual(['1', '3']);
  });

  it.each([true, false])('of a commit in doubt are written once (was saved: %s)', async (was) => {
    let learn: (committed: boolean) => void = () => undefined;
    const { clock, database, queue } = makeQueue();
    database.doubt = new Promise((resolve) => (learn = resolve));
    queue.submitSample(write('sample'));
    await settled();
    if (!was) database.saved.length = 0;
    learn(was);
    await clock.advance(RETRY_MS);
    expect(database.saved).toEqual(['sample']);
  });
});

describe('any sequence of writes and outages', () => {
  const steps = fc.array(
    fc.record<Step>({
      kind: fc.constantFrom('change', 'change', 'command', 'sample', 'away', 'back', 'doubt', 'wait'),
      of: fc.nat(3),
    }),
    { maxLength: 80 },
  );

  it('saves the last state of each agent, every event once and in order, and the latest samples', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (given) => {
        const { clock, database, queue } = makeQueue({ maxSamples: 5 });
        const expected: string[][] = [[], [], [], []];
        const last: string[] = [];
        let samples = 0;
        const commands: Promise<void>[] = [];
        for (const [index, { kind, of }] of given.entries()) {
          const name = `${of}:${index}`;
          if (kind === 'change') {
            expected[of]?.push(`event ${name}`);
            last[of] = `state ${name}`;
            void queue.submitEventually(change(`event ${name}`, `state ${name}`), 'x', `agent-${of}`);
          } else if (kind === 'command') {
            const command = queue.submit(write(`command ${name}`), { subject: `agent-${of}` });
            commands.push(command.then(() => void expected[of]?.push(`command ${name}`)).catch(() => undefined));
          } else if (kind === 'sample') {
            samples += 1;
            queue.submitSample(write(`sample ${index}`));
          } else if (kind === 'away') database.isAway = true;
          else if (kind === 'back') database.isAway = false;
          else if (kind === 'doubt' && !database.isAway) {
            database.inDoubt = { happens: of < 2, outcome: clock.after.bind(clock) };
          } else await clock.advance(RETRY_MS / 2);
        }
        database.isAway = false;
        await clock.advance(40 * RETRY_MS);
        await Promise.all(commands);
        expect(await queue.flush(0)).toBe(true);
        for (let of = 0; of < 4; of += 1) {
          const mine = database.saved.filter((text) => text.split(' ')[1]?.startsWith(`${of}:`));
          const events = mine.filter((text) => text.startsWith('event'));
          expect(events).toEqual(expected[of]?.filter((text) => text.startsWith('event')));
          expect(mine.findLast((text) => text.startsWith('state'))).toBe(last[of]);
          // A command keeps its place between the events before it and those after it.
          const numbers = mine.filter((text) => !text.startsWith('state')).map((text) => Number(text.split(':')[1]));
          expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
        }
        const kept = database.saved.filter((text) => text.startsWith('sample'));
        expect(new Set(kept).size).toBe(kept.length);
        expect(kept.length).toBeLessThanOrEqual(samples);
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(samples, 5));
        expect(queue.dropped).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('commits an event only with its state or a later one', async () => {
    const { clock, database, queue } = makeQueue();
    for (let round = 0; round < 60; round += 1) {
      database.isAway = round % 3 === 0;
      for (let of = 0; of < 4; of += 1)
        void queue.submitEventually(change(`event ${of}:${round}`, `state ${of}:${round}`), 'x', `agent-${of}`);
      await clock.advance(RETRY_MS / 2);
    }
    database.isAway = false;
    await clock.advance(4 * RETRY_MS);
    const seen = new Map<string, { event: number; state: number }>();
    for (const transaction of database.transactions) {
      for (const text of transaction) {
        const [kind = '', where = ''] = text.split(' ');
        const [of = '', number] = where.split(':');
        const known = seen.get(of) ?? { event: -1, state: -1 };
        seen.set(of, { ...known, [kind]: Math.max(kind === 'event' ? known.event : known.state, Number(number)) });
      }
      for (const { event, state } of seen.values()) expect(state).toBe(event);
    }
    expect([...seen.values()].map(({ event }) => event)).toEqual([59, 59, 59, 59]);
  });
});
