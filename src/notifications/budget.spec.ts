import { planFor } from './budget';

describe('the budget of messages', () => {
  const last = { messageId: 7, sentAt: 100_000, editedAt: 100_000 };

  it.each([
    ['the first goes out at once', null, 0, { kind: 'send' }],
    ['20 s after the last one the next goes out', last, 120_000, { kind: 'send' }],
    ['before that it is put into the last one', last, 119_999, { kind: 'edit', messageId: 7 }],
    ['which is not edited all the time', last, 101_500, { kind: 'wait', untilMs: 500 }],
    ['by its latest edit', { ...last, editedAt: 110_000 }, 111_000, { kind: 'wait', untilMs: 1_000 }],
  ] as const)('%s', (_, before, now, plan) => {
    expect(planFor(before, now)).toEqual(plan);
  });
});
