import { Logger } from '@nestjs/common';
import { Telegraf } from 'telegraf';
import { SystemClock } from '../../../src/config';
import { NoticeStore } from '../../../src/notifications/notice-store';
import { Notifications, type NotificationsOptions } from '../../../src/notifications/notifications';
import { telegramApi, TelegramMessenger } from '../../../src/notifications/telegram-messenger';
import type { Notice } from '../../../src/notifications';
import { makeBotApi, type BotApi } from '../../support/bot-api';
import { openTestDatabase, type TestDatabase } from '../../support/database';
import { countedIds } from '../../support/seeded';
import { until } from '../../support/until';

const TOKEN = '123456:MARKED-SECRET-TOKEN';
const CHAT = '42';
/** What is gathered into one message, shorter than in production. */
const BUDGET_MS = 1_200;

const escalation = (incidentId: string, changes: object = {}): Notice => ({
  ...{ kind: 'escalation', incidentId, agentId: `agent-${incidentId}`, name: `Agent ${incidentId}`, cause: 'hung' },
  ...{ line: 'no answer', evidence: [], advice: 'Look.', attempts: 2, goesOn: false, nextTrialAt: null, reminderMs: 0 },
  ...changes,
});
const recovered = (incidentId: string): Notice => ({
  ...{ kind: 'recovered', incidentId, agentId: `agent-${incidentId}`, name: `Agent ${incidentId}`, downForMs: 5_000 },
});

/** Escalations over the real client, against a Bot API on the loopback that fails in every way. */
describe('notifications', () => {
  let test: TestDatabase;
  let bot: BotApi;
  let running: Notifications[];
  let said: string[];
  const newId = countedIds();

  beforeAll(async () => {
    test = await openTestDatabase();
  });
  afterAll(() => test.destroy());
  beforeEach(async () => {
    await test.database.transaction((tx) => tx.deleteFrom('local.notice').execute());
    bot = await makeBotApi();
    running = [];
    said = [];
    for (const level of ['warn', 'error', 'log'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation((...words) => void said.push(JSON.stringify(words)));
  });
  afterEach(async () => {
    await Promise.all(running.map((each) => each.end()));
    await bot.close();
    jest.restoreAllMocks();
  });

  function make(options: Partial<NotificationsOptions> = {}, timeoutMs = 400): Notifications {
    const { telegram } = new Telegraf(TOKEN, { telegram: { apiRoot: bot.url } });
    const store = new NoticeStore(test.database, test.queue, newId);
    const made = new Notifications(store, new SystemClock(), Math.random, {
      messenger: new TelegramMessenger(telegramApi(telegram), TOKEN, timeoutMs),
      chatIds: [CHAT],
      budgetMs: BUDGET_MS,
      ...options,
    });
    made.begin();
    running.push(made);
    return made;
  }

  const queue = (notifications: Notifications, ...notices: Notice[]) =>
    test.queue.submit((tx) => notifications.queue(tx, notices));
  const told = (text: string, chatId = CHAT) => bot.messages(chatId).filter((message) => message.includes(text)).length;
  const isTold = (text: string, chatId = CHAT) => until(() => told(text, chatId) > 0, `${text} is told`, 30_000);

  it('one message an incident, and one when it is over', async () => {
    const notifications = make();
    await queue(notifications, escalation('1'));
    await isTold('agent-1');
    await queue(notifications, escalation('1'), escalation('1'));
    await queue(notifications, recovered('1'));
    await isTold('runs well again');
    expect(told('is halted')).toBeLessThanOrEqual(2); // itself, and the digest it may stand in
    expect(bot.calls.filter(({ text }) => text.includes('runs well again'))).toHaveLength(1);
    await until(() => notifications.status().waiting === 0, 'that they are told is saved');
    expect(notifications.status()).toEqual({ configured: true, degraded: null, waiting: 0 });
  });

  it('who was never told of an incident is not told of its end', async () => {
    const notifications = make();
    await queue(notifications, recovered('1'), escalation('2'));
    await isTold('agent-2');
    expect(told('agent-1')).toBe(0);
  });

  it('is queued only with what it tells of', async () => {
    const notifications = make();
    const refused = test.queue.submit(async (tx) => {
      await notifications.queue(tx, [escalation('1')]);
      throw new Error('the change is refused');
    });
    await expect(refused).rejects.toThrow();
    await queue(notifications, escalation('2'));
    await isTold('agent-2');
    expect(told('agent-1')).toBe(0);
  });

  it('a 429 is waited out for as long as it says, and it is told once', async () => {
    bot.answers({ retryAfter: 1 });
    const began = performance.now();
    await queue(make(), escalation('1'));
    await isTold('agent-1');
    expect(performance.now() - began).toBeGreaterThan(950);
    expect(bot.calls).toHaveLength(1);
  });

  it.each(['hang', 'reset', 'html', 500] as const)('after %s it is tried again', async (answer) => {
    bot.answers(answer);
    await queue(make(), escalation('1'));
    await isTold('agent-1');
    expect(bot.requests).toBeGreaterThan(1);
  });

  it('while nobody answers it waits, and is told once somebody does', async () => {
    await bot.down();
    const notifications = make();
    await queue(notifications, escalation('1'));
    await until(() => notifications.status().degraded !== null, 'it shows');
    await queue(notifications, recovered('1'));
    await bot.up();
    await isTold('is halted');
    await isTold('runs well again');
    await until(() => notifications.status().degraded === null, 'it is well again');
  });

  it('a token that is refused degrades, and nobody is asked again', async () => {
    bot.answers(401, 401, 401);
    const notifications = make();
    await queue(notifications, escalation('1'));
    await until(() => notifications.status().degraded?.includes('TELEGRAM_BOT_TOKEN'), 'it shows');
    const { requests } = bot;
    await queue(notifications, escalation('2'));
    await new Promise((resolve) => setTimeout(resolve, 600)); // nothing is to be asked meanwhile
    expect(bot.requests).toBe(requests);
    await notifications.end();
    bot.answers();
    make(); // a later start, with a token that holds
    await isTold('agent-1');
    await isTold('agent-2');
  });

  it('what waited when we were killed is told by the next start', async () => {
    await bot.down();
    const killed = make();
    await queue(killed, escalation('1'));
    await until(() => killed.status().degraded !== null, 'it tries in vain');
    await killed.end();
    await bot.up();
    make();
    await isTold('agent-1');
    expect(bot.calls).toHaveLength(1);
  });

  it('of forty at once there is one message within the time, which names them all', async () => {
    const notifications = make();
    await queue(notifications, escalation('first'));
    await isTold('agent-first');
    for (let count = 0; count < 40; count += 1) await queue(notifications, escalation(`n${count}`));
    await until(() => notifications.status().waiting === 0 && told('n39') > 0, 'all are told', 30_000);
    const sent = bot.calls.filter(({ method }) => method === 'sendMessage');
    sent.slice(1).forEach(({ at }, index) => {
      expect(at - (sent[index]?.at ?? 0)).toBeGreaterThan(BUDGET_MS - 100);
    });
    const all = bot.messages(CHAT).join('\n');
    for (let count = 0; count < 40; count += 1) expect(all).toContain(`agent-n${count}`);
  });

  it('a chat that takes nothing holds up no other', async () => {
    bot.refuses('13', 400);
    const notifications = make({ chatIds: ['13', CHAT] });
    await queue(notifications, escalation('1'));
    await isTold('agent-1');
    await until(() => notifications.status().waiting === 0, 'nothing waits');
    expect(notifications.status().degraded).toContain('chat not found');
  });

  it('a reminder comes while it is halted, and none once it is over', async () => {
    const notifications = make();
    await queue(notifications, escalation('1', { reminderMs: 1_500 }));
    await isTold('is still halted');
    await test.queue.submit((tx) => notifications.closeIncident(tx, '1'));
    await until(() => notifications.status().waiting === 0, 'nothing waits');
    const before = bot.requests;
    await new Promise((resolve) => setTimeout(resolve, 2_500)); // longer than to the next reminder
    expect(bot.requests).toBe(before);
  });

  it('what an agent writes arrives as text', async () => {
    await queue(make(), escalation('1', { line: '<a href="x">& "</a>' }));
    await isTold('&lt;a href="x"&gt;&amp;');
  });

  it('without a token it is logged, and counts as told', async () => {
    const notifications = make({ messenger: null });
    await queue(notifications, escalation('1'));
    await until(() => said.some((line) => line.includes('agent-1')), 'it is logged');
    await until(() => notifications.status().waiting === 0, 'nothing waits');
    expect(notifications.status()).toMatchObject({ configured: false, degraded: null });
  });

  it('the token stands in no log and no status, whatever fails', async () => {
    const notifications = make();
    for (const answer of ['reset', 'html', 500, 403, 401] as const) bot.answers(answer);
    await bot.down();
    await queue(notifications, escalation('1'));
    await until(() => notifications.status().degraded !== null, 'it shows');
    bot.answers(401);
    await bot.up();
    await until(() => notifications.status().degraded?.includes('refuses the token'), 'it is refused', 30_000);
    expect(JSON.stringify([said, notifications.status()])).not.toContain('MARKED-SECRET');
  });
});
