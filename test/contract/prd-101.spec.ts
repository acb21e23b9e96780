/* eslint-disable max-lines -- one table: each of the owner's 50 features with its proof */
import { LinuxProcessInspector } from '../../src/processes';
import { CHAT, makeFeatureWorld, type FeatureWorld } from '../support/feature-world';
import { until } from '../support/until';

/** The feature in the owner's words, and its proof. */
type Feature = readonly [string, () => unknown];

/**
 * The owner's document, feature by feature, in its numbering and its words, on the real providers, PM2, the database and
 * processes. Names are the document's Python names; README.md says where the TypeScript differs, and why.
 */
describe('PRD-101', () => {
  const inspector = new LinuxProcessInspector();
  let world: FeatureWorld;

  beforeAll(async () => {
    world = await makeFeatureWorld();
  });

  afterAll(async () => {
    await world.destroy();
  });

  const features: readonly Feature[] = [
    [
      'AgentRegistry.register(agent_id, name, entry_point, capabilities, health_url)',
      async () => {
        const agent = await world.registry.register('made', 'Made', 'sleeper.sh', ['a.b'], 'http://127.0.0.1:1/health');
        expect(agent).toMatchObject({
          ...{ agentId: 'made', name: 'Made', entryPoint: 'sleeper.sh' },
          ...{ capabilities: ['a.b'], healthUrl: 'http://127.0.0.1:1/health' },
        });
      },
    ],
    [
      'AgentRegistry.list_agents()',
      async () => {
        expect(world.registry.listAgents().map(({ agentId }) => agentId)).toContain('made');
        await world.waitUntilRunning('answers');
        // With the current status, as readers get it.
        const statuses = new Map(world.directory.list().map(({ agentId, status }) => [agentId, status]));
        expect([statuses.get('made'), statuses.get('answers')]).toEqual(['stopped', 'running']);
      },
    ],
    [
      'AgentRegistry.get_agent(agent_id)',
      () => {
        expect(world.registry.getAgent('worker')).toMatchObject({ name: 'Worker', capabilities: ['work.do'] });
        expect(() => world.registry.getAgent('unknown')).toThrow('agent-not-found');
      },
    ],
    [
      'AgentRegistry.unregister(agent_id)',
      async () => {
        await world.registry.unregister('made');
        expect(() => world.registry.getAgent('made')).toThrow('agent-not-found');
      },
    ],
    [
      'ProcessLauncher.spawn(agent_id)',
      async () => {
        const pid = await world.launcher.spawn('worker');
        const environment = inspector.environment(pid ?? 0);
        expect(environment?.get('AGENT_ID')).toBe('worker');
        expect(environment?.get('AGENT_RUN_ID')).toEqual(expect.any(String));
      },
    ],
    [
      'ProcessLauncher.spawn_all(tags)',
      async () => {
        const results = await world.launcher.spawnAll(['pair']);
        expect(results.map(({ agentId, ok }) => [agentId, ok])).toEqual([
          ['tagged-1', true],
          ['tagged-2', true],
        ]);
      },
    ],
    [
      'ProcessLauncher.terminate(agent_id)',
      async () => {
        const pid = world.launcher.getPid('tagged-2') ?? 0;
        await world.launcher.terminate('tagged-2');
        expect([inspector.facts(pid), world.launcher.isRunning('tagged-2')]).toEqual([null, false]);
        // SIGTERM first; this one ignores it, so SIGKILL follows.
        await world.registry.register({ agentId: 'deaf', name: 'Deaf', entryPoint: 'traps.sh' });
        const deaf = (await world.launcher.spawn('deaf')) ?? 0;
        await world.launcher.terminate('deaf');
        expect(inspector.facts(deaf)).toBeNull();
      },
    ],
    [
      'ProcessLauncher.restart(agent_id)',
      async () => {
        const before = world.launcher.getPid('worker');
        expect(await world.launcher.restart('worker', { delaySeconds: 0.5 })).not.toBe(before);
        const events = await world.events('worker');
        const [exited, spawned] = ['agent.exited', 'agent.spawned'].map((type) =>
          events.findLast((event) => event.type === type),
        );
        expect((spawned?.occurredAt ?? 0) - (exited?.occurredAt ?? 0)).toBeGreaterThanOrEqual(450);
      },
    ],
    [
      'ProcessLauncher.get_pid(agent_id)',
      () => {
        const pid = world.launcher.getPid('worker') ?? 0;
        expect(inspector.environment(pid)?.get('AGENT_ID')).toBe('worker');
        expect(world.launcher.getPid('tagged-2')).toBeNull();
      },
    ],
    [
      'ProcessLauncher.is_running(agent_id)',
      () => {
        expect([world.launcher.isRunning('worker'), world.launcher.isRunning('tagged-2')]).toEqual([true, false]);
        expect(inspector.facts(world.launcher.getPid('worker') ?? 0)).not.toBeNull();
      },
    ],
    [
      'HealthMonitor.check(agent_id)',
      async () => {
        expect(await world.health.check('answers')).toMatchObject({ healthy: true, statusCode: 200, error: null });
      },
    ],
    [
      'HealthMonitor.check_all()',
      async () => {
        const results = await world.health.checkAll();
        const registered = world.registry.listAgents().map(({ agentId }) => agentId);
        expect(results.map(({ agentId }) => agentId).toSorted()).toEqual(registered.toSorted());
      },
    ],
    [
      'HealthMonitor.score(agent_id)',
      async () => {
        await until(() => world.health.score('answers') !== null, 'it has a score');
        const { signals } = await world.health.check('answers');
        expect(Object.keys(signals)).toEqual(expect.arrayContaining(['availability', 'latency', 'errors']));
        const score = world.health.score('answers') ?? -1;
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(100);
      },
    ],
    [
      'HealthMonitor.start_loop(interval_seconds)',
      async () => {
        world.health.startLoop(0.4);
        const checkedAt = () => Date.parse(world.health.getReport().agents.answers?.checkedAt ?? '');
        const before = checkedAt();
        await until(() => checkedAt() > before, 'the loop checked it');
      },
    ],
    [
      'HealthMonitor.get_report()',
      () => {
        const { summary, agents } = world.health.getReport();
        expect(summary.total).toBe(world.registry.listAgents().length);
        expect(Object.keys(agents)).toHaveLength(summary.total);
        expect(agents.answers).toMatchObject({ agentId: 'answers', healthy: true });
      },
    ],
    [
      'CircuitBreaker.record_failure(agent_id)',
      async () => {
        await world.circuits.recordFailure('tagged-1');
        expect(world.circuits.circuitOf('tagged-1').failureCount).toBe(1);
      },
    ],
    [
      'CircuitBreaker.record_success(agent_id)',
      async () => {
        await world.circuits.recordSuccess('tagged-1');
        expect(world.circuits.circuitOf('tagged-1').failureCount).toBe(0);
      },
    ],
    [
      'CircuitBreaker.is_tripped(agent_id)',
      async () => {
        for (let count = 0; count < 4; count += 1) await world.circuits.recordFailure('tagged-1');
        expect(world.circuits.isTripped('tagged-1')).toBe(false);
        await world.circuits.recordFailure('tagged-1');
        expect(world.circuits.isTripped('tagged-1')).toBe(true);
      },
    ],
    [
      'CircuitBreaker.reset(agent_id)',
      async () => {
        await world.circuits.reset('tagged-1');
        expect(world.circuits.circuitOf('tagged-1')).toMatchObject({ state: 'CLOSED', failureCount: 0 });
      },
    ],
    [
      'CircuitBreaker.get_state(agent_id)',
      async () => {
        expect(world.circuits.getState('tagged-1')).toBe('CLOSED');
        await world.registry.register({
          ...{ agentId: 'trips', name: 'Trips', entryPoint: 'crasher.py' },
          policy: { circuitFailureThreshold: 1, circuitCooldownSeconds: 1 },
        });
        await world.launcher.spawn('trips').catch(() => null);
        await until(() => world.circuits.getState('trips') === 'OPEN', 'it is OPEN', 30_000);
        await until(async () => (await world.types('trips')).includes('circuit.half-opened'), 'HALF_OPEN', 30_000);
      },
    ],
    [
      'SelfHealingLoop.detect_failures()',
      async () => {
        await until(
          () => world.loop.detectFailures().some(({ agentId, score }) => agentId === 'trips' && score < 50),
          'the failing agent is detected',
          30_000,
        );
        // Stopped by an operator is no failure.
        expect(world.loop.detectFailures().map(({ agentId }) => agentId)).not.toContain('tagged-2');
      },
    ],
    [
      'SelfHealingLoop.diagnose(agent_id)',
      async () => {
        const { line, exitCode } = world.loop.diagnose('trips');
        expect([line, exitCode]).toEqual([expect.stringContaining('crashes on purpose'), 1]);
        await world.waitUntilRunning('answers');
        const { env } = world.registry.getAgent('answers');
        await world.registry.register({
          ...{ agentId: 'grows', name: 'Grows', entryPoint: 'answers.js', maxMemoryMb: 100 },
          env: { ...env, PORT: '0', CONTROL: '/dev/null', EAT_MB: '160' },
        });
        await world.launcher.spawn('grows');
        await until(() => world.loop.diagnose('grows').cause === 'memory-limit', 'its memory is diagnosed', 30_000);
        expect(world.loop.diagnose('grows').memoryBytes).toBeGreaterThan(100 * 1024 * 1024);
        await world.launcher.terminate('grows');
      },
    ],
    [
      'SelfHealingLoop.attempt_recovery(agent_id)',
      async () => {
        expect(await world.loop.attemptRecovery('worker')).toBe(true);
        await world.circuits.recordFailure('tagged-1', { restartable: false });
        expect(await world.loop.attemptRecovery('tagged-1')).toBe(false);
        expect(await world.loop.attemptRecovery('tagged-2')).toBe(false);
      },
    ],
    [
      'SelfHealingLoop.verify_recovery(agent_id)',
      async () => {
        await world.waitUntilRunning('answers');
        const before = world.launcher.getPid('answers');
        world.kill('answers');
        await world.waitUntilReplaced('answers', before);
        expect(await world.loop.verifyRecovery('answers')).toBe(true);
        // Healing acts before its decision is on disk.
        await until(async () => (await world.types('answers')).includes('recovery.verified'), 'the event is on disk');
      },
    ],
    [
      'SelfHealingLoop.escalate(agent_id)',
      async () => {
        await world.loop.escalate('worker');
        await until(() => world.bot.messages(CHAT).some((text) => text.includes('Worker')), 'Telegram has it', 30_000);
        expect(await world.types('worker')).toContain('recovery.escalated');
      },
    ],
    [
      'SelfHealingLoop.run(interval_seconds)',
      async () => {
        await world.loop.run(0.5);
        await world.waitUntilRunning('worker');
        const before = world.launcher.getPid('worker');
        world.kill('worker');
        await world.waitUntilReplaced('worker', before);
      },
    ],
    [
      'CapabilityRegistry.register_capabilities(agent_id, capabilities_list)',
      async () => {
        await world.capabilities.registerCapabilities('worker', ['work.do', 'work.more']);
        expect(world.registry.getAgent('worker').capabilities).toEqual(['work.do', 'work.more']);
      },
    ],
    [
      'CapabilityRegistry.find_capable_agent(capability)',
      async () => {
        await world.waitUntilRunning('worker');
        expect(world.capabilities.findCapableAgent('work.more')).toBe('worker');
        expect(world.capabilities.findCapableAgent('none.at-all')).toBeNull();
      },
    ],
    [
      'CapabilityRegistry.route_task(task_type)',
      async () => {
        expect(await world.capabilities.routeTask('work.do')).toMatchObject({ agentId: 'worker' });
      },
    ],
    [
      'CapabilityRegistry.list_capabilities()',
      () => {
        expect(world.capabilities.listCapabilities()).toMatchObject({
          'content.generate': ['content-agent'],
          'talk.answer': ['answers'],
          'work.do': ['worker'],
        });
      },
    ],
    [
      'Create migration actp_agent_registry',
      () =>
        world.expectColumns('actp_agent_registry', [
          ...['id', 'agent_id', 'name', 'entry_point', 'capabilities', 'health_url', 'status', 'registered_at'],
        ]),
    ],
    [
      'Create migration actp_agent_health_log',
      () =>
        world.expectColumns('actp_agent_health_log', [
          ...['id', 'agent_id', 'health_score', 'response_ms', 'error', 'checked_at'],
        ]),
    ],
    [
      'Create migration actp_agent_restarts',
      () =>
        world.expectColumns('actp_agent_restarts', [
          ...['id', 'agent_id', 'reason', 'pid_before', 'pid_after', 'success', 'restarted_at'],
        ]),
    ],
    [
      'Create migration actp_circuit_breakers',
      () =>
        world.expectColumns('actp_circuit_breakers', [
          ...['agent_id', 'state', 'failure_count', 'last_failure_at', 'tripped_at'],
        ]),
    ],
    [
      'Register content-agent',
      () => {
        world.expectPreRegistered('content-agent', {
          ...{ entryPoint: 'content_generation_agent.py', capabilities: ['content.generate', 'content.publish'] },
        });
      },
    ],
    [
      'Register acquisition-agent',
      () => {
        world.expectPreRegistered('acquisition-agent', {
          entryPoint: 'acquisition_agent.py',
          capabilities: ['outreach.dm', 'outreach.linkedin', 'upwork.propose'],
        });
      },
    ],
    [
      'Register revenue-agent',
      () => {
        world.expectPreRegistered('revenue-agent', {
          ...{ entryPoint: 'revenue_analytics_agent.py', capabilities: ['revenue.track', 'analytics.report'] },
        });
      },
    ],
    [
      'Register orchestrator',
      () => {
        world.expectPreRegistered('orchestrator', {
          entryPoint: 'cognitive_orchestrator.py',
          capabilities: ['orchestrator.plan', 'orchestrator.delegate'],
        });
      },
    ],
    [
      'Register safari-automation',
      () => {
        world.expectPreRegistered('safari-automation', {
          ...{ entryPoint: null, healthUrl: 'http://localhost:3106/health' },
          capabilities: ['research.market', 'dm.send'],
        });
      },
    ],
    [
      'GET /api/agents',
      async () => {
        await world.waitUntilRunning('answers');
        const { agents } = await world.expectAnswer('GET', '/api/agents');
        expect(agents).toContainEqual(
          expect.objectContaining({ agentId: 'answers', healthScore: expect.any(Number) as number }),
        );
      },
    ],
    [
      'POST /api/agents/:id/spawn',
      async () => {
        await world.expectAnswer('POST', '/api/agents/tagged-2/spawn');
        expect(world.launcher.isRunning('tagged-2')).toBe(true);
      },
    ],
    [
      'POST /api/agents/:id/restart',
      async () => {
        const before = world.launcher.getPid('tagged-2');
        await world.expectAnswer('POST', '/api/agents/tagged-2/restart');
        expect(world.launcher.getPid('tagged-2')).not.toBe(before);
      },
    ],
    [
      'POST /api/agents/:id/terminate',
      async () => {
        await world.expectAnswer('POST', '/api/agents/tagged-2/terminate');
        expect(world.launcher.isRunning('tagged-2')).toBe(false);
      },
    ],
    [
      'GET /api/agents/:id/health',
      async () => {
        const body = await world.expectAnswer('GET', '/api/agents/answers/health');
        expect(body).toMatchObject({ agentId: 'answers', healthy: true });
      },
    ],
    [
      'POST /api/agents/:id/circuit-reset',
      async () => {
        expect(world.circuits.getState('tagged-1')).toBe('OPEN');
        await world.expectAnswer('POST', '/api/agents/tagged-1/circuit-reset');
        expect(world.circuits.getState('tagged-1')).toBe('CLOSED');
      },
    ],
    [
      'test_spawn_and_detect_running',
      async () => {
        await world.registry.register({ agentId: 'mock', name: 'Mock', entryPoint: 'sleeper.py' });
        await world.launcher.spawn('mock');
        expect(world.launcher.isRunning('mock')).toBe(true);
      },
    ],
    [
      'test_health_check_healthy',
      async () => {
        await world.waitUntilRunning('answers');
        expect(await world.health.check('answers')).toMatchObject({ healthy: true, statusCode: 200 });
        await until(() => (world.health.score('answers') ?? 0) > 80, 'its score is above 80', 30_000);
      },
    ],
    [
      'test_circuit_breaker_trips_after_5_failures',
      async () => {
        for (let count = 0; count < 5; count += 1) await world.circuits.recordFailure('mock');
        expect(world.circuits.getState('mock')).toBe('OPEN');
      },
    ],
    [
      'test_self_healing_restarts_failed_agent',
      async () => {
        await world.circuits.reset('mock');
        await world.waitUntilRunning('mock');
        const before = world.launcher.getPid('mock');
        world.kill('mock');
        await world.waitUntilReplaced('mock', before);
        await world.waitUntilRunning('mock');
      },
    ],
    [
      'test_capability_routing',
      async () => {
        await world.waitUntilRunning('content-agent');
        expect(await world.capabilities.routeTask('content.generate')).toMatchObject({ agentId: 'content-agent' });
      },
    ],
  ];

  it('has 50 features', () => {
    expect(features).toHaveLength(50);
  });

  features.forEach(([name, proves], index) => {
    describe(`PRD-101 #${index + 1}`, () => {
      it(name, async () => {
        await proves();
      });
    });
  });
});
