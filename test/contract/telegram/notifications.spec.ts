import { BUDGET_MS, CHAT, escalation, recovered, useNotificationSuite } from '../../support/notification-suite';

/** Sends escalations with the real client to a Bot API on the loopback. */
describe('notifications', () => {
  const suite = useNotificationSuite();
  const { countSent, letPass, make, methodsFor, queue, until, untilSent } = suite;

  it('sends one message for an incident, and one for its recovery', async () => {
    const notifications = make();
    await queue(notifications, escalation('1'));
    await untilSent('agent-1');
    await queue(notifications, escalation('1'), escalation('1'));
    await queue(notifications, recovered('1'));
    await untilSent('recovered after');
    expect(countSent('is halted')).toBeLessThanOrEqual(2); // the message itself, and a digest that may contain it
    expect(suite.bot.calls.filter(({ text }) => text.includes('recovered after'))).toHaveLength(1);
    await until(() => notifications.status().waiting === 0, 'both are saved as sent');
    expect(notifications.status()).toEqual({ configured: true, degraded: null, waiting: 0 });
  });

  it('sends another incident as its own message when the budget allows, and never as an edit', async () => {
    const notifications = make();
    await queue(notifications, escalation('1'));
    await untilSent('agent-1');
    const firstAt = suite.clock.now();
    await queue(notifications, escalation('2'));
    await queue(notifications, escalation('3'));
    await queue(notifications, recovered('1'));
    await untilSent('agent-3');
    expect(suite.clock.now() - firstAt).toBeGreaterThanOrEqual(BUDGET_MS);
    expect(suite.bot.calls.map(({ method }) => method)).toEqual(['sendMessage', 'editMessageText', 'sendMessage']);
    expect([methodsFor('agent-2'), methodsFor('agent-3')]).toEqual([['sendMessage'], ['sendMessage']]);
    // The recovery is edited into the message of its incident, without a sound.
    expect(methodsFor('agent-1) recovered')).toEqual(['editMessageText']);
    await until(() => notifications.status().waiting === 0, 'nothing waits');
  });

  it('sends a new message for a refused edit, after a 429', async () => {
    const notifications = make();
    await queue(notifications, escalation('1'));
    await untilSent('agent-1');
    await until(() => notifications.status().waiting === 0, 'it is saved as sent');
    suite.bot.answers(400, { retryAfter: 1 });
    await queue(notifications, recovered('1'), escalation('2'));
    await untilSent('agent-2');
    await untilSent('agent-1) recovered');
    expect([methodsFor('agent-2'), methodsFor('agent-1) recovered')]).toEqual([['sendMessage'], ['sendMessage']]);
    await until(() => notifications.status().waiting === 0, 'nothing waits');
  });

  it('sends once, at the next start, a notification that was still waiting', async () => {
    const ended = make();
    await queue(ended, escalation('1'));
    await untilSent('agent-1');
    await until(() => ended.status().waiting === 0, 'it is saved as sent');
    await queue(ended, escalation('2'));
    await ended.end();
    suite.bot.answers({ retryAfter: 1 });
    const next = make();
    await untilSent('agent-2');
    await until(() => next.status().waiting === 0, 'nothing waits');
    expect([methodsFor('agent-1'), methodsFor('agent-2')]).toEqual([['sendMessage'], ['sendMessage']]);
  });

  it('sends the other notifications if a saved one is invalid', async () => {
    await suite.test.queue.submit(async (tx) => {
      await tx
        .insertInto('local.notice')
        .values({
          ...{ id: 'bad', incident_id: 'bad', kind: 'unheard-of', created_at: 0, body: '{"kind":"unheard-of"}' },
          ...{ told: '[]', state: 'waiting', remind_at: null },
        })
        .execute();
    });
    await queue(make(), escalation('1'));
    await untilSent('agent-1');
  });

  it('sends no recovery of an incident that was never escalated', async () => {
    const notifications = make();
    await queue(notifications, recovered('1'), escalation('2'));
    await untilSent('agent-2');
    expect(countSent('agent-1')).toBe(0);
  });

  it('queues a notification only if the transaction of its change commits', async () => {
    const notifications = make();
    const refused = suite.test.queue.submit(async (tx) => {
      await notifications.queue(tx, [escalation('1')], suite.clock.wall());
      throw new Error('the change is refused');
    });
    await expect(refused).rejects.toThrow();
    await queue(notifications, escalation('2'));
    await untilSent('agent-2');
    expect(countSent('agent-1')).toBe(0);
  });

  it('sends forty notifications in one message per budget window, and names them all', async () => {
    const notifications = make();
    await queue(notifications, escalation('first'));
    await untilSent('agent-first');
    for (let count = 0; count < 40; count += 1) await queue(notifications, escalation(`n${count}`));
    await until(() => notifications.status().waiting === 0 && countSent('n39') > 0, 'all are sent', 30_000);
    const sent = suite.bot.calls.filter(({ method }) => method === 'sendMessage');
    sent.slice(1).forEach(({ at }, index) => {
      expect(at - (sent[index]?.at ?? 0)).toBeGreaterThan(BUDGET_MS - 100);
    });
    const all = suite.bot.messages(CHAT).join('\n');
    for (let count = 0; count < 40; count += 1) expect(all).toContain(`agent-n${count}`);
  });

  it('reminds while the agent is halted, and not after the incident closed', async () => {
    const notifications = make();
    await queue(notifications, escalation('1', { reminderMs: 1_500 }));
    await untilSent('is still halted');
    await suite.test.queue.submit((tx) => notifications.closeIncident(tx, '1'));
    await until(() => notifications.status().waiting === 0, 'nothing waits');
    const before = suite.bot.requests;
    await letPass(2_500);
    expect(suite.bot.requests).toBe(before);
  });

  it('sends agent output as text, not as markup', async () => {
    await queue(make(), escalation('1', { line: '<a href="x">& "</a>' }));
    await untilSent('&lt;a href="x"&gt;&amp;');
  });

  it('logs the notification if there is no token, and counts it as sent', async () => {
    const notifications = make({ messenger: null });
    await queue(notifications, escalation('1'));
    await until(() => suite.logged.some((line) => line.includes('agent-1')), 'it is logged');
    await until(() => notifications.status().waiting === 0, 'nothing waits');
    expect(notifications.status()).toMatchObject({ configured: false, degraded: null });
  });
});
