import { cpSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CapabilityRegistry } from '../../src/capabilities';
import { CircuitBreaker } from '../../src/circuit';
import { EventLog } from '../../src/events';
import { AgentViews, SelfHealingLoop } from '../../src/healing';
import { HealthMonitor } from '../../src/health';
import { ProcessLauncher } from '../../src/launcher';
import { Database } from '../../src/persistence';
import { AgentRegistry } from '../../src/registry';
import { makeApp } from './app';
import { makeBotApi } from './bot-api';
import { freePort } from './health-agent';
import { until } from './until';

const ADMIN = 'admin-token-of-the-prd';
export const CHAT = '-42';

/** A table of the owner's document. */
type PrdTable = 'actp_agent_registry' | 'actp_agent_health_log' | 'actp_agent_restarts' | 'actp_circuit_breakers';

const MIGRATIONS = path.resolve(__dirname, '../../supabase/migrations');

export type FeatureWorld = Awaited<ReturnType<typeof makeFeatureWorld>>;

/** Starts the service in this process, with the sample agents, a few agents of its own and a local Bot API. */
export async function makeFeatureWorld() {
  const bot = await makeBotApi();
  const app = await makeApp(
    {
      ...{ HEALTH_INTERVAL_SECONDS: '0.4', HEALTH_TIMEOUT_SECONDS: '1', STARTUP_GRACE_SECONDS: '8' },
      ...{ API_TOKENS: `admin:${ADMIN}`, CIRCUIT_COOLDOWN_SECONDS: '60', BACKOFF_BASE_SECONDS: '0.3' },
      ...{ TELEGRAM_BOT_TOKEN: '1:of-a-test', TELEGRAM_CHAT_IDS: CHAT, TELEGRAM_API_ROOT: bot.url },
    },
    (agentsDir) => {
      cpSync(path.resolve(__dirname, '../../examples/agents'), agentsDir, { recursive: true });
    },
  );
  const registry = app.get(AgentRegistry);
  const launcher = app.get(ProcessLauncher);
  const directory = app.get(AgentViews);
  const database = app.get(Database);
  const orderOf = (agentId: string) => path.join(app.home.root, `${agentId}.order`);
  const events = (agentId: string) => app.get(EventLog).list({ agentId, after: 0, limit: 1_000 });
  await registry.register('worker', 'Worker', 'sleeper.py', ['work.do'], null);
  for (const agentId of ['tagged-1', 'tagged-2'])
    await registry.register({ agentId, name: agentId, entryPoint: 'sleeper.sh', tags: ['pair'] });
  const port = await freePort();
  await registry.register({
    ...{ agentId: 'answers', name: 'Answers', entryPoint: 'answers.js', capabilities: ['talk.answer'] },
    ...{ healthUrl: `http://127.0.0.1:${port}/health`, env: { PORT: String(port), CONTROL: orderOf('answers') } },
  });
  await launcher.spawn('answers');
  return {
    ...{ bot, registry, launcher, directory, events },
    health: app.get(HealthMonitor),
    circuits: app.get(CircuitBreaker),
    loop: app.get(SelfHealingLoop),
    capabilities: app.get(CapabilityRegistry),
    waitUntilRunning: (agentId: string) =>
      until(() => directory.view(agentId).status === 'running', `${agentId} runs`, 30_000),
    kill: (agentId: string) => {
      process.kill(launcher.getPid(agentId) ?? 0, 'SIGKILL');
    },
    waitUntilReplaced: (agentId: string, before: number | null) =>
      until(() => {
        const pid = launcher.getPid(agentId);
        return pid !== null && pid !== before ? pid : null;
      }, `${agentId} has another process`),
    /** Calls a route and expects status 200. Returns the body. */
    expectAnswer: async (method: string, route: string) => {
      const response = await fetch(`${app.url}${route}`, { method, headers: { authorization: `Bearer ${ADMIN}` } });
      const body = (await response.json().catch(() => null)) as Record<string, unknown>;
      expect([route, response.status]).toEqual([route, 200]);
      return body;
    },
    expectPreRegistered: (
      agentId: string,
      definition: { entryPoint: string | null; healthUrl?: string; capabilities: string[] },
    ) => {
      expect(registry.getAgent(agentId)).toMatchObject({ agentId, ...definition });
    },
    /** Expects the columns in the local database, and exactly one migration that creates the table. */
    expectColumns: async (table: PrdTable, columns: readonly string[]) => {
      const tables = await database.read((db) => db.introspection.getTables());
      const present = tables.find(({ name }) => name === table)?.columns.map(({ name }) => name) ?? [];
      expect(present).toEqual(expect.arrayContaining([...columns]));
      const migrations = readdirSync(MIGRATIONS).map((file) => readFileSync(path.join(MIGRATIONS, file), 'utf8'));
      expect(migrations.filter((sql) => sql.includes(`create table ${table} (`))).toHaveLength(1);
    },
    types: async (agentId: string) => (await events(agentId)).map(({ type }) => type),
    destroy: async () => {
      await app.destroy();
      await bot.close();
    },
  };
}
