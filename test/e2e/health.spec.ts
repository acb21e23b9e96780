import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AgentView } from '../../src/kernel';
import { useHealthSuite } from '../support/health-suite';
import { until } from '../support/until';

/** Runs the real service with real sockets. Agents that live but do not work are restarted. */
describe('health monitoring', () => {
  const suite = useHealthSuite();
  const { causesOf, makeAgent, waitForRecovery } = suite;
  let elsewhere: Server;
  let contacted = 0;

  beforeAll(async () => {
    elsewhere = createServer((_, response) => {
      contacted += 1;
      response.end('{}');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  });

  afterAll(() => {
    elsewhere.close();
  });

  it('scores an agent with a good check over 80, with an explanation', async () => {
    const agent = await makeAgent('well');
    const { healthScore } = await agent.isUp();
    expect(healthScore).toBeGreaterThan(80);
    const result = await suite.service.api.expect<Record<string, unknown>>(200, 'GET', '/api/agents/well/health');
    expect(result).toMatchObject({ agentId: 'well', healthy: true, statusCode: 200, error: null });
    expect(result.explanation).toEqual(expect.any(String));
  });

  it.each([
    ['is-stopped-by-a-signal', null, 'hung'],
    ['hangs', 'hang', 'hung'],
    ['is-slow', 'slow 3000', 'hung'],
    ['never-ends', 'drip', 'hung'],
    ['answers-500', 'status 500', 'unhealthy-response'],
    ['redirects-to-itself', 'redirect', 'unhealthy-response'],
    ['answers-as-another', 'as another-agent', 'unhealthy-response'],
  ])('restarts an agent that %s, and reports the cause', async (agentId, order, cause) => {
    const agent = await makeAgent(agentId);
    const before = await agent.isUp();
    if (order === null) process.kill(before.pid ?? 0, 'SIGSTOP');
    else agent.says(order);
    const after = await waitForRecovery(agent, before);
    expect(await causesOf(agent)).toEqual([cause]);
    expect(after.lastFailure).toMatchObject({ cause, action: 'restart' });
    expect(after.restarts).toBe(1);
    const { restarts } = await suite.service.api.expect<{ restarts: { reason: string }[] }>(
      200,
      'GET',
      `/api/agents/${agentId}/restarts`,
    );
    expect(restarts).toHaveLength(1);
  });

  it('counts a redirect to another host as an answer, reports it, and does not follow it', async () => {
    const agent = await makeAgent('redirects-elsewhere');
    const before = await agent.isUp();
    // The name differs, so it counts as another host, although it leads to this machine.
    agent.says(`redirect http://0.0.0.0:${(elsewhere.address() as AddressInfo).port}/health`);
    await until(async () => {
      const report = await suite.service.api.expect<object>(200, 'GET', '/api/agents/redirects-elsewhere/health');
      return /redirects to http:\/\/0\.0\.0\.0/i.test(JSON.stringify(report));
    }, 'the redirect is reported');
    expect(await agent.view()).toMatchObject({ pid: before.pid, restarts: 0, status: 'running' });
    expect(contacted).toBe(0);
  });

  it('restarts an agent that fails two of each three checks', async () => {
    const agent = await makeAgent('two-of-three');
    const before = await agent.isUp();
    agent.says('ok | status 500 | status 500');
    await waitForRecovery(agent, before);
    expect(await causesOf(agent)).toEqual(['unhealthy-response']);
  });

  it('tolerates single failed checks and a huge body', async () => {
    const agent = await makeAgent('now-and-then', { order: 'ok | huge | status 503' });
    const before = await agent.isUp();
    await until(async () => {
      const { checks } = await suite.service.api.expect<{ checks: unknown[] }>(
        200,
        'GET',
        '/api/agents/now-and-then/health-log',
      );
      return checks.length > 0;
    }, 'checks are logged');
    await suite.pulse.checks(12);
    expect(await agent.view()).toMatchObject({ pid: before.pid, restarts: 0, status: 'running' });
  });

  it('waits for a start that takes longer than many checks', async () => {
    const agent = await makeAgent('slow-start', {
      env: { START_DELAY_MS: '4000' },
      definition: { policy: { startupGraceSeconds: 60 } },
    });
    const { pid } = await agent.view();
    const up = await agent.isUp();
    expect(up).toMatchObject({ pid, restarts: 0 });
    expect(await causesOf(agent)).toEqual([]);
  });

  it('restarts an agent that never answers within its grace period', async () => {
    const agent = await makeAgent('never-starts', {
      env: { START_DELAY_MS: '600000' },
      definition: { policy: { startupGraceSeconds: 1 } },
    });
    const { pid } = await agent.view();
    await agent.isReplaced(pid);
    expect((await causesOf(agent))[0]).toBe('unhealthy-response');
    await suite.service.api.terminate(agent.agentId);
  });

  it('reports a health URL whose host name does not resolve', async () => {
    const agent = await makeAgent('nowhere', {
      definition: {
        healthUrl: 'http://nowhere.invalid:4101/health',
        policy: { startupGraceSeconds: 1, circuitFailureThreshold: 1 },
      },
    });
    const halted = await until(async () => {
      const view = await agent.view();
      return view.status === 'halted' || view.lastFailure !== null ? view : null;
    }, 'the failure is detected');
    expect(halted.lastFailure?.line).toContain('nowhere.invalid');
    await suite.service.api.terminate(agent.agentId);
  });

  it('restarts an agent whose process tree grows beyond maxMemoryMb', async () => {
    const agent = await makeAgent('grows', {
      isChecked: false,
      env: { EAT_MB: '200' },
      definition: { maxMemoryMb: 120 },
    });
    const { pid } = await agent.view();
    await agent.isReplaced(pid);
    expect((await causesOf(agent))[0]).toBe('memory-limit');
    await suite.service.api.terminate(agent.agentId);
  });

  it('shows an agent with policy.restart never as unhealthy, and does not restart it', async () => {
    const agent = await makeAgent('left-alone', { definition: { policy: { restart: 'never' } } });
    const before = await agent.isUp();
    agent.says('status 500');
    const seen = await until(async () => {
      const view = await agent.view();
      return view.status === 'unhealthy' ? view : null;
    }, 'the agent is unhealthy');
    expect(seen).toMatchObject({ pid: before.pid, restarts: 0 });
    expect(seen.healthScore).toBeLessThan(50);
    agent.says('ok');
    await until(async () => (await agent.view()).status === 'running', 'the agent is running');
    const readTypes = async () =>
      (await suite.service.api.eventTypes(agent.agentId)).filter((type) => type.endsWith('healthy'));
    await until(async () => (await readTypes()).length > 1, 'both events are in the history');
    expect(await readTypes()).toEqual(['agent.unhealthy', 'agent.healthy']);
  });

  it('neither kills nor starts a paused agent, and heals it after the resume', async () => {
    const agent = await makeAgent('debugged');
    const before = await agent.isUp();
    const paused = await suite.service.api.expect<AgentView>(200, 'POST', '/api/agents/debugged/pause', { minutes: 5 });
    expect(Date.parse(paused.pausedUntil ?? '')).toBeGreaterThan(Date.now() + 4 * 60_000);
    agent.says('status 500');
    await until(async () => (await agent.view()).status === 'unhealthy', 'the agent is unhealthy');
    process.kill(before.pid ?? 0, 'SIGKILL');
    await until(async () => (await agent.view()).pid === null, 'the exit is recorded');
    await suite.pulse.checks(4);
    expect(await agent.view()).toMatchObject({ pid: null, restarts: 0 });
    agent.says('ok');
    await suite.service.api.expect(200, 'POST', '/api/agents/debugged/resume');
    const after = await agent.isUp();
    expect(after.pausedUntil).toBeNull();
    expect((await suite.service.api.eventTypes('debugged')).filter((type) => /paused|resumed/.test(type))).toEqual([
      'agent.paused',
      'agent.resumed',
    ]);
  });

  it('does not count requested checks, and reports every agent', async () => {
    const agent = await makeAgent('asked-often', {
      definition: { policy: { healthIntervalSeconds: 60 } },
    });
    const before = await agent.isUp();
    agent.says('status 500');
    const failed = new Set<string>();
    await until(
      async () => {
        const { body } = await suite.service.api.get<{ error: string | null; checkedAt: string }>(
          '/api/agents/asked-often/health',
        );
        // At most one check a second is made; requests in between get its result.
        if (body.error !== null) failed.add(body.checkedAt);
        return failed.size >= 6;
      },
      'six checks failed',
      60_000,
    );
    expect(await agent.view()).toMatchObject({ pid: before.pid, status: 'running', restarts: 0 });
    const report = await suite.service.api.expect<{ summary: Record<string, number>; agents: Record<string, unknown> }>(
      200,
      'GET',
      '/api/health',
    );
    const agents = await suite.service.api.agents();
    expect(report.summary.total).toBe(agents.length);
    expect(Object.keys(report.agents).sort()).toEqual(agents.map(({ agentId }) => agentId).sort());
  });
});
