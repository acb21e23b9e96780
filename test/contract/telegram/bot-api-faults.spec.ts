import { CHAT, escalation, recovered, useNotificationSuite } from '../../support/notification-suite';

/** Sends escalations with the real client to a Bot API on the loopback that fails in every way. */
describe('notifications', () => {
  const suite = useNotificationSuite();
  const { letPass, make, queue, until, untilSent } = suite;

  it('waits as long as a 429 asks, and sends once', async () => {
    suite.bot.answers({ retryAfter: 1 });
    const began = suite.clock.now();
    await queue(make(), escalation('1'));
    await untilSent('agent-1');
    expect(suite.clock.now() - began).toBeGreaterThanOrEqual(1_000);
    expect(suite.bot.calls).toHaveLength(1);
  });

  it.each(['hang', 'reset', 'html', 'html-404', 'json-404', 500] as const)('retries after %s', async (answer) => {
    suite.bot.answers(answer);
    await queue(make(), escalation('1'));
    await untilSent('agent-1');
    expect(suite.bot.requests).toBeGreaterThan(1);
  });

  it('waits while Telegram is down, and sends when it is up again', async () => {
    await suite.bot.down();
    const notifications = make();
    await queue(notifications, escalation('1'));
    await until(() => notifications.status().degraded !== null, 'the status is degraded');
    await queue(notifications, recovered('1'));
    await suite.bot.up();
    await untilSent('is halted');
    await untilSent('recovered after');
    await until(() => notifications.status().degraded === null, 'the status is not degraded');
  });

  it.each([401, 404] as const)('reports a refused token (%i) as degraded, and calls Telegram no more', async (code) => {
    suite.bot.answers(code, code, code);
    const notifications = make();
    await queue(notifications, escalation('1'));
    await until(() => notifications.status().degraded?.includes('TELEGRAM_BOT_TOKEN'), 'the status is degraded');
    const { requests } = suite.bot;
    await queue(notifications, escalation('2'));
    await letPass(600);
    expect(suite.bot.requests).toBe(requests);
    await notifications.end();
    suite.bot.answers();
    make(); // a later start, with a valid token
    await untilSent('agent-1');
    await untilSent('agent-2');
  });

  it('sends at the next start a notification that was waiting when the supervisor was killed', async () => {
    await suite.bot.down();
    const killed = make();
    await queue(killed, escalation('1'));
    await until(() => killed.status().degraded !== null, 'a call failed');
    await killed.end();
    await suite.bot.up();
    make();
    await untilSent('agent-1');
    expect(suite.bot.calls).toHaveLength(1);
  });

  it('sends to the other chats if one refuses everything', async () => {
    suite.bot.refuses('13', 400);
    const notifications = make({ chatIds: ['13', CHAT] });
    await queue(notifications, escalation('1'));
    await untilSent('agent-1');
    await until(() => notifications.status().waiting === 0, 'nothing waits');
    expect(notifications.status().degraded).toContain('chat not found');
  });

  it('keeps a notification that every chat refuses, and sends it once a chat accepts it', async () => {
    suite.bot.refuses(CHAT, 403);
    const sent: string[] = [];
    const notifications = make({}, { onSent: ({ kind }, chats) => void sent.push(`${kind} to ${chats}`) });
    await queue(notifications, escalation('1'));
    await until(() => notifications.status().degraded !== null, 'the status is degraded');
    expect(notifications.status()).toMatchObject({ waiting: 1 });
    expect(sent).toEqual([]);
    suite.bot.refuses(CHAT, 'ok');
    await suite.clock.advance(600_000);
    await untilSent('agent-1');
    await until(() => notifications.status().waiting === 0, 'nothing waits');
    expect(sent).toEqual(['escalation to 1']);
    expect(notifications.status().degraded).toBeNull();
  });

  it('never shows the token in a log or a status, whatever fails', async () => {
    const notifications = make();
    const before = suite.bot.requests;
    suite.bot.answers('reset', 'html', 500, 403);
    await queue(notifications, escalation('1'));
    await until(() => suite.bot.requests === before + 4, 'each fault was answered');
    await until(() => notifications.status().degraded !== null, 'the status is degraded');
    await suite.bot.down();
    await suite.clock.advance(600_000);
    suite.bot.answers(401);
    await suite.bot.up();
    await suite.clock.advance(600_000);
    await until(() => notifications.status().degraded?.includes('refused the token'), 'it is refused', 30_000);
    expect(JSON.stringify([suite.logged, notifications.status()])).not.toContain('MARKED-SECRET');
  });
});
