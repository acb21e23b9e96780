import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PREFIX = '/rest/v1';

/** Action of the proxy for a request; null to forward it. */
export type Answer =
  | null
  /** Answers with this, without forwarding. */
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string }
  /** Never answers. */
  | 'hang'
  /** Resets the connection. */
  | 'reset'
  /** Forwards the request, waits for the answer, and resets the connection instead of returning it. */
  | 'reset-after'
  /** Resets the connection, and forwards the request when `deliverLate` is called. */
  | 'late';

export interface ProxyRequest {
  readonly method: string;
  /** As the client sent it, including the query. */
  readonly path: string;
  readonly body: string;
}

export interface SeenRequest extends ProxyRequest {
  /** Status returned by PostgREST or by the fault; null before an answer, or without one. */
  status: number | null;
  /** True if it was forwarded to PostgREST at once. A `late` request counts as not forwarded. */
  readonly isPassedOn: boolean;
  /** True once the whole answer was sent to a client that still waited for it. */
  isDelivered: boolean;
}

/** Proxy in front of PostgREST for `/rest/v1`, as in a Supabase project. Tests make it fail. */
export interface SupabaseProxy {
  readonly url: string;
  /** Requests in the order of their arrival. Tests clear it with `length = 0`. */
  readonly requests: SeenRequest[];
  /** Called for each request. It can delay a request by returning a promise. */
  fault: (request: ProxyRequest) => Answer | Promise<Answer>;
  /**
   * Forwards the `late` requests in order.
   *
   * @returns the status of each answer
   */
  deliverLate(): Promise<number[]>;
  stop(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
}

/** @param port port of PostgREST; while nothing listens there, connections are reset */
export async function startProxy(port: number): Promise<SupabaseProxy> {
  const late: (() => Promise<Reply>)[] = [];
  const server = createServer((request, response) => {
    const cut = () => void request.socket.resetAndDestroy();
    handle({ proxy, port, late }, request, response).catch(cut);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: SupabaseProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    fault: () => null,
    deliverLate: async () => {
      const statuses: number[] = [];
      for (const deliver of late.splice(0)) statuses.push((await deliver()).status);
      return statuses;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  return proxy;
}

interface Behind {
  readonly proxy: SupabaseProxy;
  readonly port: number;
  readonly late: (() => Promise<Reply>)[];
}

/** @throws Error if the connection must be reset */
async function handle({ proxy, port, late }: Behind, request: IncomingMessage, response: ServerResponse) {
  const { method = '', url: path = '', headers } = request;
  if (!path.startsWith(`${PREFIX}/`)) return void response.writeHead(404).end();
  const bytes = await bodyOf(request);
  const asked: ProxyRequest = { method, path, body: bytes.toString() };
  const answer = await proxy.fault(asked);
  const seen: SeenRequest = {
    ...asked,
    status: null,
    isPassedOn: answer === null || answer === 'reset-after',
    isDelivered: false,
  };
  response.once('finish', () => {
    seen.isDelivered = true;
  });
  proxy.requests.push(seen);
  if (answer === 'hang') return;
  if (answer === 'reset') throw new Error('cut by a test');
  const passOn = () => askPostgrest(port, { method, path: path.slice(PREFIX.length), headers }, bytes);
  if (answer === 'late') {
    late.push(passOn);
    throw new Error('cut by a test');
  }
  if (answer !== null && answer !== 'reset-after') {
    seen.status = answer.status;
    return void response
      .writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
      .end(answer.body);
  }
  const reply = await passOn();
  seen.status = reply.status;
  if (answer === 'reset-after') throw new Error('cut by a test');
  response.writeHead(reply.status, reply.headers).end(reply.body);
}

function askPostgrest(
  port: number,
  request: { readonly method: string; readonly path: string; readonly headers: NodeJS.Dict<string | string[]> },
  body: Buffer,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    // Do not reuse connections: they may belong to a PostgREST that was killed.
    const asked = send({ host: '127.0.0.1', port, agent: false, ...request }, (answer) => {
      // The answer arrives in chunks and is returned as a whole.
      const { 'transfer-encoding': _, ...headers } = answer.headers;
      bodyOf(answer).then((bytes) => {
        resolve({ status: answer.statusCode ?? 502, headers, body: bytes });
      }, reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
