import type { Telegram } from 'telegraf';
import { messageOf } from '../kernel';
import type { Messenger, SendOutcome } from './messenger';

const TIMEOUT_MS = 15_000;
const SECOND_MS = 1_000;

/** The two calls of the Bot API that are made; `telegramApi` makes one of telegraf's client. */
export interface TelegramApi {
  call(method: 'sendMessage' | 'editMessageText', payload: object, signal: AbortSignal): Promise<unknown>;
}

export function telegramApi(telegram: Telegram): TelegramApi {
  type Options = Parameters<Telegram['callApi']>[2];
  return {
    // Its types name another implementation of the same standard of abort signals.
    call: (method, payload, signal) => telegram.callApi(method, payload as never, { signal } as unknown as Options),
  };
}

/** Sends through the Bot API of Telegram; what fails never carries the token. */
export class TelegramMessenger implements Messenger {
  constructor(
    private readonly api: TelegramApi,
    private readonly token: string,
    private readonly timeoutMs = TIMEOUT_MS,
  ) {}

  send(chatId: string, html: string): Promise<SendOutcome> {
    const payload = { chat_id: chatId, text: html, ...FORMAT };
    return this.limited((signal) => this.api.call('sendMessage', payload, signal));
  }

  async edit(chatId: string, messageId: number, html: string): Promise<SendOutcome> {
    const payload = { chat_id: chatId, message_id: messageId, text: html, ...FORMAT };
    const outcome = await this.limited((signal) => this.api.call('editMessageText', payload, signal));
    // What says already what it should say is fine.
    const isSame = outcome.kind === 'refused-chat' && outcome.error.includes('message is not modified');
    return isSame ? { kind: 'sent', messageId } : outcome;
  }

  private async limited(call: (signal: AbortSignal) => Promise<unknown>): Promise<SendOutcome> {
    const aborter = new AbortController();
    const timer = setTimeout(() => {
      aborter.abort();
    }, this.timeoutMs);
    try {
      const answer = await call(aborter.signal);
      const id = typeof answer === 'object' && answer !== null && 'message_id' in answer ? answer.message_id : null;
      if (typeof id === 'number') return { kind: 'sent', messageId: id };
      return { kind: 'retry', afterMs: null, error: 'Telegram answered something else than a message' };
    } catch (error) {
      return this.outcomeOf(error, aborter.signal.aborted);
    } finally {
      clearTimeout(timer);
    }
  }

  private outcomeOf(error: unknown, isTimeout: boolean): SendOutcome {
    if (isTimeout) return { kind: 'retry', afterMs: null, error: `no answer within ${this.timeoutMs / SECOND_MS} s` };
    const text = messageOf(error).replaceAll(this.token, '***').slice(0, 300);
    const { code, retryAfter } = responseOf(error);
    if (code === 429) return { kind: 'retry', afterMs: (retryAfter ?? 1) * SECOND_MS, error: text };
    if (code === 401 || code === 404) return { kind: 'unauthorized', error: text };
    if (code === 400 || code === 403) return { kind: 'refused-chat', error: text };
    return { kind: 'retry', afterMs: null, error: text };
  }
}

const FORMAT = { parse_mode: 'HTML', link_preview_options: { is_disabled: true } } as const;

/** telegraf's TelegramError carries what the Bot API answered. */
function responseOf(error: unknown): { code: number | null; retryAfter: number | null } {
  const response: unknown = typeof error === 'object' && error !== null && 'response' in error ? error.response : null;
  if (typeof response !== 'object' || response === null) return { code: null, retryAfter: null };
  const { error_code: code, parameters } = response as {
    readonly error_code?: unknown;
    readonly parameters?: { readonly retry_after?: unknown };
  };
  const retryAfter = parameters?.retry_after;
  return {
    code: typeof code === 'number' ? code : null,
    retryAfter: typeof retryAfter === 'number' ? retryAfter : null,
  };
}
