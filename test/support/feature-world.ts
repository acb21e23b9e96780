import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { CapabilityRegistry } from '../../src/capabilities';
import { CircuitBreaker } from '../../src/circuit';
import { EventLog } from '../../src/events';
import { AgentDirectory, SelfHealingLoop } from '../../src/healing';
import { HealthMonitor } from '../../src/health';
import { ProcessLauncher } from '../../src/launcher';
import { Database } from '../../src/persistence';
import { AgentRegistry } from '../../src/registry';
import { makeApp } from './app';
import { freePort } from './health-agent';
import { until } from './until';

export const VIEWER = 'viewer-token-of-the-prd';

/** The service in this process with some agents, its providers, and what tests of single features ask all the time. */
export async function makeFeatureWorld() {
  const app = await makeApp({
    ...{ HEALTH_INTERVAL_SECONDS: '0.4', HEALTH_TIMEOUT_SECONDS: '1', STARTUP_GRACE_SECONDS: '8' },
    ...{ API_TOKENS: `viewer:${VIEWER},admin:admin-token-of-the-prd` },
    ...{ CIRCUIT_COOLDOWN_SECONDS: '2', BACKOFF_BASE_SECONDS: '0.3' },
  });
  const registry = app.get(AgentRegistry);
  const launcher = app.get(ProcessLauncher);
  const directory = app.get(AgentDirectory);
  const orderOf = (agentId: string) => path.join(app.home.root, `${agentId}.order`);
  const events = (agentId: string) => app.get(EventLog).list({ agentId, after: 0, limit: 1_000 });
  await registry.register('worker', 'Worker', 'sleeper.py', ['work.do'], null);
  await registry.register({ agentId: 'tagged-1', name: 'Tagged', entryPoint: 'sleeper.sh', tags: ['pair'] });
  await registry.register({ agentId: 'tagged-2', name: 'Tagged', entryPoint: 'sleeper.sh', tags: ['pair'] });
  const port = await freePort();
  await registry.register({
    ...{ agentId: 'answers', name: 'Answers', entryPoint: 'answers.js', capabilities: ['talk.answer'] },
    ...{ healthUrl: `http://127.0.0.1:${port}/health`, env: { PORT: String(port), CONTROL: orderOf('answers') } },
  });
  await launcher.spawn('answers');
  return {
    ...{ app, registry, launcher, directory, orderOf, events },
    health: app.get(HealthMonitor),
    circuits: app.get(CircuitBreaker),
    loop: app.get(SelfHealingLoop),
    capabilities: app.get(CapabilityRegistry),
    isRunning: (agentId: string) =>
      until(() => directory.view(agentId).status === 'running', `${agentId} runs`, 30_000),
    kill: (agentId: string) => {
      process.kill(launcher.getPid(agentId) ?? 0, 'SIGKILL');
    },
    isReplaced: (agentId: string, before: number | null) =>
      until(() => {
        const pid = launcher.getPid(agentId);
        return pid !== null && pid !== before ? pid : null;
      }, `${agentId} has another process`),
    get: (route: string, token: string | null = VIEWER) =>
      fetch(`${app.url}${route}`, token === null ? {} : { headers: { authorization: `Bearer ${token}` } }),
    rows: (table: 'actp_agent_registry' | 'actp_circuit_breakers') =>
      app.get(Database).read((db) => db.selectFrom(table).select('agent_id').execute()),
    types: async (agentId: string) => (await events(agentId)).map(({ type }) => type),
    write: (agentId: string, order: string) => {
      writeFileSync(orderOf(agentId), order);
    },
  };
}
