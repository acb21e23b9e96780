import { Logger } from '@nestjs/common';
import { Telegraf } from 'telegraf';
import { SystemClock } from '../../src/config';
import type { Notification } from '../../src/notifications';
import { NotificationStore } from '../../src/notifications/notification-store';
import { Notifications } from '../../src/notifications/notifications';
import type { NotificationsOptions, SentNotifications } from '../../src/notifications/ports';
import { telegramApi, TelegramMessenger } from '../../src/notifications/telegram-messenger';
import { makeBotApi, type BotApi } from './bot-api';
import { openTestDatabase, type TestDatabase } from './database';
import { FakeClock } from './fake-clock';
import { countedIds, seededRandom } from './seeded';
import { until as untilReal } from './until';

export const CHAT = '42';
/** Time for which notifications are collected, shorter than in production. */
export const BUDGET_MS = 1_200;

const TOKEN = '123456:MARKED-SECRET-TOKEN';
/** Time that passes with each look at a condition. */
const STEP_MS = 20;

export const escalation = (incidentId: string, changes: object = {}): Notification => ({
  ...{ kind: 'escalation', incidentId, agentId: `agent-${incidentId}`, name: `Agent ${incidentId}`, cause: 'hung' },
  ...{ line: 'no answer', evidence: [], advice: 'Look.', attempts: 2, goesOn: false, nextTrialAt: null, reminderMs: 0 },
  ...changes,
});
export const recovered = (incidentId: string): Notification => ({
  ...{ kind: 'recovered', incidentId, agentId: `agent-${incidentId}`, name: `Agent ${incidentId}`, downForMs: 5_000 },
});

/** Notifications over a real database, and the real client of a Bot API on the loopback. */
export interface NotificationSuite {
  readonly test: TestDatabase;
  readonly bot: BotApi;
  /** Advances only while a test waits, so that on a slow machine no limit passes between two steps. */
  readonly clock: FakeClock;
  /** Lines of the log so far. */
  readonly logged: string[];
  /** Starts notifications as a start of the supervisor does. They end after the test. */
  readonly make: (options?: Partial<NotificationsOptions>, sent?: SentNotifications) => Notifications;
  readonly queue: (notifications: Notifications, ...queued: Notification[]) => Promise<void>;
  /** Lets time pass; every call that is due is answered before the next step. */
  readonly letPass: (milliseconds: number) => Promise<void>;
  /** Waits until a condition is met, and advances the clock meanwhile. */
  readonly until: (condition: () => boolean | undefined, what: string, timeoutMs?: number) => Promise<boolean>;
  readonly untilSent: (text: string) => Promise<boolean>;
  /** Counts the messages of the chat that now contain a text. */
  readonly countSent: (text: string) => number;
  /** Returns the methods of all calls that sent a text, in order. */
  readonly methodsFor: (text: string) => string[];
}

/** Gives each test of the file an empty queue and a new Bot API. */
export function useNotificationSuite(): NotificationSuite {
  let test: TestDatabase;
  let bot: BotApi;
  let clock: FakeClock;
  let running: Notifications[];
  let logged: string[];
  const newId = countedIds();

  beforeAll(async () => {
    test = await openTestDatabase();
  });
  afterAll(() => test.destroy());
  beforeEach(async () => {
    await test.database.transaction((tx) => tx.deleteFrom('local.notice').execute());
    clock = new FakeClock();
    bot = await makeBotApi(() => clock.now());
    running = [];
    logged = [];
    for (const level of ['warn', 'error', 'log'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation((...words) => void logged.push(JSON.stringify(words)));
  });
  afterEach(async () => {
    await Promise.all(running.map((each) => each.end()));
    await bot.close();
    jest.restoreAllMocks();
  });

  const until: NotificationSuite['until'] = (condition, what, timeoutMs) =>
    untilReal(
      async () => {
        await clock.advance(STEP_MS);
        return condition();
      },
      what,
      timeoutMs,
    );
  const countSent = (text: string) => bot.messages(CHAT).filter((message) => message.includes(text)).length;
  return {
    get test() {
      return test;
    },
    get bot() {
      return bot;
    },
    get clock() {
      return clock;
    },
    get logged() {
      return logged;
    },
    make: (options = {}, sent = { onSent: () => undefined }) => {
      const { telegram } = new Telegraf(TOKEN, { telegram: { apiRoot: bot.url } });
      const store = new NotificationStore(test.database, test.queue, newId);
      const fullOptions = {
        messenger: new TelegramMessenger(telegramApi(telegram), TOKEN, new SystemClock(), 400),
        ...{ chatIds: [CHAT], budgetMs: BUDGET_MS },
        ...options,
      };
      const made = new Notifications(store, clock, seededRandom(1), fullOptions, sent);
      made.begin();
      running.push(made);
      return made;
    },
    queue: (notifications, ...queued) => test.queue.submit((tx) => notifications.queue(tx, queued, clock.wall())),
    letPass: async (milliseconds) => {
      for (const end = clock.now() + milliseconds; clock.now() < end;) {
        await clock.advance(STEP_MS);
        await test.queue.submit(() => Promise.resolve());
      }
    },
    until,
    untilSent: (text) => until(() => countSent(text) > 0, `${text} is sent`, 30_000),
    countSent,
    methodsFor: (text) => bot.calls.filter((call) => call.text.includes(text)).map(({ method }) => method),
  };
}
