/* eslint-disable max-lines -- one table: each feature with its proof */
import { EventLog, RestartLog } from '../../src/events';
import { HealthLog, Heartbeats } from '../../src/health';
import { Notifications } from '../../src/notifications';
import { FIRST_START_AGENTS } from '../../src/registry/first-start-agents';
import { LinuxProcessInspector } from '../../src/runtime';
import { makeFeatureWorld, VIEWER } from '../support/feature-world';
import { freePort } from '../support/health-agent';
import { until } from '../support/until';

const FEATURES = 50;

/** What it is, and its proof. */
type Feature = readonly [string, () => unknown];

/**
 * The owner's 50 features, one test each, on the real providers and processes. The owner's document gave them no numbers that
 * have come down to us: these follow the order of its modules.
 */
describe('PRD-101', () => {
  const inspector = new LinuxProcessInspector();
  let world: Awaited<ReturnType<typeof makeFeatureWorld>>;

  beforeAll(async () => {
    world = await makeFeatureWorld();
  });

  afterAll(async () => {
    await world.app.destroy();
  });

  const features: readonly Feature[] = [
    [
      'AgentRegistry.register takes id, name, entry point, capabilities and health URL',
      async () => {
        const agent = await world.registry.register('made', 'Made', 'sleeper.sh', ['a.b'], 'http://127.0.0.1:1/health');
        expect(agent).toMatchObject({ agentId: 'made', capabilities: ['a.b'], entryPoint: 'sleeper.sh' });
      },
    ],
    [
      'AgentRegistry.listAgents',
      () => {
        expect(world.registry.listAgents().map(({ agentId }) => agentId)).toContain('worker');
      },
    ],
    [
      'AgentRegistry.getAgent',
      () => {
        expect(world.registry.getAgent('worker').name).toBe('Worker');
      },
    ],
    [
      'AgentRegistry.unregister',
      async () => {
        await world.registry.unregister('made');
        expect(() => world.registry.getAgent('made')).toThrow();
      },
    ],
    [
      'agents are kept in actp_agent_registry',
      async () => {
        expect((await world.rows('actp_agent_registry')).map(({ agent_id: id }) => id)).toContain('worker');
      },
    ],
    [
      'the five agents of the first start are there',
      () => {
        expect(FIRST_START_AGENTS).toHaveLength(5);
        for (const { agentId } of FIRST_START_AGENTS) expect(world.registry.getAgent(agentId).agentId).toBe(agentId);
      },
    ],
    [
      'ProcessLauncher.spawn',
      async () => {
        expect(inspector.facts((await world.launcher.spawn('worker')) ?? 0)).not.toBeNull();
      },
    ],
    [
      'ProcessLauncher.spawnAll by tags',
      async () => {
        const results = await world.launcher.spawnAll(['pair']);
        expect(results.map(({ agentId, ok }) => [agentId, ok])).toEqual([
          ['tagged-1', true],
          ['tagged-2', true],
        ]);
      },
    ],
    [
      'ProcessLauncher.getPid',
      () => {
        expect(world.launcher.getPid('worker')).toEqual(expect.any(Number));
      },
    ],
    [
      'ProcessLauncher.isRunning',
      () => {
        expect(world.launcher.isRunning('worker')).toBe(true);
      },
    ],
    [
      'ProcessLauncher.restart with a delay',
      async () => {
        const before = world.launcher.getPid('worker');
        const began = performance.now();
        expect(await world.launcher.restart('worker', { delaySeconds: 0.5 })).not.toBe(before);
        expect(performance.now() - began).toBeGreaterThan(450);
      },
    ],
    [
      'ProcessLauncher.terminate',
      async () => {
        const pid = world.launcher.getPid('tagged-2') ?? 0;
        await world.launcher.terminate('tagged-2');
        expect([inspector.facts(pid), world.launcher.isRunning('tagged-2')]).toEqual([null, false]);
      },
    ],
    [
      'pm2 ls shows the same processes',
      () => {
        const listed = world.app.home.list().find(({ name }) => name === 'worker');
        expect([listed?.pid, listed?.pm2_env.namespace]).toEqual([world.launcher.getPid('worker'), 'agents']);
      },
    ],
    [
      'a process is given its own environment, and no secret of ours',
      () => {
        const given = inspector.environment(world.launcher.getPid('worker') ?? 0);
        expect(given?.get('AGENT_ID')).toBe('worker');
        expect([...(given?.values() ?? [])].join()).not.toContain('admin-token-of-the-prd');
      },
    ],
    [
      'what a person stopped stays stopped',
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 1_200)); // some passes: nothing is to be started
        expect(world.directory.view('tagged-2')).toMatchObject({ desiredState: 'stopped', pid: null });
      },
    ],
    [
      'HealthMonitor.check',
      async () => {
        expect(await world.health.check('answers')).toMatchObject({ healthy: true, statusCode: 200 });
      },
    ],
    [
      'HealthMonitor.checkAll',
      async () => {
        const results = await world.health.checkAll();
        expect(results).toHaveLength(world.registry.listAgents().length);
      },
    ],
    [
      'HealthMonitor.score, 0 to 100',
      async () => {
        await until(() => world.health.score('answers') !== null, 'it is scored');
        expect(world.health.score('answers')).toBeGreaterThan(80);
        expect(world.health.score('tagged-2')).toBeNull();
      },
    ],
    [
      'HealthMonitor.startLoop checks by itself, each agent in its interval',
      async () => {
        world.health.startLoop(0.4);
        const before = Date.parse(world.health.getReport().agents.answers?.checkedAt ?? '');
        await until(
          () => Date.parse(world.health.getReport().agents.answers?.checkedAt ?? '') > before,
          'it was checked',
        );
      },
    ],
    [
      'HealthMonitor.getReport',
      () => {
        const { summary, agents } = world.health.getReport();
        expect(summary.total).toBe(Object.keys(agents).length);
        expect(summary.running).toBeGreaterThan(0);
      },
    ],
    [
      'a wrong answer of a health URL is found out',
      async () => {
        await world.isRunning('answers');
        const before = world.launcher.getPid('answers');
        world.write('answers', 'status 500');
        await world.isReplaced('answers', before);
        world.write('answers', 'ok');
        await world.isRunning('answers');
        expect(world.loop.diagnose('answers').cause).toBe('unhealthy-response');
      },
    ],
    [
      'heartbeats are taken, and what they announce',
      async () => {
        await world.app.get(Heartbeats).record('worker', { status: 'ok', endpoint: 'http://127.0.0.1:4999' });
        expect(world.directory.view('worker').announced?.endpoint).toBe('http://127.0.0.1:4999');
      },
    ],
    [
      'maxMemoryMb counts the whole process tree',
      async () => {
        const { env } = world.registry.getAgent('answers');
        await world.registry.register({
          ...{ agentId: 'grows', name: 'Grows', entryPoint: 'answers.js', maxMemoryMb: 100 },
          env: { ...env, PORT: String(await freePort()), CONTROL: world.orderOf('grows'), EAT_MB: '160' },
        });
        await world.launcher.spawn('grows');
        await until(() => world.loop.diagnose('grows').cause === 'memory-limit', 'it is found out', 30_000);
        await world.launcher.terminate('grows');
      },
    ],
    [
      'checks are kept in actp_agent_health_log',
      async () => {
        await until(async () => (await world.app.get(HealthLog).list('answers', 10)).length > 0, 'there are rows');
      },
    ],
    [
      'CircuitBreaker.recordFailure adds 1',
      () => {
        world.circuits.recordFailure('tagged-1');
        expect(world.circuits.circuitOf('tagged-1').failureCount).toBe(1);
      },
    ],
    [
      'CircuitBreaker.recordSuccess: 0 and CLOSED at once',
      () => {
        world.circuits.recordSuccess('tagged-1');
        expect(world.circuits.circuitOf('tagged-1')).toMatchObject({ failureCount: 0, state: 'CLOSED' });
      },
    ],
    [
      'a circuit trips after 5 failures',
      () => {
        for (let count = 0; count < 5; count += 1) world.circuits.recordFailure('tagged-1');
        expect(world.circuits.getState('tagged-1')).toBe('OPEN');
      },
    ],
    [
      'CircuitBreaker.isTripped: true exactly in OPEN',
      () => {
        expect(world.circuits.isTripped('tagged-1')).toBe(true);
      },
    ],
    [
      'OPEN means that there is no process',
      async () => {
        await until(
          () => world.directory.view('tagged-1').status === 'halted' && world.launcher.getPid('tagged-1') === null,
          'halted',
        );
      },
    ],
    [
      'after the cool-down there is one trial, HALF_OPEN',
      async () => {
        await until(
          async () => (await world.types('tagged-1')).includes('circuit.half-opened'),
          'there is a trial',
          30_000,
        );
      },
    ],
    [
      'CircuitBreaker.reset closes, and starts what should run',
      async () => {
        await world.circuits.reset('tagged-1');
        expect(world.circuits.getState('tagged-1')).toBe('CLOSED');
        await until(() => world.launcher.isRunning('tagged-1'), 'it runs');
      },
    ],
    [
      'circuits are kept in actp_circuit_breakers',
      async () => {
        expect((await world.rows('actp_circuit_breakers')).map(({ agent_id: id }) => id)).toContain('tagged-1');
      },
    ],
    [
      'SelfHealingLoop.run brings back what died',
      async () => {
        await world.loop.run(0.5);
        await world.isRunning('worker');
        const before = world.launcher.getPid('worker');
        world.kill('worker');
        await world.isReplaced('worker', before);
      },
    ],
    [
      'SelfHealingLoop.detectFailures: should run, score below 50',
      () => {
        const failures = world.loop.detectFailures();
        // The agents of the first start have no programs in this folder.
        expect(failures).toContainEqual({ agentId: 'content-agent', status: 'halted', score: 0 });
        expect(failures.map(({ agentId }) => agentId)).not.toContain('tagged-2');
      },
    ],
    [
      'SelfHealingLoop.diagnose says why, with evidence',
      () => {
        expect(world.loop.diagnose('content-agent')).toMatchObject({ cause: 'entry-point-missing', open: true });
        expect(world.loop.diagnose('worker')).toMatchObject({ cause: 'killed-by-signal', signal: 'SIGKILL' });
      },
    ],
    [
      'SelfHealingLoop.attemptRecovery starts what is down, and nothing that must not be',
      async () => {
        expect(await world.loop.attemptRecovery('worker')).toBe(true);
        expect(await world.loop.attemptRecovery('tagged-2')).toBe(false);
        expect(await world.loop.attemptRecovery('content-agent')).toBe(false);
      },
    ],
    [
      'SelfHealingLoop.verifyRecovery',
      async () => {
        expect(await world.loop.verifyRecovery('worker')).toBe(true);
      },
    ],
    [
      'SelfHealingLoop.escalate tells a person, once an incident',
      async () => {
        await world.loop.escalate('worker');
        await world.loop.escalate('worker');
        await until(
          async () => (await world.types('worker')).includes('recovery.escalated'),
          'it stands in the history',
        );
        expect((await world.types('worker')).filter((type) => type === 'recovery.escalated')).toHaveLength(1);
      },
    ],
    [
      'back-off grows from failure to failure',
      async () => {
        await world.registry.register({ agentId: 'fails', name: 'Fails', entryPoint: 'crasher.py' });
        await world.launcher.spawn('fails').catch(() => null);
        await until(() => world.directory.view('fails').status === 'halted', 'it is halted', 30_000);
        const delays = (await world.events('fails'))
          .filter(({ type }) => type === 'recovery.scheduled')
          .map(({ data }) => Number(data.delayMs));
        expect(delays[0]).toBe(0);
        expect(delays[3]).toBeGreaterThan(delays[1] ?? Infinity);
      },
    ],
    [
      'restarts are kept in actp_agent_restarts',
      async () => {
        const [last] = await world.app.get(RestartLog).list('worker', 1);
        expect(last).toMatchObject({ success: true, pidAfter: world.launcher.getPid('worker') });
      },
    ],
    [
      'CapabilityRegistry.registerCapabilities',
      async () => {
        await world.capabilities.registerCapabilities('worker', ['work.do', 'work.more']);
        expect(world.registry.getAgent('worker').capabilities).toEqual(['work.do', 'work.more']);
      },
    ],
    [
      'CapabilityRegistry.findCapableAgent',
      async () => {
        await world.isRunning('worker');
        expect([
          world.capabilities.findCapableAgent('work.more'),
          world.capabilities.findCapableAgent('none.at-all'),
        ]).toEqual([...['worker', null]]);
      },
    ],
    [
      'CapabilityRegistry.routeTask',
      () => {
        expect(world.capabilities.routeTask('work.do')).toMatchObject({ agentId: 'worker' });
      },
    ],
    [
      'CapabilityRegistry.listCapabilities',
      () => {
        expect(world.capabilities.listCapabilities()).toMatchObject({
          'work.do': ['worker'],
          'talk.answer': ['answers'],
        });
      },
    ],
    [
      'every lifecycle event is kept in actp_agent_events, numbered without a gap',
      async () => {
        const seqs = (await world.app.get(EventLog).list({ after: 0, limit: 1_000 })).map(({ seq }) => seq);
        expect(seqs).toEqual(seqs.map((_, index) => index + 1));
      },
    ],
    [
      'all of it over REST',
      async () => {
        const { agents } = (await (await world.get('/api/agents')).json()) as { agents: { agentId: string }[] };
        expect(agents.map(({ agentId }) => agentId)).toContain('worker');
      },
    ],
    [
      'Swagger UI, with an OpenAPI document',
      async () => {
        expect((await world.get('/docs', null)).status).toBe(200);
        expect(await (await world.get('/docs-json', null)).json()).toMatchObject({
          openapi: expect.stringMatching(/^3/) as string,
        });
      },
    ],
    [
      'readiness by Terminus',
      async () => {
        expect((await world.get('/health/ready', null)).status).toBe(200);
      },
    ],
    [
      'tokens with roles',
      async () => {
        expect((await world.get('/api/agents', null)).status).toBe(401);
        const refused = await fetch(`${world.app.url}/api/agents/worker`, {
          ...{ method: 'DELETE', headers: { authorization: `Bearer ${VIEWER}` } },
        });
        expect(refused.status).toBe(403);
      },
    ],
    [
      'escalations that no token is set for are logged, and count as told',
      async () => {
        const notifications = world.app.get(Notifications);
        await until(() => notifications.status().waiting === 0, 'nothing waits');
        expect(notifications.status()).toMatchObject({ configured: false, degraded: null });
      },
    ],
  ];

  it(`has ${FEATURES} features`, () => {
    expect(features).toHaveLength(FEATURES);
  });

  it.each(features.map(([name, proves], index) => [index + 1, name, proves] as const))(
    'PRD-101 #%d %s',
    async (_, __, proves) => {
      await proves();
    },
  );
});
