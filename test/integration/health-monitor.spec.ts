import { HealthLog, Heartbeats } from '../../src/health';
import { isoTime } from '../../src/kernel';
import { AgentRegistry } from '../../src/registry';
import { RIGHT_HEADER } from '../support/check-server';
import { useMonitoredAgents } from '../support/monitored-agents';
import { until } from '../support/until';

/** Tests the monitor with its real parts. The test answers the health URLs of its agents, so it sees each request. */
describe('the health monitor', () => {
  const agents = useMonitoredAgents();
  const { start, viewOf, waitForChecks } = agents;

  afterAll(() => {
    jest.restoreAllMocks();
  });

  it('never checks an agent twice at once, and a slow agent delays no other', async () => {
    agents.server.delays.set('one', 2_000);
    const before = agents.server.countOf('one');
    await waitForChecks('two');
    await waitForChecks('three');
    await until(() => agents.server.countOf('one') >= before + 2, 'the slow agent is checked again');
    expect(agents.server.maxPending).toBe(1);
    agents.server.delays.delete('one');
    expect(viewOf('one').restarts).toBe(0);
  });

  it('changes no verdict and delays no other agent when a check throws (kubelet)', async () => {
    const append = jest.spyOn(agents.app.get(HealthLog), 'append').mockImplementation(() => {
      throw new Error('a bug');
    });
    await waitForChecks('two');
    await waitForChecks('one');
    append.mockRestore();
    await waitForChecks('two');
    expect(['one', 'two', 'three'].map((agentId) => viewOf(agentId).restarts)).toEqual([0, 0, 0]);
    expect(['one', 'two'].map((agentId) => agents.monitor.isFailing(agentId))).toEqual([false, false]);
  });

  it('makes at most one requested check a second, and shares it among callers', async () => {
    agents.monitor.stopLoop();
    const before = agents.server.countOf('three');
    const results = await Promise.all(Array.from({ length: 20 }, () => agents.monitor.check('three')));
    expect(new Set(results).size).toBe(1);
    expect(agents.server.countOf('three') - before).toBeLessThanOrEqual(2);
    expect(results[0]).toMatchObject({ healthy: true, statusCode: 200, signals: { errors: 1, progress: 1 } });
    // The log contains the check with the time that the caller saw.
    const times = async () =>
      (await agents.app.get(HealthLog).list('three', 10)).map(({ checkedAt }) => isoTime(checkedAt));
    await until(
      async () => (await times()).includes(results[0]?.checkedAt ?? ''),
      'the check is logged with the same time',
    );
    await expect(agents.monitor.check('unregistered')).rejects.toMatchObject({ code: 'agent-not-found' });
    agents.monitor.startLoop(0.3);
  });

  it('shows the same time for a check in the answer, the report and the log', async () => {
    const logged = async (agentId: string) =>
      (await agents.app.get(HealthLog).list(agentId, 1_000)).map(({ checkedAt }) => checkedAt);
    const { checkedAt } = await agents.monitor.check('two');
    const time = Date.parse(checkedAt);
    await until(async () => (await logged('two')).includes(time), 'the log contains the time');
    await start('timed');
    await until(async () => (await logged('timed')).length > 0, 'the first check is logged');
    agents.monitor.startLoop(3_600); // no more checks, so the report shows that check
    const shown = await until(async () => {
      const at = Date.parse(agents.monitor.getReport().agents.timed?.checkedAt ?? '');
      return (await logged('timed')).includes(at) ? at : null;
    }, 'the report shows the time of the log');
    expect(Number.isInteger(shown)).toBe(true);
    agents.monitor.startLoop(0.3);
  });

  describe('a misconfigured check', () => {
    beforeAll(async () => {
      agents.server.refusals.set('locked', 401);
      await start('locked');
      await until(() => agents.server.countOf('locked') > 0, 'the agent is checked');
    });

    it('lets the agent become verified and stable, with a score of at most 60 and advice', async () => {
      await until(() => viewOf('locked').status === 'running', 'the agent is verified');
      const { pid } = viewOf('locked');
      for (let count = 0; count < 3; count += 1) await waitForChecks('locked');
      expect(viewOf('locked')).toMatchObject({
        ...{ pid, status: 'running', restarts: 0, healthScore: 60, lastFailure: null },
        circuit: { failureCount: 0 },
      });
      const result = await agents.monitor.check('locked');
      expect(result).toMatchObject({ statusCode: 401, error: 'answered 401', score: 60, healthy: false });
      expect(result.explanation).toMatch(/misconfigured.*healthHeaders/);
    });

    it('does not hide later failures', async () => {
      agents.server.refusals.set('locked', 500);
      await until(() => viewOf('locked').restarts > 0, 'the agent is restarted', 30_000);
      expect(viewOf('locked').lastFailure).toMatchObject({ cause: 'unhealthy-response' });
      agents.server.refusals.set('locked', 401);
      await until(() => viewOf('locked').status === 'running', 'the agent is verified', 30_000);
    });

    it('passes once the header is set, without a restart', async () => {
      const { pid } = viewOf('locked');
      await agents.app.get(AgentRegistry).update('locked', { healthHeaders: RIGHT_HEADER });
      await until(() => (viewOf('locked').healthScore ?? 0) > 60, 'the score rises');
      expect(viewOf('locked')).toMatchObject({
        ...{ pid, restartPending: false, healthHeaders: { Authorization: '***' } },
      });
      expect(await agents.monitor.check('locked')).toMatchObject({ healthy: true, statusCode: 200 });
    });
  });

  it('forgets an agent that is unregistered during a check', async () => {
    await start('leaves');
    agents.server.delays.set('leaves', 1_000);
    await until(() => agents.server.countOf('leaves') > 0, 'the agent is being checked');
    await agents.app.get(AgentRegistry).unregister('leaves');
    await waitForChecks('two');
    expect(agents.monitor.getReport().agents).not.toHaveProperty('leaves');
  });

  it('counts time-outs of an idle agent, but not those of an agent that is busy with progress', async () => {
    await start('busy', { policy: { healthTimeoutSeconds: 0.3, startupGraceSeconds: 0 } });
    await until(() => agents.monitor.score('busy') !== null, 'the agent was checked');
    const heartbeats = agents.app.get(Heartbeats);
    let progress = 0;
    await heartbeats.record('busy', { busy: true, progress });
    agents.server.delays.set('busy', 1_000);
    const before = agents.server.countOf('busy');
    await until(async () => {
      await heartbeats.record('busy', { busy: true, progress: (progress += 1) });
      return agents.server.countOf('busy') >= before + 6;
    }, 'six checks timed out');
    expect(agents.monitor.isFailing('busy')).toBe(false);
    expect(agents.monitor.score('busy')).toBeGreaterThan(80);
    expect(agents.monitor.getReport().agents.busy?.explanation).toContain('the heartbeats report busy with progress');
    expect(viewOf('busy')).toMatchObject({ status: 'running', restarts: 0 });
    await heartbeats.record('busy', { busy: false });
    await until(() => viewOf('busy').lastFailure?.cause === 'hung', 'the agent is diagnosed as hung');
    agents.server.delays.delete('busy');
  });

  it('does not restart a busy agent after its grace period, although a check timed out before its first heartbeat', async () => {
    agents.server.delays.set('late', 1_000);
    await start('late', { policy: { healthTimeoutSeconds: 0.3, startupGraceSeconds: 2 } });
    await until(() => agents.server.countOf('late') >= 2, 'a check timed out');
    let progress = 0;
    const busyUntil = Date.now() + 4_000;
    await until(async () => {
      await agents.app.get(Heartbeats).record('late', { busy: true, progress: (progress += 1) });
      return Date.now() > busyUntil;
    }, 'the grace period is over');
    expect(viewOf('late')).toMatchObject({ restarts: 0, lastFailure: null });
    agents.server.delays.delete('late');
    await until(() => viewOf('late').status === 'running', 'the agent is verified');
  });

  it('fails an agent that reports failing in all heartbeats, and quotes its message', async () => {
    const env = { API_KEY: 'sk-a-very-secret-value' };
    await start('says', { env, policy: { selfFailingSeconds: 0.5 } });
    await until(() => agents.monitor.score('says') !== null, 'the agent was checked');
    const failing = { status: 'failing', message: `polling\n\tstopped: sk-a-very-secret-value is held` } as const;
    await agents.app.get(Heartbeats).record('says', failing);
    expect(agents.monitor.isFailing('says')).toBe(false);
    await until(async () => {
      await agents.app.get(Heartbeats).record('says', failing);
      return viewOf('says').lastFailure !== null;
    }, 'the agent is failing');
    expect(viewOf('says').lastFailure).toMatchObject({
      cause: 'unhealthy-response',
      line: 'polling stopped: *** is held',
      action: 'restart',
    });
  });

  it('shows an external agent without a health URL as unknown until its first heartbeat', async () => {
    await agents.app.get(AgentRegistry).register({ agentId: 'outside', name: 'outside', entryPoint: null });
    await waitForChecks('two');
    expect(viewOf('outside')).toMatchObject({ status: 'unknown', healthScore: null });
    await agents.app.get(Heartbeats).record('outside', { status: 'ok' });
    await until(() => viewOf('outside').status === 'running', 'the agent is running');
  });

  it('replaces the loop when it is started a second time', async () => {
    await agents.start('pulse', { policy: { healthIntervalSeconds: 0.3 } });
    agents.monitor.startLoop(0.3);
    agents.monitor.startLoop(3_600);
    const before = agents.server.countOf('two');
    // Each wait is three intervals of the first loop: `pulse` has that interval of its own.
    await agents.waitForChecks('pulse');
    await agents.waitForChecks('pulse');
    // One pending and one planned check of the first loop may remain. Two loops would make more.
    expect(agents.server.countOf('two') - before).toBeLessThanOrEqual(2);
    agents.monitor.startLoop(0.3);
  });
});
