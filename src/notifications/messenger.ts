/** What became of one call. */
export type SendOutcome =
  | { readonly kind: 'sent'; readonly messageId: number }
  /** It may go well later; `afterMs` null: whenever. */
  | { readonly kind: 'retry'; readonly afterMs: number | null; readonly error: string }
  /** This chat will never take it. */
  | { readonly kind: 'refused-chat'; readonly error: string }
  /** Our token is not valid: no call will go well. */
  | { readonly kind: 'unauthorized'; readonly error: string };

/** Where messages go. Texts are Telegram's HTML. Calls end by themselves and never reject. */
export interface Messenger {
  send(chatId: string, html: string): Promise<SendOutcome>;
  edit(chatId: string, messageId: number, html: string): Promise<SendOutcome>;
}
