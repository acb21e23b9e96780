import { Logger } from '@nestjs/common';
import { FakeClock } from '../../test/support/fake-clock';
import type { Messenger, SendOutcome } from './ports';
import type { Notification } from './notification';
import type { NotificationStore, SavedNotification } from './notification-store';
import { Notifications } from './notifications';

const BUDGET_MS = 20_000;

let clock: FakeClock;
let waiting: SavedNotification[];
let sent: { chatId: string; html: string; isEdit: boolean }[];
let answer: (chatId: string) => SendOutcome;
let notifications: Notifications;
let warned: unknown[][];

beforeEach(() => {
  clock = new FakeClock();
  [waiting, sent, warned] = [[], [], []];
  answer = () => ({ kind: 'sent', messageId: sent.length });
  jest.spyOn(Logger.prototype, 'warn').mockImplementation((...words) => void warned.push(words));
  const store: Pick<NotificationStore, 'prune' | 'nextReminder' | 'waiting' | 'saveReceivers'> = {
    prune: () => Promise.resolve(),
    nextReminder: () => Promise.resolve(null),
    waiting: () => Promise.resolve([...waiting]),
    saveReceivers: (saved, isDone) => {
      waiting = waiting.flatMap((each) => (each.id !== saved.id ? each : isDone ? [] : saved));
      return Promise.resolve();
    },
  };
  const call = (chatId: string, html: string, isEdit: boolean) => {
    sent.push({ chatId, html, isEdit });
    return Promise.resolve(answer(chatId));
  };
  const messenger: Messenger = {
    send: (chatId, html) => call(chatId, html, false),
    edit: (chatId, _messageId, html) => call(chatId, html, true),
  };
  const options = { messenger, chatIds: ['42'], budgetMs: BUDGET_MS };
  // Only these methods are used.
  notifications = new Notifications(store as unknown as NotificationStore, clock, () => 0.5, options, {
    onSent: () => undefined,
  });
});
afterEach(async () => {
  await notifications.end();
  jest.restoreAllMocks();
});

const escalation = (incidentId: string): Notification => ({
  ...{ kind: 'escalation', incidentId, agentId: `agent-${incidentId}.`, name: 'x'.repeat(64), cause: 'hung' },
  ...{ line: 'y'.repeat(300), evidence: [], advice: 'Look.', attempts: 2, goesOn: false, nextTrialAt: null },
  reminderMs: 0,
});
const recovered = (incidentId: string): Notification => ({
  ...{ kind: 'recovered', incidentId, agentId: `agent-${incidentId}.`, name: 'x'.repeat(64), downForMs: 5_000 },
});
const wait = (...notifications: Notification[]) => {
  waiting.push(
    ...notifications.map((notification) => ({
      id: `${notification.kind} ${notification.incidentId}`,
      notification,
      receivedBy: [],
    })),
  );
};
/** Counts the messages, edits included, that show an agent. */
const showing = (incidentId: string) => sent.filter(({ html }) => html.includes(`agent-${incidentId}.`)).length;

describe('notifications that exceed one message', () => {
  it('continue in the next messages, each shown once and marked as sent only then', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `${index}`);
    wait(...ids.map(escalation));
    notifications.begin();
    await clock.advance(1);
    expect(sent).toHaveLength(1);
    expect(waiting).toHaveLength(40 - ids.filter((id) => showing(id) === 1).length);
    expect(waiting.length).toBeGreaterThan(0);
    await clock.advance(5 * BUDGET_MS);
    expect(waiting).toEqual([]);
    expect(ids.map(showing)).toEqual(ids.map(() => 1));
    expect(sent.length).toBeLessThanOrEqual(4);
  });

  it('wait for ten minutes if the only chat refuses them', async () => {
    wait(...Array.from({ length: 40 }, (_, index) => escalation(`${index}`)));
    answer = () => ({ kind: 'refused-chat', error: 'chat not found' });
    notifications.begin();
    await clock.advance(590_000);
    expect([sent.length, waiting.length]).toEqual([1, 40]);
    await clock.advance(10_000);
    expect([sent.length, waiting.length]).toEqual([2, 40]);
  });
});

describe('good news that does not fit into the last message', () => {
  it('goes into the next message', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `${index}`);
    wait(...ids.map(escalation));
    notifications.begin();
    await clock.advance(1);
    expect(waiting).toEqual([]);
    wait(...ids.map(recovered));
    await clock.advance(15_000);
    expect(sent).toHaveLength(1);
    await clock.advance(BUDGET_MS);
    expect(sent.map(({ isEdit }) => isEdit)).toEqual([false, false]);
    expect(waiting).toEqual([]);
    expect(ids.map(showing)).toEqual(ids.map(() => 2));
  });
});

describe('a group that became a supergroup', () => {
  it('receives messages under its new id, and the log says which setting to change', async () => {
    answer = (chatId) =>
      chatId === '42' ? { kind: 'moved', chatId: '-10042', error: 'upgraded' } : { kind: 'sent', messageId: 1 };
    wait(escalation('1'));
    notifications.begin();
    await clock.advance(BUDGET_MS);
    wait(escalation('2'));
    await clock.advance(2 * BUDGET_MS);
    expect(sent.map(({ chatId }) => chatId)).toEqual(['42', '-10042', '-10042']);
    expect(waiting).toEqual([]);
    expect(notifications.status().degraded).toBeNull();
    expect(warned).toEqual([
      [{ chat: '42', movedTo: '-10042' }, 'chat became a supergroup; replace 42 by -10042 in TELEGRAM_CHAT_IDS'],
    ]);
  });

  it('counts as refusing if it moves again', async () => {
    answer = () => ({ kind: 'moved', chatId: '42', error: 'upgraded' });
    wait(escalation('1'));
    notifications.begin();
    await clock.advance(BUDGET_MS);
    expect([sent.length, waiting.length]).toEqual([2, 1]);
    expect(notifications.status().degraded).toBe('upgraded');
  });
});
