import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AgentView } from '../../src/kernel';
import { makeHealthAgent, type HealthAgent } from '../support/health-agent';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

/** Timings under which a hang is seen within two seconds or so. */
const QUICK_HEALTH = {
  HEALTH_INTERVAL_SECONDS: '0.4',
  HEALTH_TIMEOUT_SECONDS: '0.4',
  STARTUP_GRACE_SECONDS: '6',
  HEARTBEAT_TIMEOUT_SECONDS: '1.5',
  STABLE_SECONDS: '1',
  CIRCUIT_FAILURE_THRESHOLD: '50',
  CIRCUIT_FAILURES_PER_HOUR: '100',
};

/** What lives but does not work is found out, ended and started anew; the real service, real sockets. */
describe('an agent that lives but is not well', () => {
  let service: TestService;
  let elsewhere: Server;
  let contacted = 0;

  beforeAll(async () => {
    service = await makeService({ settings: QUICK_HEALTH });
    elsewhere = createServer((_, response) => {
      contacted += 1;
      response.end('{}');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    elsewhere.close();
    await service.destroy();
  });

  const causesOf = async (agent: HealthAgent) =>
    (await service.api.events(agent.agentId))
      .filter(({ type }) => type === 'recovery.diagnosed')
      .map(({ data }) => data.cause);

  /** It is replaced, once, and well again; @returns why. */
  async function healed(agent: HealthAgent, before: AgentView): Promise<AgentView> {
    await agent.isReplaced(before.pid);
    agent.says('ok');
    const after = await agent.isUp();
    await until(async () => (await service.api.eventTypes(agent.agentId)).includes('recovery.verified'), 'verified');
    return after;
  }

  it('with a good check it is well: a score over 80, and an explanation', async () => {
    const agent = await makeHealthAgent(service, 'well');
    const { healthScore } = await agent.isUp();
    expect(healthScore).toBeGreaterThan(80);
    const result = await service.api.expect<Record<string, unknown>>(200, 'GET', '/api/agents/well/health');
    expect(result).toMatchObject({ agentId: 'well', healthy: true, statusCode: 200, error: null });
    expect(result.explanation).toEqual(expect.any(String));
  });

  it.each([
    ['stopped-by-a-signal', null, 'hung'],
    ['hangs', 'hang', 'hung'],
    ['is-slow', 'slow 3000', 'hung'],
    ['never-ends', 'drip', 'hung'],
    ['answers-500', 'status 500', 'unhealthy-response'],
    ['redirects-to-itself', 'redirect', 'unhealthy-response'],
    ['answers-as-another', 'as somebody-else', 'unhealthy-response'],
  ])('%s: replaced, and the cause is told', async (agentId, order, cause) => {
    const agent = await makeHealthAgent(service, agentId);
    const before = await agent.isUp();
    if (order === null) process.kill(before.pid ?? 0, 'SIGSTOP');
    else agent.says(order);
    const after = await healed(agent, before);
    expect(await causesOf(agent)).toEqual([cause]);
    expect(after.lastFailure).toMatchObject({ cause, action: 'restart' });
    expect(after.restarts).toBe(1);
    const { restarts } = await service.api.expect<{ restarts: { reason: string }[] }>(
      200,
      'GET',
      `/api/agents/${agentId}/restarts`,
    );
    expect(restarts).toHaveLength(1);
  });

  it('a redirect elsewhere is not followed', async () => {
    const agent = await makeHealthAgent(service, 'redirects-elsewhere');
    const before = await agent.isUp();
    agent.says(`redirect http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/health`);
    await healed(agent, before);
    expect(await causesOf(agent)).toEqual(['unhealthy-response']);
    expect(contacted).toBe(0);
  });

  it('two checks of three failing for ever are found out', async () => {
    const agent = await makeHealthAgent(service, 'two-of-three');
    const before = await agent.isUp();
    agent.says('ok | status 500 | status 500');
    await healed(agent, before);
    expect(await causesOf(agent)).toEqual(['unhealthy-response']);
  });

  it('one failed check now and then does no harm, nor a huge body', async () => {
    const agent = await makeHealthAgent(service, 'now-and-then', { order: 'ok | huge | status 503' });
    const before = await agent.isUp();
    await until(async () => {
      const { checks } = await service.api.expect<{ checks: unknown[] }>(
        200,
        'GET',
        '/api/agents/now-and-then/health-log',
      );
      return checks.length > 0;
    }, 'checks are logged');
    await new Promise((resolve) => setTimeout(resolve, 5_000)); // a dozen checks: nothing is to happen in them
    expect(await agent.view()).toMatchObject({ pid: before.pid, restarts: 0, status: 'running' });
  });

  it('a start that takes longer than many checks is waited for', async () => {
    const agent = await makeHealthAgent(service, 'slow-start', { env: { START_DELAY_MS: '4000' } });
    const { pid } = await agent.view();
    const up = await agent.isUp();
    expect(up).toMatchObject({ pid, restarts: 0 });
    expect(await causesOf(agent)).toEqual([]);
  });

  it('one that never answers after its start has failed when the grace is over', async () => {
    const agent = await makeHealthAgent(service, 'never-starts', {
      env: { START_DELAY_MS: '600000' },
      definition: { policy: { startupGraceSeconds: 1 } },
    });
    const { pid } = await agent.view();
    await agent.isReplaced(pid);
    expect((await causesOf(agent))[0]).toBe('unhealthy-response');
    await service.api.terminate(agent.agentId);
  });

  it('a health URL that resolves nowhere is told as what it is', async () => {
    const agent = await makeHealthAgent(service, 'nowhere', {
      definition: {
        healthUrl: 'http://nowhere.invalid:4101/health',
        policy: { startupGraceSeconds: 1, circuitFailureThreshold: 1 },
      },
    });
    const halted = await until(async () => {
      const view = await agent.view();
      return view.status === 'halted' || view.lastFailure !== null ? view : null;
    }, 'it is found out');
    expect(halted.lastFailure?.line).toContain('nowhere.invalid');
    await service.api.terminate(agent.agentId);
  });

  it('a heartbeat that stops is a failure, one that goes on is none', async () => {
    const options = { isChecked: false, env: { BEAT: '{"status":"ok"}', BEAT_EVERY_MS: '200' } };
    const quiet = await makeHealthAgent(service, 'goes-quiet', options);
    const steady = await makeHealthAgent(service, 'goes-on', options);
    const [before, other] = [await quiet.isUp(), await steady.isUp()];
    quiet.says('quiet');
    await healed(quiet, before);
    expect(await causesOf(quiet)).toEqual(['stale-heartbeat']);
    expect(await steady.view()).toMatchObject({ pid: other.pid, restarts: 0 });
  });

  it('busy without progress is stuck', async () => {
    const agent = await makeHealthAgent(service, 'is-stuck', {
      isChecked: false,
      env: { BEAT: '{"status":"ok","busy":true,"task":"the same for ever"}', BEAT_EVERY_MS: '200' },
      definition: { policy: { progressTimeoutSeconds: 1.5 } },
    });
    const { pid } = await agent.view();
    await agent.isReplaced(pid);
    expect((await causesOf(agent))[0]).toBe('stuck');
    await service.api.terminate(agent.agentId);
  });

  it('over its token budget it is stopped, and only a person starts it again', async () => {
    const agent = await makeHealthAgent(service, 'spends', {
      isChecked: false,
      env: { BEAT: '{"tokensUsed":1200}', BEAT_EVERY_MS: '200' },
      definition: { policy: { tokenBudget: 1_000, circuitCooldownSeconds: 0.2 } },
    });
    const halted = await until(async () => {
      const view = await agent.view();
      return view.status === 'halted' && view.pid === null ? view : null;
    }, 'it is halted');
    expect(halted).toMatchObject({ desiredState: 'running', nextAttemptAt: null });
    expect(halted.lastFailure).toMatchObject({ cause: 'over-budget', action: 'halt' });
    await new Promise((resolve) => setTimeout(resolve, 1_500)); // several cool-downs: no trial is to be made
    expect(await agent.view()).toMatchObject({ status: 'halted', pid: null });
    await service.api.expect(200, 'PATCH', '/api/agents/spends', { policy: { tokenBudget: 1_000_000 } });
    await service.api.expect(200, 'POST', '/api/agents/spends/circuit-reset');
    await agent.isUp();
  });

  it('a process tree that grows beyond maxMemoryMb is restarted', async () => {
    const agent = await makeHealthAgent(service, 'grows', {
      isChecked: false,
      env: { EAT_MB: '200' },
      definition: { maxMemoryMb: 120 },
    });
    const { pid } = await agent.view();
    await agent.isReplaced(pid);
    expect((await causesOf(agent))[0]).toBe('memory-limit');
    await service.api.terminate(agent.agentId);
  });

  it('under policy.restart never it is told to be unhealthy, and left alone', async () => {
    const agent = await makeHealthAgent(service, 'left-alone', { definition: { policy: { restart: 'never' } } });
    const before = await agent.isUp();
    agent.says('status 500');
    const seen = await until(async () => {
      const view = await agent.view();
      return view.status === 'unhealthy' ? view : null;
    }, 'it is told to be unhealthy');
    expect(seen).toMatchObject({ pid: before.pid, restarts: 0 });
    expect(seen.healthScore).toBeLessThan(50);
    agent.says('ok');
    await until(async () => (await agent.view()).status === 'running', 'it is well again');
    const told = async () => (await service.api.eventTypes(agent.agentId)).filter((type) => type.endsWith('healthy'));
    await until(async () => (await told()).length > 1, 'both stand in the history');
    expect(await told()).toEqual(['agent.unhealthy', 'agent.healthy']);
  });

  it('while it is paused it is neither ended nor started; afterwards healing takes over', async () => {
    const agent = await makeHealthAgent(service, 'debugged');
    const before = await agent.isUp();
    const paused = await service.api.expect<AgentView>(200, 'POST', '/api/agents/debugged/pause', { minutes: 5 });
    expect(Date.parse(paused.pausedUntil ?? '')).toBeGreaterThan(Date.now() + 4 * 60_000);
    agent.says('status 500');
    await until(async () => (await agent.view()).status === 'unhealthy', 'it is told to be unhealthy');
    process.kill(before.pid ?? 0, 'SIGKILL');
    await until(async () => (await agent.view()).pid === null, 'its death is recorded');
    await new Promise((resolve) => setTimeout(resolve, 1_500)); // several passes: nothing is to be started
    expect(await agent.view()).toMatchObject({ pid: null, restarts: 0 });
    agent.says('ok');
    await service.api.expect(200, 'POST', '/api/agents/debugged/resume');
    const after = await agent.isUp();
    expect(after.pausedUntil).toBeNull();
    expect((await service.api.eventTypes('debugged')).filter((type) => /paused|resumed/.test(type))).toEqual([
      'agent.paused',
      'agent.resumed',
    ]);
  });

  it('the report covers everybody, and a check asked for by a reader counts for nothing', async () => {
    const agent = await makeHealthAgent(service, 'asked-often', {
      definition: { policy: { healthIntervalSeconds: 60 } },
    });
    const before = await agent.isUp();
    agent.says('status 500');
    for (let count = 0; count < 6; count += 1) {
      await until(async () => {
        const { body } = await service.api.get<{ error: string | null }>('/api/agents/asked-often/health');
        return body.error !== null;
      }, 'a check shows the answer');
      await new Promise((resolve) => setTimeout(resolve, 1_000)); // at most one check a second is made
    }
    expect(await agent.view()).toMatchObject({ pid: before.pid, status: 'running', restarts: 0 });
    const report = await service.api.expect<{ summary: Record<string, number>; agents: Record<string, unknown> }>(
      200,
      'GET',
      '/api/health',
    );
    const agents = await service.api.agents();
    expect(report.summary.total).toBe(agents.length);
    expect(Object.keys(report.agents).sort()).toEqual(agents.map(({ agentId }) => agentId).sort());
  });
});
