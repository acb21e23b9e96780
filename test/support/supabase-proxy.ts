import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PREFIX = '/rest/v1';

/** What the proxy does with a request; null: it passes it on. */
export type Answer =
  | null
  /** Answers that, and asks nobody. */
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string }
  /** Never answers. */
  | 'hang'
  /** Cuts the connection. */
  | 'reset'
  /** Passes it on, waits for the answer, and cuts the connection instead of handing it back. */
  | 'reset-after'
  /** Cuts the connection, and passes it on when `deliverLate` is called. */
  | 'late';

export interface ProxyRequest {
  readonly method: string;
  /** As the client sent it, with the query. */
  readonly path: string;
  readonly body: string;
}

export interface SeenRequest extends ProxyRequest {
  /** What PostgREST, or else the fault, has answered; null: nothing yet, or nobody. */
  status: number | null;
  /** Whether it was passed on to PostgREST. */
  readonly isPassedOn: boolean;
}

/** What stands before PostgREST in a Supabase project, as far as `/rest/v1` goes; tests make it fail. */
export interface SupabaseProxy {
  readonly url: string;
  /** In the order of their coming; a test empties it by `length = 0`. */
  readonly requests: SeenRequest[];
  /** Asked for each request; it may hold one back by a promise. */
  fault: (request: ProxyRequest) => Answer | Promise<Answer>;
  /** Passes on what was held back as `late`, in its order; @returns what each was answered. */
  deliverLate(): Promise<number[]>;
  stop(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
}

/** @param port where PostgREST listens, if it is up; while it is not, connections are cut */
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

/** @throws Error where the connection is to be cut */
async function handle({ proxy, port, late }: Behind, request: IncomingMessage, response: ServerResponse) {
  const { method = '', url: path = '', headers } = request;
  if (!path.startsWith(`${PREFIX}/`)) return void response.writeHead(404).end();
  const bytes = await bodyOf(request);
  const asked: ProxyRequest = { method, path, body: bytes.toString() };
  const answer = await proxy.fault(asked);
  const seen: SeenRequest = { ...asked, status: null, isPassedOn: answer === null || answer === 'reset-after' };
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
    // No connection is kept: it may belong to a PostgREST that was killed since.
    const asked = send({ host: '127.0.0.1', port, agent: false, ...request }, (answer) => {
      // It comes in pieces and goes on whole.
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
