import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { CapabilityRegistry } from '../../src/capabilities';
import { CircuitBreaker } from '../../src/circuit';
import { HealthMonitor } from '../../src/health';
import { AgentViews, SelfHealingLoop } from '../../src/healing';
import { ProcessLauncher } from '../../src/launcher';
import { AgentRegistry } from '../../src/registry';
import { LinuxProcessInspector } from '../../src/processes';
import { makeApp, type TestApp } from '../support/app';
import { freePort } from '../support/health-agent';
import { until } from '../support/until';

/** Tests named by the owner of the product, on the owner's methods and real processes: `npm test -- -t NAME`. */
describe("the owner's tests", () => {
  const inspector = new LinuxProcessInspector();
  let app: TestApp;
  let registry: AgentRegistry;
  let launcher: ProcessLauncher;
  let circuits: CircuitBreaker;

  beforeAll(async () => {
    app = await makeApp();
    registry = app.get(AgentRegistry);
    launcher = app.get(ProcessLauncher);
    circuits = app.get(CircuitBreaker);
  });

  afterAll(async () => {
    await app.destroy();
  });

  const idOf = (pid: number) => inspector.environment(pid)?.get('AGENT_ID');

  it('test_spawn_and_detect_running', async () => {
    for (const [agentId, entryPoint] of [
      ['in-python', 'sleeper.py'] as const,
      ['in-node', 'sleeper.js'] as const,
      ['in-sh', 'sleeper.sh'] as const,
    ]) {
      await registry.register(agentId, `An agent ${agentId}`, entryPoint, ['task.sleep'], null);
      expect(launcher.isRunning(agentId)).toBe(false);
      expect(launcher.getPid(agentId)).toBeNull();

      const pid = await launcher.spawn(agentId);
      if (pid === null) throw new Error('it has no pid');
      expect(launcher.getPid(agentId)).toBe(pid);
      expect(launcher.isRunning(agentId)).toBe(true);
      expect(idOf(pid)).toBe(agentId);
      expect(app.home.list().find(({ name }) => name === agentId)?.pid).toBe(pid);

      const next = await launcher.restart(agentId, { delaySeconds: 0 });
      if (next === null) throw new Error('it has no pid');
      expect(next).not.toBe(pid);
      expect([idOf(pid), idOf(next)]).toEqual([undefined, agentId]);

      await launcher.terminate(agentId);
      expect(launcher.isRunning(agentId)).toBe(false);
      expect(launcher.getPid(agentId)).toBeNull();
      expect(inspector.facts(next)).toBeNull();
    }
  });

  it('test_circuit_breaker_trips_after_5_failures', async () => {
    await registry.register('counted', 'Counted by hand', 'sleeper.py', [], null);
    const pid = await launcher.spawn('counted');
    for (let failures = 1; failures <= 4; failures += 1) {
      await circuits.recordFailure('counted');
      expect(circuits.isTripped('counted')).toBe(false);
      expect(circuits.circuitOf('counted').failureCount).toBe(failures);
    }
    expect(launcher.isRunning('counted')).toBe(true);
    await circuits.recordFailure('counted');
    expect(circuits.isTripped('counted')).toBe(true);
    expect(circuits.getState('counted')).toBe('OPEN');
    // OPEN means no process.
    await until(() => inspector.facts(pid ?? 0) === null, 'its process is gone');

    // Real crashes trip it too: five runs, and no sixth before the cool-down ends.
    await registry.register({
      ...{ agentId: 'crashing', name: 'Crashing', entryPoint: 'crasher.py', args: ['1'] },
      // On a busy machine Python may start so slowly that a crashing run would live until it counts as stable.
      policy: { circuitCooldownSeconds: 600, stableSeconds: 60 },
    });
    await launcher.spawn('crashing');
    await until(() => circuits.isTripped('crashing'), 'its circuit has tripped');
    const directory = app.get(AgentViews);
    await until(() => directory.view('crashing').status === 'halted', 'it is halted');
    expect(directory.view('crashing')).toMatchObject({
      restarts: 4,
      pid: null,
      circuit: { state: 'OPEN', failureCount: 5 },
    });

    await circuits.recordSuccess('crashing');
    expect([circuits.isTripped('crashing'), circuits.getState('crashing')]).toEqual([false, 'CLOSED']);
    await launcher.terminate('crashing');
  });

  it('test_self_healing_restarts_failed_agent', async () => {
    await registry.register('healed', 'Healed', 'sleeper.js', [], null);
    const pid = await launcher.spawn('healed');
    const failing = () =>
      app
        .get(SelfHealingLoop)
        .detectFailures()
        .map(({ agentId }) => agentId);
    expect(failing()).not.toContain('healed');
    process.kill(pid ?? 0, 'SIGKILL');
    const next = await until(() => {
      const now = launcher.getPid('healed');
      return now === pid ? null : now;
    }, 'it has a new pid');
    expect(idOf(next)).toBe('healed');
    const view = await until(() => {
      const now = app.get(AgentViews).view('healed');
      return now.status === 'running' ? now : null;
    }, 'it is well again');
    expect(view).toMatchObject({
      pid: next,
      restarts: 1,
      lastFailure: { cause: 'killed-by-signal', action: 'restart' },
    });
  });

  it('test_health_monitor_detects_unhealthy_agent', async () => {
    const port = await freePort();
    const control = path.join(app.home.root, 'watched.order');
    await registry.register({
      ...{
        agentId: 'watched',
        name: 'Watched',
        entryPoint: 'answers.js',
        healthUrl: `http://127.0.0.1:${port}/health`,
      },
      ...{ env: { PORT: String(port), CONTROL: control }, policy: { restart: 'never', healthIntervalSeconds: 0.3 } },
    });
    await launcher.spawn('watched');
    const health = app.get(HealthMonitor);
    await until(() => (health.score('watched') ?? 0) > 80, 'one good check of a fresh agent gives over 80');
    writeFileSync(control, 'status 500');
    await until(() => (health.score('watched') ?? 100) <= 40, 'its verdict is failing');
    expect(await health.check('watched')).toMatchObject({ healthy: false, statusCode: 500, error: 'answered 500' });
    expect(health.getReport().summary.unhealthy).toBe(1);
    const failures = app.get(SelfHealingLoop).detectFailures();
    expect(failures.map(({ agentId }) => agentId)).toContain('watched');
    writeFileSync(control, 'ok');
    await until(() => (health.score('watched') ?? 0) >= 50, 'it is well again');
    await launcher.terminate('watched');
    expect(health.score('watched')).toBeNull();
  });

  it('test_capability_registry_routes_to_healthy_agent', async () => {
    const capabilities = app.get(CapabilityRegistry);
    const directory = app.get(AgentViews);
    for (const agentId of ['able', 'able-too']) {
      await registry.register(agentId, agentId, 'sleeper.sh', ['report.write'], null);
      expect(capabilities.findCapableAgent('report.write')).toBeNull();
    }
    await launcher.spawn('able-too');
    await until(() => directory.view('able-too').status === 'running', 'it runs');
    expect(capabilities.findCapableAgent('report.write')).toBe('able-too');
    expect(await capabilities.routeTask('report.write')).toMatchObject({ agentId: 'able-too' });
    for (let failures = 0; failures < 5; failures += 1) await circuits.recordFailure('able-too');
    expect(capabilities.findCapableAgent('report.write')).toBeNull();
    const refused = capabilities.routeTask('report.write', { spawn: false });
    await expect(refused).rejects.toThrow('none is available now');
    await capabilities.registerCapabilities('able', ['report.read']);
    expect(capabilities.listCapabilities()).toEqual({
      ...capabilities.listCapabilities(),
      ...{ 'report.read': ['able'], 'report.write': ['able-too'] },
    });
  });
});
