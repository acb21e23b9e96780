import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** A question that contains this word makes the model call the same tool with the same arguments for ever. */
export const ENDLESS = 'endless';

/** A model takes a while. Without it, an endless question would take a whole processor. */
const REPLY_MS = 50;

interface Message {
  readonly role: string;
  readonly content: string | readonly { readonly type: string; readonly content?: string }[];
}

interface ModelRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools?: readonly { readonly name: string }[];
}

/** A server that speaks the wire formats of the Anthropic and the OpenAI API, in JSON. */
export interface ModelServer {
  readonly url: string;
  /** Path and key of each request. */
  readonly requests: readonly {
    readonly path: string;
    readonly key: string | undefined;
    readonly body: ModelRequest;
  }[];
  close(): Promise<void>;
}

export async function makeModelServer(): Promise<ModelServer> {
  const requests: ModelServer['requests'][number][] = [];
  const server = createServer((request, response) => {
    void json(request).then((content) => {
      const body = content as ModelRequest;
      const path = request.url ?? '';
      requests.push({ path, key: keyOf(request), body });
      const answer = path === '/v1/messages' ? messagesAnswer(body) : completionsAnswer(path, body);
      setTimeout(
        () =>
          response
            .writeHead(answer === null ? 404 : 200, { 'content-type': 'application/json', 'request-id': 'req_1' })
            .end(JSON.stringify(answer ?? { error: { type: 'not_found_error', message: path } })),
        REPLY_MS,
      );
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function keyOf({ headers }: IncomingMessage): string | undefined {
  return headers['x-api-key']?.toString() ?? headers.authorization?.replace('Bearer ', '');
}

/** Calls the tool first, and answers once it has a result. */
function messagesAnswer({ model, messages }: ModelRequest): object {
  const results = messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content));
  const result = results.find(({ type }) => type === 'tool_result')?.content;
  const isEndless = JSON.stringify(messages[0]?.content).includes(ENDLESS);
  const isFinal = result !== undefined && !isEndless;
  const call = {
    type: 'tool_use',
    id: `toolu_${messages.length}`,
    name: 'look_up_stock',
    input: { product: 'apples' },
  };
  return {
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model, stop_sequence: null },
    stop_reason: isFinal ? 'end_turn' : 'tool_use',
    content: isFinal ? [{ type: 'text', text: `There are ${result}.` }] : [{ type: 'text', text: 'I look.' }, call],
    usage: { input_tokens: 100, output_tokens: 20, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 },
  };
}

function completionsAnswer(path: string, { model, messages }: ModelRequest): object | null {
  if (path !== '/v1/chat/completions') return null;
  const content = `[${messages.map(({ content: text }) => JSON.stringify(text)).join(' ')}]`;
  return {
    ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model },
    choices: [
      { index: 0, message: { role: 'assistant', content, refusal: null }, finish_reason: 'stop', logprobs: null },
    ],
    usage: { prompt_tokens: 30, completion_tokens: 12, total_tokens: 42 },
  };
}
