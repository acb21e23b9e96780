import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AgentDirectory } from '../../src/healing';
import { HealthLog, HealthMonitor, Heartbeats } from '../../src/health';
import { ProcessLauncher } from '../../src/launcher';
import { AgentRegistry } from '../../src/registry';
import { makeApp, type TestApp } from '../support/app';
import { until } from '../support/until';

/** The monitor with its real parts; the health URLs of its agents are answered here, so that each request is seen. */
describe('the health monitor', () => {
  let app: TestApp;
  let server: Server;
  let monitor: HealthMonitor;
  let directory: AgentDirectory;
  const delays = new Map<string, number>();
  const counts = new Map<string, number>();
  const underWay = new Map<string, number>();
  let most = 0;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const name = request.url?.slice(1) ?? '';
      counts.set(name, countOf(name) + 1);
      underWay.set(name, (underWay.get(name) ?? 0) + 1);
      most = Math.max(most, underWay.get(name) ?? 0);
      const end = () => {
        underWay.set(name, (underWay.get(name) ?? 1) - 1);
        response.end(JSON.stringify({ agentId: name }));
      };
      setTimeout(end, delays.get(name) ?? 0);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    app = await makeApp({ HEALTH_INTERVAL_SECONDS: '0.3', HEALTH_TIMEOUT_SECONDS: '3', STARTUP_GRACE_SECONDS: '10' });
    monitor = app.get(HealthMonitor);
    directory = app.get(AgentDirectory);
    for (const agentId of ['one', 'two', 'three']) await start(agentId);
    await until(() => ['one', 'two', 'three'].every((agentId) => monitor.score(agentId) !== null), 'all were checked');
  });

  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await app.destroy();
    jest.restoreAllMocks();
  });

  const countOf = (name: string) => counts.get(name) ?? 0;
  const start = async (agentId: string) => {
    const healthUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${agentId}`;
    await app.get(AgentRegistry).register({ agentId, name: agentId, entryPoint: 'sleeper.sh', healthUrl });
    await app.get(ProcessLauncher).spawn(agentId);
  };
  const goesOn = async (agentId: string) => {
    const before = countOf(agentId);
    await until(() => countOf(agentId) >= before + 3, `${agentId} is checked on and on`);
  };

  it('a slow agent delays nobody, and is never asked twice at once', async () => {
    delays.set('one', 2_000);
    const before = countOf('one');
    await goesOn('two');
    await goesOn('three');
    await until(() => countOf('one') >= before + 2, 'it is asked again');
    expect(most).toBe(1);
    delays.delete('one');
    expect(directory.view('one').restarts).toBe(0);
  });

  it('kubelet: a crashing probe changes no verdict, and nobody else notices', async () => {
    const append = jest.spyOn(app.get(HealthLog), 'append').mockImplementation(() => {
      throw new Error('a fault of ours');
    });
    await goesOn('two');
    await goesOn('one');
    append.mockRestore();
    await goesOn('two');
    expect(['one', 'two', 'three'].map((agentId) => directory.view(agentId).restarts)).toEqual([0, 0, 0]);
    expect(['one', 'two'].map((agentId) => monitor.isFailing(agentId))).toEqual([false, false]);
  });

  it('whoever asks gets a check made now, at most one a second, however many ask', async () => {
    monitor.stopLoop();
    const before = countOf('three');
    const results = await Promise.all(Array.from({ length: 20 }, () => monitor.check('three')));
    expect(new Set(results).size).toBe(1);
    expect(countOf('three') - before).toBeLessThanOrEqual(2);
    expect(results[0]).toMatchObject({ healthy: true, statusCode: 200, signals: { errors: 1, progress: 1 } });
    await expect(monitor.check('nobody')).rejects.toMatchObject({ code: 'agent-not-found' });
    monitor.startLoop(0.3);
  });

  it('an agent that goes in the middle of a check is forgotten', async () => {
    await start('goes');
    delays.set('goes', 1_000);
    await until(() => countOf('goes') > 0, 'it is being asked');
    await app.get(AgentRegistry).unregister('goes');
    await goesOn('two');
    expect(monitor.getReport().agents).not.toHaveProperty('goes');
  });

  it('an external agent of which nothing can be known is unknown, until it says something', async () => {
    await app.get(AgentRegistry).register({ agentId: 'outside', name: 'outside', entryPoint: null });
    await goesOn('two');
    expect(directory.view('outside')).toMatchObject({ status: 'unknown', healthScore: null });
    await app.get(Heartbeats).record('outside', { status: 'ok' });
    await until(() => directory.view('outside').status === 'running', 'it is known');
  });

  it('a second start of the loop replaces the first', async () => {
    monitor.startLoop(0.3);
    monitor.startLoop(3_600);
    const before = countOf('two');
    await new Promise((resolve) => setTimeout(resolve, 1_500)); // five of the first intervals
    // One under way and one planned may be left of the first loop; two loops would make more.
    expect(countOf('two') - before).toBeLessThanOrEqual(2);
    monitor.startLoop(0.3);
  });
});
