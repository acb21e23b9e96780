import type { Telegram } from 'telegraf';
import { maskSecrets, messageOf, startTimeLimit, type Clock } from '../kernel';
import type { Messenger, SendOutcome } from './ports';

const TIMEOUT_MS = 15_000;
const SECOND_MS = 1_000;

/** The two Bot API calls that are used. `telegramApi` adapts telegraf's client. */
export interface TelegramApi {
  call(method: 'sendMessage' | 'editMessageText', payload: object, signal: AbortSignal): Promise<unknown>;
}

export function telegramApi(telegram: Telegram): TelegramApi {
  type Options = Parameters<Telegram['callApi']>[2];
  return {
    // telegraf's types expect the AbortSignal of another package.
    call: (method, payload, signal) => telegram.callApi(method, payload as never, { signal } as unknown as Options),
  };
}

/** Sends through Telegram's Bot API. Its errors never contain the token. */
export class TelegramMessenger implements Messenger {
  constructor(
    private readonly api: TelegramApi,
    private readonly token: string,
    private readonly clock: Pick<Clock, 'after'>,
    private readonly timeoutMs = TIMEOUT_MS,
  ) {}

  send(chatId: string, html: string): Promise<SendOutcome> {
    const payload = { chat_id: chatId, text: html, ...FORMAT };
    return this.limited((signal) => this.api.call('sendMessage', payload, signal));
  }

  async edit(chatId: string, messageId: number, html: string): Promise<SendOutcome> {
    const payload = { chat_id: chatId, message_id: messageId, text: html, ...FORMAT };
    const outcome = await this.limited((signal) => this.api.call('editMessageText', payload, signal));
    // Telegram refuses an edit that changes nothing. The message already has the text.
    const isSame = outcome.kind === 'refused-chat' && outcome.error.includes('message is not modified');
    return isSame ? { kind: 'sent', messageId } : outcome;
  }

  private async limited(call: (signal: AbortSignal) => Promise<unknown>): Promise<SendOutcome> {
    const limit = startTimeLimit(this.clock, this.timeoutMs);
    try {
      const answer = await call(limit.signal);
      const id = typeof answer === 'object' && answer !== null && 'message_id' in answer ? answer.message_id : null;
      if (typeof id === 'number') return { kind: 'sent', messageId: id };
      return { kind: 'retry', afterMs: null, error: 'Telegram answered with something other than a message' };
    } catch (error) {
      return this.outcomeOf(error, limit.signal.aborted);
    } finally {
      limit.cancel();
    }
  }

  private outcomeOf(error: unknown, isTimeout: boolean): SendOutcome {
    if (isTimeout) return { kind: 'retry', afterMs: null, error: `no answer within ${this.timeoutMs / SECOND_MS} s` };
    const text = maskSecrets(messageOf(error), [this.token]).slice(0, 300);
    const { code, retryAfter, movedTo } = responseOf(error);
    if (code === 429) return { kind: 'retry', afterMs: (retryAfter ?? 1) * SECOND_MS, error: text };
    if (code === 401 || code === 404) return { kind: 'unauthorized', error: text };
    if (code === 400 && movedTo !== null) return { kind: 'moved', chatId: String(movedTo), error: text };
    if (code === 400 || code === 403) return { kind: 'refused-chat', error: text };
    return { kind: 'retry', afterMs: null, error: text };
  }
}

const FORMAT = { parse_mode: 'HTML', link_preview_options: { is_disabled: true } } as const;

/**
 * Reads the Bot API's answer from a TelegramError of telegraf. A refusal by the Bot API contains `"ok": false`. Any
 * other body is from a proxy behind TELEGRAM_API_ROOT, whose codes say nothing about the token or the chat.
 */
function responseOf(error: unknown): { code: number | null; retryAfter: number | null; movedTo: number | null } {
  const response: unknown = typeof error === 'object' && error !== null && 'response' in error ? error.response : null;
  if (typeof response !== 'object' || response === null || !('ok' in response) || response.ok !== false)
    return { code: null, retryAfter: null, movedTo: null };
  const { error_code: code, parameters } = response as {
    readonly error_code?: unknown;
    readonly parameters?: { readonly retry_after?: unknown; readonly migrate_to_chat_id?: unknown };
  };
  return {
    code: numberOf(code),
    retryAfter: numberOf(parameters?.retry_after),
    movedTo: numberOf(parameters?.migrate_to_chat_id),
  };
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
