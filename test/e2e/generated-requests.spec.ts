import { readFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { tokenOf } from '../support/agent-token';
import { hostileRequests, type HostileRequest } from '../support/hostile-requests';
import { fetchDocument, operationsOf } from '../support/openapi';
import { expectUntouched } from '../support/refusals';
import { ADMIN_TOKEN, makeService, VIEWER_TOKEN, type TestService } from '../support/service';
import { settledState } from '../support/state-of';

const REQUESTS = 10_000;
const AT_ONCE = 20;
const TIMEOUT_MS = 300_000;
/** SEED=n repeats a run. */
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
/** Limit of the heap growth. A leak of a kilobyte a request would exceed it. */
const MAY_GROW_BYTES = 200 * 1_048_576;

describe('ten thousand generated requests', () => {
  let service: TestService;
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

  beforeAll(async () => {
    service = await makeService({ settings: { RATE_LIMIT_PER_MINUTE: '0' } });
    await service.api.register({ agentId: 'known', name: 'Known', entryPoint: 'sleeper.sh', tags: ['core'] });
    await service.api.register({ agentId: 'outside', name: 'Outside', entryPoint: null });
  });

  afterAll(async () => {
    agent.destroy();
    await service.destroy();
  });

  /** @returns the status; 0: the connection broke */
  function send({ method, target, headers: given, body }: HostileRequest): Promise<number> {
    const { hostname, port } = new URL(service.url);
    // Node sets no length for a body of GET or DELETE, which would then be read as the next request.
    const headers = body === null ? given : { ...given, 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve) => {
      const request = httpRequest({ agent, method, hostname, port, path: target, headers }, (response) => {
        // A stream never ends.
        if (response.headers['content-type']?.startsWith('text/event-stream') === true) request.destroy();
        response.resume();
        response.on('close', () => {
          resolve(response.statusCode ?? 0);
        });
      });
      request.setTimeout(20_000, () => request.destroy());
      request.on('error', () => {
        resolve(0);
      });
      request.end(body ?? undefined);
    });
  }

  async function sendAll(requests: readonly HostileRequest[]) {
    const wrong: unknown[] = [];
    const statuses = new Map<number, number>();
    const flaws = new Map<string, number>();
    let next = 0;
    const work = async () => {
      for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
        const status = await send(request);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        flaws.set(request.flaw, (flaws.get(request.flaw) ?? 0) + 1);
        const isRefused = status >= 400 && status < 500;
        if (!isRefused && !(request.mayBeRead && status === 200)) wrong.push({ status, ...request });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return { wrong, statuses, flaws };
  }

  it(
    `are refused, change nothing, and leave nothing behind (SEED=${SEED})`,
    async () => {
      const { pid } = await service.api.spawn('known');
      const document = await fetchDocument(service.api);
      const cast = { admin: ADMIN_TOKEN, weakest: VIEWER_TOKEN, own: await tokenOf(pid), agentId: 'known' };
      const generated = fc.sample(hostileRequests(document, operationsOf(document), cast), {
        seed: SEED,
        numRuns: REQUESTS,
      });
      const before = await settledState(service.api);
      const warmUp = await sendAll(generated.slice(0, REQUESTS / 10));
      const memory = residentBytes(service.pid);
      const { wrong, statuses, flaws } = await sendAll(generated.slice(REQUESTS / 10));
      const seen = `SEED=${SEED}, statuses ${JSON.stringify([...statuses])}`;
      expect({ seen, wrong: [...warmUp.wrong, ...wrong].slice(0, 5) }).toEqual({ seen, wrong: [] });
      // Proves that the grammar produces each kind of flaw and of refusal.
      expect([...flaws.keys()].sort()).toEqual(['a member', 'the body', 'the host', 'the id', 'the query', 'who asks']);
      expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 403, 404, 422, 429]));
      await expectUntouched(service, before, service.pid);
      expect(residentBytes(service.pid) - memory).toBeLessThan(MAY_GROW_BYTES);
    },
    TIMEOUT_MS,
  );
});

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024;
}
