import fc from 'fast-check';
import { FakeClock } from '../../../test/support/fake-clock';
import { DeadlineTimer } from './deadline-timer';
import { Deadlines, type Deadline } from './deadlines';

type Step = readonly ['add', dueAt: number] | readonly ['remove', index: number] | readonly ['take', now: number];

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.tuple(fc.constant('add' as const), fc.nat(50)),
    fc.tuple(fc.constant('add' as const), fc.nat(50)),
    fc.tuple(fc.constant('remove' as const), fc.nat(100)),
    fc.tuple(fc.constant('take' as const), fc.nat(50)),
  ),
  { maxLength: 200 },
);

describe('deadlines', () => {
  it('behave like a sorted list, whatever is added, removed (also twice) and taken', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const deadlines = new Deadlines<number>();
        const added: Deadline<number>[] = [];
        let list: Deadline<number>[] = [];
        for (const [kind, value] of given) {
          if (kind === 'add') {
            const deadline = deadlines.add(value, added.length);
            added.push(deadline);
            list.push(deadline);
          } else if (kind === 'remove') {
            const deadline = added[value % Math.max(1, added.length)];
            if (deadline === undefined) continue;
            deadlines.remove(deadline);
            list = list.filter((each) => each !== deadline);
          } else {
            const due = list.filter(({ dueAt }) => dueAt <= value);
            list = list.filter(({ dueAt }) => dueAt > value);
            const taken = deadlines.takeDue(value);
            const times = taken.map((item) => added[item]?.dueAt ?? -1);
            expect([...taken].sort((a, b) => a - b)).toEqual(due.map(({ item }) => item));
            expect(times).toEqual([...times].sort((a, b) => a - b));
          }
          const next = list.length === 0 ? null : Math.min(...list.map(({ dueAt }) => dueAt));
          expect([deadlines.size, deadlines.next]).toEqual([list.length, next]);
        }
      }),
    );
  });
});

describe('the deadline timer', () => {
  it('fires each item once, at its time, with at most one timer at any moment', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ delayMs: fc.nat(200), removedAfter: fc.option(fc.nat(200)) }), { maxLength: 30 }),
        async (given) => {
          const clock = new FakeClock();
          const began = clock.now();
          const fired = new Map<number, number>();
          let counts: number[] = [];
          const timer = new DeadlineTimer<number>(clock, (due) => {
            for (const item of due) {
              expect(fired.has(item)).toBe(false);
              fired.set(item, clock.now() - began);
            }
          });
          const removals = given.map(({ delayMs }, index) => timer.add(delayMs, index));
          for (let now = 0; now <= 200; now += 1) {
            for (const [index, { removedAfter }] of given.entries()) if (removedAfter === now) removals[index]?.();
            counts = [...counts, clock.timerCount];
            if (given.some(({ delayMs, removedAfter }) => delayMs === now || removedAfter === now))
              await clock.advance(0);
            clock.freezeFor(1);
          }
          await clock.advance(0);
          const expected = given.flatMap(({ delayMs, removedAfter }, index) =>
            removedAfter !== null && removedAfter <= delayMs ? [] : [[index, delayMs] as const],
          );
          expect([...fired].sort(([a], [b]) => a - b)).toEqual(expected);
          expect(Math.max(0, ...counts)).toBeLessThanOrEqual(1);
          expect(clock.timerCount).toBe(0);
        },
      ),
      { numRuns: 30 },
    );
  });
});
