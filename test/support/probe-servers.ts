import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createRawServer, type AddressInfo, type Server as RawServer, type Socket } from 'node:net';
import { SystemClock } from '../../src/config/system-clock';
import type { CheckResult } from '../../src/health/check-result';
import { HttpProbe } from '../../src/health/probes/http-probe';
import type { ProbeTarget } from '../../src/health/probes/probe';
import { secretsOfHeaders } from '../../src/kernel';
import { makeSelfSigned } from './certificate';

/** The servers of one test. Each `serve` function starts one on a free port and returns its health URL. */
export interface ProbeServers {
  serve(listener: RequestListener): Promise<string>;
  serveAnswer(status: number, body?: string, headers?: Record<string, string>): Promise<string>;
  /** Serves HTTPS with a self-signed certificate. */
  serveTls(listener: RequestListener): Promise<string>;
  /** Serves any protocol. */
  serveRaw(speak: (socket: Socket) => void): Promise<string>;
  listen(server: Server | RawServer): Promise<string>;
  /** Closes all servers, and frees their ports. */
  closeAll(): Promise<void>;
  /** All connections that the servers have accepted. */
  readonly sockets: ReadonlySet<Socket>;
}

const DEFAULT_TIMEOUT_MS = 2_000;

/** Makes servers that are closed after each test. Call it within a `describe`. */
export function useProbeServers(): ProbeServers {
  const servers: (Server | RawServer)[] = [];
  const sockets = new Set<Socket>();

  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  async function listen(server: Server | RawServer): Promise<string> {
    servers.push(server);
    server.on('connection', (socket: Socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
  }
  const serve = (listener: RequestListener) => listen(createServer(listener));
  return {
    ...{ listen, serve, sockets },
    serveAnswer: (status, body = '', headers = {}) =>
      serve((_, response) => response.writeHead(status, headers).end(body)),
    serveTls: async (listener) =>
      (await listen(createTlsServer(makeSelfSigned('localhost'), listener))).replace('http:', 'https:'),
    serveRaw: (speak) =>
      listen(
        createRawServer((socket) => {
          socket.on('error', () => undefined);
          socket.resume();
          speak(socket);
        }),
      ),
    closeAll: async () => {
      await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

export function targetOf(url: string, given: Partial<ProbeTarget> = {}): ProbeTarget {
  return {
    ...{ url, agentId: 'agent', timeoutMs: DEFAULT_TIMEOUT_MS, headers: {}, isAnnounced: false, setup: 'first' },
    secrets: () => secretsOfHeaders(given.headers ?? {}),
    ...given,
  };
}

/** Returns a function that checks a target with one probe by the system clock. */
export function makeCheck(): (url: string, given?: Partial<ProbeTarget>) => Promise<CheckResult> {
  const probe = new HttpProbe(new SystemClock());
  return (url, given) => probe.check(targetOf(url, given));
}
