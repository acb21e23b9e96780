/** At most one message a chat in this long; what comes meanwhile is put into the last one. */
export const BUDGET_MS = 20_000;
/** The last one is edited no more often than this. */
const EDIT_MS = 2_000;

/** What was last sent to a chat. Times are `Clock.now()`. */
export interface LastMessage {
  readonly messageId: number;
  readonly sentAt: number;
  readonly editedAt: number;
}

export type ChatPlan =
  | { readonly kind: 'send' }
  | { readonly kind: 'edit'; readonly messageId: number }
  | { readonly kind: 'wait'; readonly untilMs: number };

/** How what waits for a chat is to be told now. */
export function planFor(last: LastMessage | null, now: number, budgetMs = BUDGET_MS): ChatPlan {
  if (last === null || now - last.sentAt >= budgetMs) return { kind: 'send' };
  const editAt = last.editedAt + Math.min(EDIT_MS, budgetMs / 4);
  return now >= editAt ? { kind: 'edit', messageId: last.messageId } : { kind: 'wait', untilMs: editAt - now };
}
