import { Logger } from '@nestjs/common';
import { exponentialDelay, type Clock, type Random } from '../kernel';
import { planCall, type LastMessage } from './budget';
import { formatDigest } from './message';
import type { Messenger, SendOutcome } from './ports';
import type { Notification } from './notification';
import type { SavedNotification } from './notification-store';

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 300_000;
/** Delay before a chat that refused a message gets another. The operator may correct its rights meanwhile. */
const REFUSED_RETRY_MS = 600_000;

/** Result of a delivery attempt, with the next step. */
export type Delivery =
  /** The chat has every notification. */
  | { readonly kind: 'complete' }
  /** Another call is needed, after `inMs`. */
  | { readonly kind: 'incomplete'; readonly inMs: number }
  /** Telegram refused the token. No chat can be notified until the operator corrects it. */
  | { readonly kind: 'unauthorized'; readonly error: string };

/** Message that the chat was asked to accept. */
interface Attempt {
  /** Notifications that had room in the message. */
  readonly included: readonly SavedNotification[];
  /** Everything that the message shows; for an edit, with what it showed before. */
  readonly shown: readonly Notification[];
  readonly isEdit: boolean;
}

/** Delivers notifications to one chat: within its message budget, with retries, and to its new id if it moves. */
export class Chat {
  private readonly logger = new Logger('Notifications');
  /** Its new id, if it became a supergroup. */
  private movedTo: string | null = null;
  private last: LastMessage | null = null;
  /** Notifications in the last message. */
  private shown: readonly Notification[] = [];
  private retryAt = 0;
  private retries = 0;
  private lastError: string | null = null;
  private isRefusingMessages = false;
  /** Ids of the notifications that the chat has received, kept until that is saved. */
  private readonly unsaved = new Set<string>();

  /** @param id its id in the settings, under which it is saved */
  constructor(
    readonly id: string,
    private readonly messenger: Messenger,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly budgetMs: number,
  ) {}

  /** Error of the last call; null after a success. */
  get error(): string | null {
    return this.lastError;
  }

  /** True if the chat refused the latest new message. */
  get isRefusing(): boolean {
    return this.isRefusingMessages;
  }

  /** Sends one message, or edits the last one, unless the chat has to wait. @param waiting oldest first */
  async deliver(waiting: readonly SavedNotification[]): Promise<Delivery> {
    const open = waiting.filter((saved) => !this.hasReceived(saved));
    if (open.length === 0) return { kind: 'complete' };
    const now = this.clock.now();
    if (now < this.retryAt) return { kind: 'incomplete', inMs: this.retryAt - now };
    const plan = planCall(this.last, open, now, this.budgetMs);
    if (plan.kind === 'wait') return { kind: 'incomplete', inMs: plan.forMs };
    const planned = plan.items;
    const isEdit = plan.kind === 'edit';
    const notifications = [...(isEdit ? this.shown : []), ...planned.map(({ notification }) => notification)];
    const { html, shownCount } = formatDigest(notifications);
    if (isEdit && shownCount < notifications.length) {
      // The message has no room for them, so they go into the next one.
      this.closeLastMessage();
      return { kind: 'incomplete', inMs: 0 };
    }
    const included = isEdit ? planned : planned.slice(0, shownCount);
    const chatId = this.movedTo ?? this.id;
    const outcome = isEdit
      ? await this.messenger.edit(chatId, plan.messageId, html)
      : await this.messenger.send(chatId, html);
    const delivery = this.onOutcome(outcome, { included, shown: notifications.slice(0, shownCount), isEdit });
    // Notifications without room go into the next message.
    return delivery.kind === 'complete' && included.length < open.length ? { kind: 'incomplete', inMs: 0 } : delivery;
  }

  /** Returns true if the chat has received the notification, whether that is saved or not. */
  hasReceived(saved: SavedNotification): boolean {
    return saved.receivedBy.includes(this.id) || this.unsaved.has(saved.id);
  }

  /** Returns true if the chat has received the notification in this process, and that is not saved yet. */
  hasUnsaved(saved: SavedNotification): boolean {
    return this.unsaved.has(saved.id);
  }

  /** Forgets a notification whose receivers are saved. */
  onSaved(saved: SavedNotification): void {
    this.unsaved.delete(saved.id);
  }

  private onOutcome(outcome: SendOutcome, attempt: Attempt): Delivery {
    switch (outcome.kind) {
      case 'sent':
        return this.onSent(outcome.messageId, attempt);
      case 'retry':
        return this.onRetry(outcome);
      case 'refused-chat':
        return this.onRefused(outcome.error, attempt);
      case 'moved':
        return this.onMoved(outcome, attempt);
      case 'unauthorized':
        return outcome;
    }
  }

  private onSent(messageId: number, { included, shown, isEdit }: Attempt): Delivery {
    const now = this.clock.now();
    const sentAt = isEdit ? (this.last?.sentAt ?? now) : now;
    const incidentIds = new Set(shown.map(({ incidentId }) => incidentId));
    this.last = { messageId, sentAt, editedAt: now, incidentIds };
    this.shown = shown;
    this.retries = 0;
    this.retryAt = 0;
    this.lastError = null;
    this.isRefusingMessages = false;
    for (const { id } of included) this.unsaved.add(id);
    return { kind: 'complete' };
  }

  private onRetry({ afterMs, error }: Extract<SendOutcome, { kind: 'retry' }>): Delivery {
    this.retries += 1;
    this.lastError = error;
    const limits = { baseMs: FIRST_RETRY_MS, maxMs: LONGEST_RETRY_MS };
    const inMs = afterMs ?? exponentialDelay(this.retries, limits, this.random);
    this.retryAt = this.clock.now() + inMs;
    return { kind: 'incomplete', inMs };
  }

  /**
   * If an edit is refused, its notifications go into the next message. If a new message is refused, it is retried
   * later.
   */
  private onRefused(error: string, { isEdit }: Attempt): Delivery {
    if (isEdit) {
      this.closeLastMessage();
      return { kind: 'incomplete', inMs: 0 };
    }
    this.last = null;
    this.lastError = error;
    this.isRefusingMessages = true;
    this.retryAt = this.clock.now() + REFUSED_RETRY_MS;
    this.logger.warn({ chat: this.id, error }, 'chat refused a message');
    return { kind: 'incomplete', inMs: REFUSED_RETRY_MS };
  }

  private onMoved({ chatId, error }: Extract<SendOutcome, { kind: 'moved' }>, attempt: Attempt): Delivery {
    // A supergroup does not move again. Without this, two ids that name each other would be tried forever.
    if (this.movedTo !== null) return this.onRefused(error, attempt);
    this.movedTo = chatId;
    this.last = null;
    this.shown = [];
    this.logger.warn(
      { chat: this.id, movedTo: chatId },
      `chat became a supergroup; replace ${this.id} by ${chatId} in TELEGRAM_CHAT_IDS`,
    );
    return { kind: 'incomplete', inMs: 0 };
  }

  /** Ends the edits of the last message, so that recoveries of its incidents go into the next one. */
  private closeLastMessage(): void {
    if (this.last !== null) this.last = { ...this.last, incidentIds: new Set() };
  }
}
