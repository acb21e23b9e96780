import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HelperState } from './ordered-agent';

interface ReceivedHeartbeat {
  readonly at: number;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: HelperState;
}

/** A server that receives heartbeats in place of the supervisor, at an address that survives its outages. */
export interface HeartbeatReceiver {
  readonly url: string;
  readonly received: ReceivedHeartbeat[];
  /** Largest number of heartbeats that were open at once. */
  readonly mostAtOnce: number;
  /** Status of later answers; null leaves heartbeats unanswered. */
  status: number | null;
  /** Milliseconds until an answer. */
  delayMs: number;
  last(): HelperState | undefined;
  close(): Promise<void>;
  reopen(): Promise<void>;
}

export async function makeHeartbeatReceiver(): Promise<HeartbeatReceiver> {
  const received: ReceivedHeartbeat[] = [];
  const state = { open: 0, mostAtOnce: 0, port: 0, status: 204 as number | null, delayMs: 0 };

  const receive = (request: IncomingMessage, response: ServerResponse) => {
    state.open += 1;
    state.mostAtOnce = Math.max(state.mostAtOnce, state.open);
    response.once('close', () => (state.open -= 1));
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      received.push({
        ...{ at: performance.now(), path: request.url ?? '' },
        ...{ authorization: request.headers.authorization, body: JSON.parse(text) as HelperState },
      });
      if (state.status === null) return;
      const code = state.status;
      setTimeout(
        () => response.writeHead(code).end(code === 204 ? '' : '{"detail":"refused by the test"}'),
        state.delayMs,
      );
    });
  };

  const server = createServer(receive);
  const reopen = () =>
    new Promise<void>((resolve) => {
      server.listen(state.port, '127.0.0.1', () => {
        state.port = (server.address() as AddressInfo).port;
        resolve();
      });
    });
  await reopen();
  return {
    url: `http://127.0.0.1:${state.port}`,
    received,
    get mostAtOnce() {
      return state.mostAtOnce;
    },
    get status() {
      return state.status;
    },
    set status(status) {
      state.status = status;
    },
    set delayMs(ms: number) {
      state.delayMs = ms;
    },
    get delayMs() {
      return state.delayMs;
    },
    last: () => received.at(-1)?.body,
    reopen,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
