import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Answer of the Bot API to a call: success, or a failure that the test chooses. The `-404` ones are those of a proxy in
 * front of it.
 */
export type BotAnswer =
  | 'ok'
  | 'hang'
  | 'reset'
  | 'html'
  | 'html-404'
  | 'json-404'
  | (400 | 401 | 403 | 404 | 500)
  | { readonly retryAfter: number };

export interface BotCall {
  readonly method: string;
  readonly chatId: string;
  readonly text: string;
  readonly messageId: number | null;
  readonly at: number;
}

/** A local substitute for Telegram's Bot API. It keeps messages, and fails on demand. */
export interface BotApi {
  readonly url: string;
  /** Successful calls, in order. */
  readonly calls: BotCall[];
  /** Number of all requests, including failed ones. */
  readonly requests: number;
  /** Current text of each message of a chat. */
  messages(chatId: string): string[];
  /** Sets the answers to the next calls; later calls succeed again. */
  answers(...next: BotAnswer[]): void;
  /** Sets the answer to every call for one chat. */
  refuses(chatId: string, answer: BotAnswer): void;
  /** Closes the port until `up` is called. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

/** @param now returns the time of a call, for {@link BotCall.at} */
export async function makeBotApi(now = (): number => performance.now()): Promise<BotApi> {
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
    if (answer === 'html' || answer === 'html-404') {
      const status = answer === 'html' ? 200 : 404;
      return void response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Proxy</h1>');
    }
    const reply = (status: number, value: object) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (answer === 'json-404') {
      reply(404, { error_code: 404, message: 'no such route' });
      return;
    }
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
    calls.push({ method, chatId, text, messageId, at: now() });
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
