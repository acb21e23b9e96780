import fc from 'fast-check';
import { planCall, type LastMessage } from './budget';
import type { Notification } from './notification';

const escalation = (incidentId: string): Notification => ({
  ...{ kind: 'escalation', incidentId, agentId: 'a', name: 'A', cause: 'hung', line: 'no answer', evidence: [] },
  ...{ advice: 'Look.', attempts: 2, goesOn: false, nextTrialAt: null, reminderMs: 0 },
});
const reminder = (incidentId: string): Notification => ({
  ...{ kind: 'reminder', incidentId, agentId: 'a', name: 'A', cause: 'hung', line: 'no answer', since: 0 },
});
const recovered = (incidentId: string): Notification => ({
  ...{ kind: 'recovered', incidentId, agentId: 'a', name: 'A', downForMs: 1_000 },
});
const restored = (incidentId: string): Notification => ({
  ...{ kind: 'fleet-restored', incidentId, affected: 9, durationMs: 1_000 },
});
const waiting = (...notifications: readonly Notification[]) =>
  notifications.map((notification, id) => ({ id, notification }));
const ids = (items: readonly { readonly id: number }[]) => items.map(({ id }) => id);

const LAST: LastMessage = { messageId: 7, sentAt: 100_000, editedAt: 100_000, incidentIds: new Set(['known']) };

describe('the plan for a chat', () => {
  it.each([
    ['sends the first incident at once', null, 0, [escalation('new')], 'send', [0]],
    ['lets a new incident within 20 s wait for its own message', LAST, 101_000, [escalation('new')], 'wait', 19_000],
    ['never edits a new incident into the last message', LAST, 119_999, [escalation('new')], 'wait', 1],
    ['sends it 20 s after the last message', LAST, 120_000, [escalation('new')], 'send', [0]],
    [
      'sends everything of those 20 s in one message',
      LAST,
      120_000,
      [escalation('x'), recovered('known'), escalation('y')],
      'send',
      [0, 1, 2],
    ],
    ['edits the end of an incident into its message', LAST, 102_000, [recovered('known')], 'edit', [0]],
    ['edits the end of a fleet incident into its message', LAST, 102_000, [restored('known')], 'edit', [0]],
    [
      'does not edit in the end of an incident of an earlier message',
      LAST,
      102_000,
      [recovered('other')],
      'wait',
      18_000,
    ],
    ['lets a reminder wait for a new message', LAST, 102_000, [reminder('known')], 'wait', 18_000],
    [
      'edits in only the update if a new incident waits too',
      LAST,
      102_000,
      [escalation('new'), recovered('known')],
      'edit',
      [1],
    ],
    ['waits between two edits', LAST, 101_500, [recovered('known')], 'wait', 500],
    [
      'counts that wait from the latest edit',
      { ...LAST, editedAt: 119_000 },
      119_500,
      [recovered('known')],
      'wait',
      500,
    ],
  ] as const)('%s', (_, last, now, notifications, kind, expected) => {
    const plan = planCall(last, waiting(...notifications), now);
    expect([plan.kind, plan.kind === 'wait' ? plan.forMs : ids(plan.items)]).toEqual([kind, expected]);
  });

  it('never delays an incident beyond 20 s after the last message, and never edits in a new one', () => {
    const notification = fc
      .tuple(fc.constantFrom(escalation, reminder, recovered, restored), fc.constantFrom('known', 'x', 'y'))
      .map(([make, incidentId]) => make(incidentId));
    const last = fc.option(
      fc.record({ sentAt: fc.nat(60_000), editedAfter: fc.nat(20_000) }).map(({ sentAt, editedAfter }) => ({
        ...LAST,
        ...{ sentAt, editedAt: sentAt + editedAfter },
      })),
    );
    fc.assert(
      fc.property(last, fc.array(notification, { minLength: 1 }), fc.nat(90_000), (before, notifications, later) => {
        const now = Math.max(before?.editedAt ?? 0, later);
        const open = waiting(...notifications);
        const plan = planCall(before, open, now);
        const dueInMs = before === null ? 0 : before.sentAt + 20_000 - now;
        if (dueInMs <= 0) expect(plan).toEqual({ kind: 'send', items: open });
        else if (plan.kind === 'wait') expect(plan.forMs > 0 && plan.forMs <= dueInMs).toBe(true);
        else {
          expect(plan.kind).toBe('edit');
          for (const { notification: sent } of plan.items)
            expect([sent.incidentId, ['recovered', 'fleet-restored'].includes(sent.kind)]).toEqual(['known', true]);
        }
      }),
    );
  });
});
