import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the Bot API answers to a call: well by itself, or as the test says. */
export type BotAnswer = 'ok' | 'hang' | 'reset' | 'html' | 401 | 403 | 400 | 500 | { readonly retryAfter: number };

export interface BotCall {
  readonly method: string;
  readonly chatId: string;
  readonly text: string;
  readonly messageId: number | null;
  readonly at: number;
}

/** A Bot API of Telegram's kind on the loopback: it keeps messages, and fails when a test says so. */
export interface BotApi {
  readonly url: string;
  /** Calls that went well, in their order. */
  readonly calls: BotCall[];
  /** Every request that came, whatever became of it. */
  readonly requests: number;
  /** The text of each message as it stands, by chat. */
  messages(chatId: string): string[];
  /** Says how the next calls are answered; `ok` from then on again. */
  answers(...next: BotAnswer[]): void;
  /** How every call to one chat is answered. */
  refuses(chatId: string, answer: BotAnswer): void;
  /** Nobody listens until it is up again. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

export async function makeBotApi(): Promise<BotApi> {
  const calls: BotCall[] = [];
  const texts = new Map<string, Map<number, string>>();
  const refused = new Map<string, BotAnswer>();
  let next: BotAnswer[] = [];
  let requests = 0;
  let lastId = 0;
  let port = 0;
  let server: Server;

  const handle = (request: IncomingMessage, response: ServerResponse, body: string) => {
    requests += 1;
    const method = request.url?.split('/').at(-1) ?? '';
    const given = JSON.parse(body === '' ? '{}' : body) as Record<string, unknown>;
    const chatId = textOf(given.chat_id);
    const answer = refused.get(chatId) ?? next.shift() ?? 'ok';
    if (answer === 'hang') return;
    if (answer === 'reset') return void request.socket.resetAndDestroy();
    if (answer === 'html') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Proxy</h1>');
    const reply = (status: number, value: object) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (typeof answer === 'number') {
      const description = answer === 400 ? 'Bad Request: chat not found' : `refused with ${answer}`;
      reply(answer, { ok: false, error_code: answer, description });
      return;
    }
    if (typeof answer === 'object') {
      const parameters = { retry_after: answer.retryAfter };
      reply(429, { ok: false, error_code: 429, description: 'Too Many Requests', parameters });
      return;
    }
    const messageId = method === 'editMessageText' ? Number(given.message_id) : (lastId += 1);
    const text = textOf(given.text);
    texts.set(chatId, (texts.get(chatId) ?? new Map<number, string>()).set(messageId, text));
    calls.push({ method, chatId, text, messageId, at: performance.now() });
    reply(200, { ok: true, result: { message_id: messageId, date: 0, chat: { id: 1, type: 'private' }, text } });
  };

  const up = async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        handle(request, response, body);
      });
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  };
  const down = () =>
    new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  await up();
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    get requests() {
      return requests;
    },
    messages: (chatId) => [...(texts.get(chatId)?.values() ?? [])],
    answers: (...given) => {
      next = given;
    },
    refuses: (chatId, answer) => {
      refused.set(chatId, answer);
    },
    down,
    up,
    close: down,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
