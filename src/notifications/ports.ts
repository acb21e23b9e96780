import type { Notification } from './notification';

export interface NotificationsOptions {
  /** null: no token is set, so notifications are only logged. */
  readonly messenger: Messenger | null;
  readonly chatIds: readonly string[];
  readonly budgetMs?: number;
}

export const NOTIFICATIONS_OPTIONS = Symbol('NotificationsOptions');

/** Required port: the module that provides `Notifications` provides it too. */
export interface SentNotifications {
  /** Called for each notification once every chat that accepts messages has it. @param chats how many received it */
  onSent(notification: Notification, chats: number): void;
}

export const SENT_NOTIFICATIONS = Symbol('SentNotifications');

export interface NotificationsStatus {
  readonly configured: boolean;
  /** Reason why notifications cannot be sent; null if nothing is wrong. */
  readonly degraded: string | null;
  readonly waiting: number;
}

/** Outcome of one call. */
export type SendOutcome =
  | { readonly kind: 'sent'; readonly messageId: number }
  /** A later try may succeed, after `afterMs` or, if null, after the usual back-off. */
  | { readonly kind: 'retry'; readonly afterMs: number | null; readonly error: string }
  /** This chat will never accept the message. */
  | { readonly kind: 'refused-chat'; readonly error: string }
  /** The chat has another id from now on. */
  | { readonly kind: 'moved'; readonly chatId: string; readonly error: string }
  /** The bot token is invalid, so every call fails. */
  | { readonly kind: 'unauthorized'; readonly error: string };

/** Port to a chat service, whose texts are Telegram's HTML. Every call has a time limit, and none rejects. */
export interface Messenger {
  /**
   * Sends a new message.
   *
   * @param chatId id from TELEGRAM_CHAT_IDS, or the new id of a chat that moved
   */
  send(chatId: string, html: string): Promise<SendOutcome>;
  /** Replaces the text of a message. An edit makes no sound on a phone. */
  edit(chatId: string, messageId: number, html: string): Promise<SendOutcome>;
}
