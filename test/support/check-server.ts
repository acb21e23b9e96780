import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that answers the health URLs of agents for a test, which sees each request. */
export interface CheckServer {
  /** Delay of the answers in milliseconds, by agent. */
  readonly delays: Map<string, number>;
  /** Status of answers to requests without the right header, by agent. */
  readonly refusals: Map<string, number>;
  /** Largest number of requests for one agent that were pending at once. */
  readonly maxPending: number;
  healthUrl(agentId: string): string;
  /** Returns the number of requests for an agent. */
  countOf(agentId: string): number;
  close(): void;
}

/** Header that a request needs if its agent is in {@link CheckServer.refusals}. */
export const RIGHT_HEADER = { Authorization: 'Bearer right' };

export async function makeCheckServer(): Promise<CheckServer> {
  const delays = new Map<string, number>();
  const refusals = new Map<string, number>();
  const counts = new Map<string, number>();
  const pending = new Map<string, number>();
  let maxPending = 0;
  const countOf = (agentId: string) => counts.get(agentId) ?? 0;
  const server = createServer((request, response) => {
    const agentId = request.url?.slice(1) ?? '';
    counts.set(agentId, countOf(agentId) + 1);
    pending.set(agentId, (pending.get(agentId) ?? 0) + 1);
    maxPending = Math.max(maxPending, pending.get(agentId) ?? 0);
    const end = () => {
      pending.set(agentId, (pending.get(agentId) ?? 1) - 1);
      const isRefused = refusals.has(agentId) && request.headers.authorization !== RIGHT_HEADER.Authorization;
      response.writeHead(isRefused ? (refusals.get(agentId) ?? 500) : 200);
      response.end(JSON.stringify({ agentId }));
    };
    setTimeout(end, delays.get(agentId) ?? 0);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    delays,
    refusals,
    get maxPending() {
      return maxPending;
    },
    healthUrl: (agentId) => `http://127.0.0.1:${port}/${agentId}`,
    countOf,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
