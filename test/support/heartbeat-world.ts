import { OwnAddress, readSettings, resolveSettings } from '../../src/config';
import { HeartbeatStore } from '../../src/health/heartbeat/heartbeat-store';
import { Heartbeats } from '../../src/health/heartbeat/heartbeats';
import { TokenBudgets } from '../../src/health/tokens/token-budgets';
import { TokenStore } from '../../src/health/tokens/token-store';
import { openTestDatabase, registerRow, type TestDatabase } from './database';

export const address = new OwnAddress(resolveSettings(readSettings({ PORT: '3100' }), '/srv/app', '/home/me'));

export let test: TestDatabase;

export let heartbeats: Heartbeats;

/** Agents whose heartbeats were passed on, in order. */
export let heard: string[];

/** Present process of each agent, as healing would report it. */
export let processes: Record<string, string | null>;

export function makeHeartbeats(): Heartbeats {
  const tokens = new TokenBudgets(new TokenStore(test.database, test.queue), { policyOf: () => ({}) }, test.clock);
  const incarnations = { incarnationOf: (agentId: string) => processes[agentId] ?? null };
  const listener = { onHeartbeat: (agentId: string) => heard.push(agentId) };
  const store = new HeartbeatStore(test.database, test.queue);
  return new Heartbeats(store, test.clock, address, tokens, incarnations, listener);
}

/** Loads the heartbeats as a later start of the supervisor would. */
export async function reload(): Promise<Heartbeats> {
  const later = makeHeartbeats();
  await later.load();
  return later;
}

/** Gives each test of the file heartbeats of agent `a`, whose process lives, over a real database. */
export function useHeartbeats(): void {
  beforeAll(async () => {
    test = await openTestDatabase();
    await registerRow(test, 'a');
  });

  afterAll(() => test.destroy());

  beforeEach(async () => {
    await test.database.transaction((tx) => tx.deleteFrom('local.heartbeat').execute());
    processes = { a: 'run-1:10' };
    heard = [];
    heartbeats = makeHeartbeats();
  });

  afterEach(() => {
    test.refuseWrites(false);
  });
}
