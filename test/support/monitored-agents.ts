import { AgentViews } from '../../src/healing';
import { HealthMonitor } from '../../src/health';
import type { AgentView } from '../../src/kernel';
import { ProcessLauncher } from '../../src/launcher';
import { AgentRegistry } from '../../src/registry';
import { makeApp, type TestApp } from './app';
import { makeCheckServer, type CheckServer } from './check-server';
import { until } from './until';

/** The monitor with its real parts, and agents whose health URLs {@link server} answers. */
export interface MonitoredAgents {
  readonly app: TestApp;
  readonly server: CheckServer;
  readonly monitor: HealthMonitor;
  /** Registers and spawns an agent. */
  readonly start: (agentId: string, members?: Readonly<Record<string, unknown>>) => Promise<void>;
  readonly viewOf: (agentId: string) => AgentView;
  /** Waits until three more checks of the agent were made. */
  readonly waitForChecks: (agentId: string) => Promise<void>;
}

/** Starts the agents `one`, `two` and `three` for the tests of a file. */
export function useMonitoredAgents(): MonitoredAgents {
  const firstIds = ['one', 'two', 'three'];
  let app: TestApp;
  let server: CheckServer;

  beforeAll(async () => {
    server = await makeCheckServer();
    app = await makeApp({ HEALTH_INTERVAL_SECONDS: '0.3', HEALTH_TIMEOUT_SECONDS: '3', STARTUP_GRACE_SECONDS: '10' });
    const monitor = app.get(HealthMonitor);
    for (const agentId of firstIds) await start(agentId);
    await until(() => firstIds.every((agentId) => monitor.score(agentId) !== null), 'all agents were checked');
  });

  afterAll(async () => {
    server.close();
    await app.destroy();
  });

  const start = async (agentId: string, members: Readonly<Record<string, unknown>> = {}) => {
    const healthUrl = server.healthUrl(agentId);
    await app.get(AgentRegistry).register({ agentId, name: agentId, entryPoint: 'sleeper.sh', healthUrl, ...members });
    await app.get(ProcessLauncher).spawn(agentId);
  };
  return {
    get app() {
      return app;
    },
    get server() {
      return server;
    },
    get monitor() {
      return app.get(HealthMonitor);
    },
    start,
    viewOf: (agentId) => app.get(AgentViews).view(agentId),
    waitForChecks: async (agentId) => {
      const before = server.countOf(agentId);
      await until(() => server.countOf(agentId) >= before + 3, `${agentId} is checked three times`);
    },
  };
}
