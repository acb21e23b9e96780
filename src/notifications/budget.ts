import type { Notification } from './notification';

/** Least time between two new messages in a chat. Notifications in between are collected for the next message. */
export const BUDGET_MS = 20_000;
/** Least time between two edits of a message. */
const EDIT_MS = 2_000;

/** Last message sent to a chat. Times are `Clock.now()`. */
export interface LastMessage {
  readonly messageId: number;
  readonly sentAt: number;
  readonly editedAt: number;
  /** Incidents that this message notified the chat of. */
  readonly incidentIds: ReadonlySet<string>;
}

export type ChatPlan<T> =
  | { readonly kind: 'send'; readonly items: readonly T[] }
  | { readonly kind: 'edit'; readonly messageId: number; readonly items: readonly T[] }
  | { readonly kind: 'wait'; readonly forMs: number };

/**
 * Plans the next call to a chat. An edit makes no sound on a phone, so it is used only for good news about an incident
 * of the last message. All other notifications go into a new message, not earlier than `budgetMs` after the last one.
 *
 * @param waiting in order; not empty
 */
export function planCall<T extends { readonly notification: Notification }>(
  last: LastMessage | null,
  waiting: readonly T[],
  now: number,
  budgetMs = BUDGET_MS,
): ChatPlan<T> {
  if (last === null || now - last.sentAt >= budgetMs) return { kind: 'send', items: waiting };
  const sendInMs = last.sentAt + budgetMs - now;
  const updates = waiting.filter(
    ({ notification }) => isUpdate(notification) && last.incidentIds.has(notification.incidentId),
  );
  if (updates.length === 0) return { kind: 'wait', forMs: sendInMs };
  const editInMs = last.editedAt + Math.min(EDIT_MS, budgetMs / 4) - now;
  if (editInMs <= 0) return { kind: 'edit', messageId: last.messageId, items: updates };
  return { kind: 'wait', forMs: Math.min(editInMs, sendInMs) };
}

/** Returns true for good news about an incident. All other notifications must make a sound. */
function isUpdate({ kind }: Notification): boolean {
  switch (kind) {
    case 'recovered':
    case 'fleet-restored':
      return true;
    case 'escalation':
    case 'reminder':
    case 'check-misconfigured':
    case 'fleet-degraded':
    case 'daemon-ended':
      return false;
  }
}
