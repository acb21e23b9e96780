import { Inject, Injectable, Logger } from '@nestjs/common';
import { CLOCK, isSettledWithin, messageOf, RANDOM, type Clock, type Random, type Timer } from '../kernel';
import type { Tx } from '../persistence';
import { BUDGET_MS } from './budget';
import { Chat } from './chat';
import { formatSummary } from './message';
import type { Notification } from './notification';
import { NotificationStore, type SavedNotification } from './notification-store';
import {
  NOTIFICATIONS_OPTIONS,
  SENT_NOTIFICATIONS,
  type NotificationsOptions,
  type NotificationsStatus,
  type SentNotifications,
} from './ports';

/** Delay before a queued notification is read. By then its transaction is usually committed. */
const COMMITTED_MS = 100;
const LOOK_AGAIN_MS = 2_000;
const IDLE_MS = 10_000;
const END_MS = 2_000;

/**
 * Notifies the operator, through outages and restarts of the supervisor. A notification is on disk before it is sent,
 * and is retried until the disk records that it was sent. It may be repeated if Telegram's answer is lost or late, or
 * if the supervisor is killed between that answer and the save.
 */
@Injectable()
export class Notifications {
  private readonly logger = new Logger('Notifications');
  private readonly chats: readonly Chat[];
  private timer: { readonly timer: Timer; readonly at: number } | null = null;
  private running: Promise<void> = Promise.resolve();
  private isWorking = false;
  private isAgain = false;
  private isEnded = false;
  private unauthorized: string | null = null;
  private waitingCount = 0;
  private isDatabaseAway = false;
  /** Number of `queue` calls whose transactions may not be committed yet. */
  private queued = 0;

  constructor(
    private readonly store: NotificationStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(RANDOM) random: Random,
    @Inject(NOTIFICATIONS_OPTIONS) private readonly options: NotificationsOptions,
    @Inject(SENT_NOTIFICATIONS) private readonly sent: SentNotifications,
  ) {
    const { messenger, chatIds, budgetMs = BUDGET_MS } = options;
    this.chats = messenger === null ? [] : chatIds.map((id) => new Chat(id, messenger, clock, random, budgetMs));
  }

  /**
   * Queues notifications in the caller's transaction. They are sent only if it commits.
   *
   * @param at wall-clock time of the event, epoch milliseconds; equal to the time in its event
   */
  async queue(tx: Tx, notifications: readonly Notification[], at: number): Promise<void> {
    for (const notification of notifications) await this.store.add(tx, notification, at);
    if (notifications.length === 0) return;
    this.queued += 1;
    this.wakeIn(COMMITTED_MS);
  }

  /** Stops the reminders of an incident. */
  closeIncident(tx: Tx, incidentId: string): Promise<void> {
    return this.store.closeIncident(tx, incidentId);
  }

  /** Starts with the notifications that an earlier process left waiting. */
  begin(): void {
    void this.store.prune(this.clock.wall()).catch(() => undefined); // The next start tries again.
    this.wakeIn(0);
  }

  /** Stops sending. Waits at most 2 s for the calls that are under way. */
  async end(): Promise<void> {
    this.isEnded = true;
    this.timer?.timer.cancel();
    await isSettledWithin(this.clock, this.running, END_MS);
  }

  status(): NotificationsStatus {
    const configured = this.options.messenger !== null;
    const failed = this.chats.find(({ error }) => error !== null);
    const noChats =
      configured && this.chats.length === 0 ? 'TELEGRAM_CHAT_IDS is empty. Set the ids of the chats to notify.' : null;
    const degraded = this.unauthorized ?? noChats ?? failed?.error ?? null;
    return { configured, degraded, waiting: this.waitingCount };
  }

  /** Schedules a pass, unless an earlier one is already scheduled. */
  private wakeIn(delayMs: number): void {
    if (this.isEnded) return;
    const at = this.clock.now() + delayMs;
    if (this.timer !== null && this.timer.at <= at) return;
    this.timer?.timer.cancel();
    const timer = this.clock.after(delayMs, () => {
      this.timer = null;
      if (this.isWorking) this.isAgain = true;
      else this.running = this.runPass();
    });
    this.timer = { timer, at };
  }

  /** Runs one pass. A request during the pass starts another one afterwards. */
  private async runPass(): Promise<void> {
    this.isWorking = true;
    let nextMs: number | null = LOOK_AGAIN_MS;
    try {
      nextMs = await this.sendWaiting();
      this.isDatabaseAway = false;
    } catch (error) {
      if (!this.isDatabaseAway) this.logger.warn({ error: messageOf(error) }, 'notification pass failed');
      this.isDatabaseAway = true;
    } finally {
      this.isWorking = false;
    }
    // The transaction of a notification may commit long after it was queued.
    this.wakeIn(this.isAgain ? 0 : Math.min(nextMs ?? IDLE_MS, IDLE_MS));
    this.isAgain = false;
  }

  /** @returns the delay of the next pass, in milliseconds; null: none is needed until something is queued */
  private async sendWaiting(): Promise<number | null> {
    const wall = this.clock.wall();
    const reminderAt = await this.store.nextReminder();
    if (reminderAt !== null && reminderAt <= wall) await this.store.queueReminders(wall);
    const { queued } = this;
    const waiting = await this.store.waiting();
    this.waitingCount = waiting.length;
    const againMs = waiting.length > 0 ? await this.deliver(waiting) : null;
    const remindMs = reminderAt === null ? null : Math.max(1_000, reminderAt - wall);
    // A transaction that was open before this pass may commit only now.
    const lookMs = queued > 0 ? LOOK_AGAIN_MS : null;
    this.queued = Math.max(0, this.queued - queued);
    return earliest([againMs, remindMs, lookMs]);
  }

  /** @returns the delay after which a chat needs another call, in milliseconds; null: no chat does */
  private async deliver(waiting: readonly SavedNotification[]): Promise<number | null> {
    if (this.unauthorized !== null) return null;
    if (this.chats.length === 0) {
      for (const saved of waiting) {
        this.logger.warn({ ...saved.notification }, formatSummary(saved.notification));
        await this.store.saveReceivers(saved, true, this.clock.wall());
        this.waitingCount -= 1;
      }
      return null;
    }
    const deliveries = this.isEnded ? [] : await Promise.all(this.chats.map((chat) => chat.deliver(waiting)));
    for (const delivery of deliveries) if (delivery.kind === 'unauthorized') this.onUnauthorized(delivery.error);
    for (const saved of waiting) await this.saveReceivers(saved);
    return earliest(deliveries.map((delivery) => (delivery.kind === 'incomplete' ? delivery.inMs : null)));
  }

  /** Saves which chats have received a notification. Marks it done once every chat that accepts messages has it. */
  private async saveReceivers(saved: SavedNotification): Promise<void> {
    const receivers = this.chats.filter((chat) => chat.hasReceived(saved)).map(({ id }) => id);
    const receivedBy = [...new Set([...saved.receivedBy, ...receivers])];
    // A refusing chat does not keep a notification open, but at least one chat must have received it.
    const isDone = receivedBy.length > 0 && this.chats.every((chat) => chat.isRefusing || receivedBy.includes(chat.id));
    if (!isDone && !this.chats.some((chat) => chat.hasUnsaved(saved))) return;
    await this.store.saveReceivers({ ...saved, receivedBy }, isDone, this.clock.wall());
    for (const chat of this.chats) chat.onSaved(saved);
    if (!isDone) return;
    this.waitingCount -= 1;
    this.sent.onSent(saved.notification, receivedBy.length);
  }

  private onUnauthorized(error: string): void {
    this.unauthorized = `Telegram refused the token: ${error}. Correct TELEGRAM_BOT_TOKEN and restart agent-spawner. It then sends the waiting notifications.`;
    this.logger.warn({ error }, 'Telegram refused the token; no notification is sent');
  }
}

function earliest(times: readonly (number | null)[]): number | null {
  const given = times.filter((time) => time !== null);
  return given.length === 0 ? null : Math.min(...given);
}
