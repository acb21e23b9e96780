import path from 'node:path';
import { sql } from 'kysely';
import { Database } from '../../src/persistence';
import type { ApiClient } from '../support/api-client';
import { fingerprintHere, fingerprintThere } from '../support/mirror-world';
import { seededRandom } from '../support/seeded';
import { makeService, type TestService } from '../support/service';
import { availableRigs, startRig, type SupabaseRig } from '../support/supabase-rig';
import { until } from '../support/until';

const SEED = Number(process.env.MIRROR_SEED ?? '1');
const CHANGES = 10_000;
const CALLERS = 8;
const AGENTS_A_CALLER = 4;
const RIG_KILLS = 10;
/** Numbers of the kills of the rig at which the supervisor is killed too, during an upload. */
const SUPERVISOR_KILLS = [2, 5, 8];
const BATCH = 500;
/** The test takes less than a minute alone, and several times that beside other tests on a slow machine. */
const TIMEOUT_MS = 400_000;
const QUIET_MS = 120_000;

const [kind] = [...availableRigs()].reverse();
const describeHere = kind === undefined ? describe.skip : describe;

interface Mirror {
  readonly waiting: number;
  readonly setAside: number;
  readonly lastError: string | null;
}

/** Makes 10,000 changes while Supabase is killed ten times and the supervisor three times, at random moments. */
describeHere(`the mirror under faults, on ${kind ?? 'nothing (skipped: no PostgREST for this machine)'}`, () => {
  const random = seededRandom(SEED);
  const within = (low: number, high: number) => low + Math.floor(random() * (high - low));
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  let rig: SupabaseRig;
  let service: TestService;
  const cleanups: (() => Promise<void>)[] = [];
  let restarting: Promise<void> | null = null;
  let answered = 0;
  let areFaultsOver = false;

  beforeAll(async () => {
    rig = await startRig({ kind: kind! });
    cleanups.push(() => rig.stop());
    service = await makeService({
      settings: { SUPABASE_URL: rig.url, SUPABASE_SERVICE_ROLE_KEY: rig.serviceKey, RATE_LIMIT_PER_MINUTE: '0' },
    });
    cleanups.push(() => service.destroy());
  });
  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  const mirror = () => service.api.expect<Mirror>(200, 'GET', '/api/mirror');

  /** Makes one change of a caller's own agent. A call that gets no answer is not counted, and is repeated later. */
  async function change(api: ApiClient, agentId: string, registered: Set<string>): Promise<void> {
    const address = `/api/agents/${agentId}`;
    const draw = random();
    if (!registered.has(agentId)) {
      const { status } = await api.post('/api/agents', { agentId, name: agentId, entryPoint: 'sleeper.sh' });
      // 409: an earlier call registered it, but a kill cut off its answer.
      if (status !== 201 && status !== 409) throw new Error(`register answered ${status}`);
      registered.add(agentId);
    } else if (draw < 0.1) {
      const { status } = await api.request('DELETE', address);
      if (status !== 204 && status !== 404) throw new Error(`unregister answered ${status}`);
      registered.delete(agentId);
    } else {
      const capabilities = [`c.${within(0, 1_000_000)}`];
      const { status } = await api.request('PUT', `${address}/capabilities`, { capabilities });
      if (status !== 200) throw new Error(`change answered ${status}`);
    }
  }

  async function call(caller: number): Promise<void> {
    const registered = new Set<string>();
    while (!areFaultsOver || answered * 2.5 < CHANGES) {
      const agentId = `a-${caller}-${within(0, AGENTS_A_CALLER)}`;
      try {
        await change(service.api, agentId, registered);
        answered += 1;
      } catch {
        await (restarting ?? pause(50));
      }
    }
  }

  /** Kills the supervisor while PostgREST handles its upload. The outcome of the request stays unknown. */
  async function killDuringUpload(): Promise<void> {
    await new Promise<void>((resolve) => {
      rig.fault = ({ method }) => {
        if (method !== 'POST') return null;
        rig.fault = () => null;
        service.signal('SIGKILL');
        resolve();
        return 'reset-after';
      };
    });
    restarting = service.end('SIGKILL').then(() => service.start());
    await restarting;
    restarting = null;
  }

  async function injectFaults(): Promise<void> {
    for (let kills = 1; kills <= RIG_KILLS; kills += 1) {
      if (SUPERVISOR_KILLS.includes(kills)) await killDuringUpload();
      await pause(within(200, 900));
      await rig.kill();
      await pause(within(50, 500));
      await rig.restart();
    }
    areFaultsOver = true;
  }

  it(
    'has every change in the end, and repeats an upload only after a fault',
    async () => {
      await Promise.all([injectFaults(), ...Array.from({ length: CALLERS }, (_, caller) => call(caller))]);
      await until(
        async () => {
          const { waiting, setAside, lastError } = await mirror();
          return waiting === 0 && setAside === 0 && lastError === null;
        },
        () => 'everything is uploaded',
        QUIET_MS,
      );
      // Killed, because an orderly shutdown would add another event.
      await service.end('SIGKILL');
      const database = await Database.open(path.join(service.home.dataDir, 'db'));
      try {
        const changes = await database.read((db) =>
          sql<{
            n: number;
          }>`select last_value as n from pg_sequences where schemaname = 'local' and sequencename like 'outbox%'`.execute(
            db,
          ),
        );
        expect(changes.rows[0]?.n).toBeGreaterThanOrEqual(CHANGES);
        expect(await fingerprintThere(rig)).toEqual(await fingerprintHere(database));
      } finally {
        await database.close();
      }
      expectFewUploads();
    },
    TIMEOUT_MS,
  );

  /**
   * An event never changes, so it is sent again only if no answer arrived in time, or if the supervisor was killed
   * before it noted the answer.
   */
  function expectFewUploads(): void {
    const tries = new Map<string, number>();
    const confirmed = new Map<string, number>();
    for (const { method, path: address, body, status, isPassedOn, isDelivered } of rig.requests) {
      if (method !== 'POST' || !address.includes('actp_agent_events') || !isPassedOn) continue;
      for (const { id } of JSON.parse(body) as { id: string }[]) {
        tries.set(id, (tries.get(id) ?? 0) + 1);
        if (isDelivered && (status === 200 || status === 201)) confirmed.set(id, (confirmed.get(id) ?? 0) + 1);
      }
    }
    const repeated = [...confirmed.values()].filter((times) => times > 1).length;
    expect(Math.max(...tries.values())).toBeLessThanOrEqual(1 + RIG_KILLS + SUPERVISOR_KILLS.length);
    expect(repeated).toBeLessThanOrEqual(BATCH * SUPERVISOR_KILLS.length);
  }
});
